import { type AnyTensor, InternalError, tensor, treeMapAll } from '@cotangent/core'
import { type Carry, placeCarried, separateCarried } from './carried.ts'
import { emitProgram, workingMemory } from './emit/program.ts'
import { functionsIn } from './functions.ts'
import { tasksOf } from './lower.ts'
import { placementOf } from './placement.ts'
import { planMemory } from './plan.ts'
import type { Session } from './session.ts'
import { simplify } from './simplify.ts'
import { Result, type Traced } from './trace.ts'

/** A traced function as code in a session's memory. */
export interface Program {
  /** Copies an argument in; not for carried ones, which are there. */
  write(argument: number, value: AnyTensor | number): void
  /** Runs the whole program once. */
  run(): void
  /** The traced value with a copy of each result in its place. */
  read(): unknown
}

/** Arguments that stay in memory between runs: where they lie, and which results replace them. */
export interface Carried {
  readonly addresses: ReadonlyMap<number, number>
  readonly carries: readonly Carry[]
}

const NOTHING: Carried = { addresses: new Map(), carries: [] }

/** Simplifies, fuses, plans and emits a traced function. */
export function makeProgram(traced: Traced, session: Session, carried: Carried = NOTHING): Program {
  const graph = separateCarried(simplify(traced.graph), carried.carries)
  const placement = placementOf(graph)
  const computed = tasksOf(graph, placement)
  const { inPlace, copies } = placeCarried(graph, placement, computed, carried.carries)
  const tasks = [...computed, ...copies]

  const addresses = new Map(carried.addresses)
  graph.nodes.forEach(({ origin }, place) => {
    if (origin.from === 'constant' && placement.bufferOf(place) === place)
      addresses.set(place, session.resident(origin.tensor))
  })
  for (const [buffer, argument] of inPlace) addresses.set(buffer, addresses.get(argument)!)
  const plan = planMemory(graph, placement, tasks, new Set(addresses.keys()))
  const working = workingMemory(tasks)
  const base = session.allocate(plan.end + working.shared + session.threads * working.own)
  for (const [place, address] of plan.addresses) addresses.set(place, base + address)
  const shared = base + plan.end
  const layout = { addresses, shared, own: shared + working.shared, ownBytes: working.own }
  const { module, meetings } = emitProgram('program', tasks, layout, functionsIn, session)
  const run = session.start(module, meetings)

  return {
    write(argument, value) {
      const address = addresses.get(argument)
      // An argument that nothing needs has no place.
      if (address !== undefined) session.write(typeof value === 'number' ? tensor(value) : value, address)
    },
    run,
    read: () => treeMapAll((leaf) => (leaf instanceof Result ? read(leaf.index) : leaf), traced.value),
  }

  function read(index: number): AnyTensor {
    const place = graph.results[index]!
    const address = addresses.get(placement.bufferOf(place)!)
    if (address === undefined) throw new InternalError('a result without memory')
    const { shape, dtype } = graph.nodes[place]!
    return session.read(address, shape, dtype)
  }
}
