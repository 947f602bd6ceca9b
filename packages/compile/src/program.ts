import { type AnyTensor, adoptNumber, InternalError, treeMapAll } from '@cotangent/core'
import type { Carry } from './carried.ts'
import { emitProgram } from './emit/program.ts'
import { describePlan, type PlanDescription } from './explain/description.ts'
import { functionsIn } from './functions.ts'
import { planProgram } from './program-plan.ts'
import { rowsOf } from './rows.ts'
import { bytesIn, type Session, tensorOfBytes } from './session.ts'
import type { SimplifyOptions } from './simplify.ts'
import { Result, type Traced } from './trace.ts'
import { tensorBytes } from './value.ts'

/** A traced function as code in a session's memory. */
export interface Program {
  /** Copies an argument in; not for carried ones, which are there. */
  write(leaf: number, value: AnyTensor | number): void
  /** Runs the whole program once. */
  run(): void
  /** The traced value with a copy of each result in its place. */
  read(): unknown
  /**
   * Makes so many steps without a return to JavaScript, the tensors among `args` each with the values of all steps, along a first
   * axis; the traced value with the results of all steps in the same way. Each of `args` stands at the number of its argument.
   */
  many(args: ReadonlyMap<number, AnyTensor>, steps: number): unknown
  /** Ends its use: it must not be run any more. */
  release(): void
  /** What it runs, and what that takes. */
  describe(): PlanDescription
  /** Its code in WebAssembly's text format. */
  toWat(): string
}

/** Arguments that stay in memory between runs: where they lie, and which results replace them. */
export interface Carried {
  readonly addresses: ReadonlyMap<number, number>
  readonly carries: readonly Carry[]
}

const NOTHING: Carried = { addresses: new Map(), carries: [] }

/** Simplifies, fuses, plans and emits a traced function. */
export function makeProgram(
  traced: Traced,
  session: Session,
  carried: Carried = NOTHING,
  options: SimplifyOptions = {},
): Program {
  session.expect(traced.graph.nodes.flatMap(({ origin }) => (origin.from === 'constant' ? [origin.tensor] : [])))
  const plan = planProgram(traced.graph, carried.addresses.keys(), carried.carries, options)
  const { graph, placement, memory, working } = plan
  const addresses = new Map(carried.addresses)
  const constants = plan.constants.flatMap((place) => {
    const { origin } = graph.nodes[place]!
    return origin.from === 'constant' ? [{ place, tensor: origin.tensor }] : []
  })
  for (const { place, tensor } of constants) addresses.set(place, session.reserve(tensor))
  for (const [buffer, argument] of plan.inPlace) addresses.set(buffer, addresses.get(argument)!)
  const scratch = memory.end + working.shared + session.threads * working.own
  const base = session.scratch(scratch)
  for (const [place, address] of memory.addresses) addresses.set(place, base + address)
  const shared = base + memory.end

  const numbersOf = (leaf: number) => traced.numbers.filter((number) => number.leaf === leaf)
  const numbers = new Set(traced.numbers.map(({ argument }) => argument))
  const given = graph.nodes.flatMap(({ origin }, place) => {
    const copied = origin.from === 'argument' && !numbers.has(place) && !carried.addresses.has(place)
    return copied && addresses.has(place) ? [place] : []
  })
  // Carried state is no result that anyone reads.
  const wanted = [...new Set(resultsIn(traced.value))]
  const rows = rowsOf(
    given.map(placed),
    wanted.map((result) => placed(graph.results[result]!)),
  )
  const layout = {
    addresses,
    shared,
    own: shared + working.shared,
    ownBytes: working.own,
    rows,
    warmUp: { address: base, bytes: scratch },
  }
  // Only its bytes are kept; explanations make the code again.
  const emit = () => emitProgram('program', plan, layout, functionsIn, session)
  const { run, release } = session.start(emit())
  for (const { tensor } of constants) session.resident(tensor)

  return {
    write(leaf, value) {
      if (typeof value !== 'number') writeAt(leaf, value)
      else
        for (const { argument, dtype, operation } of numbersOf(leaf))
          writeAt(argument, adoptNumber(operation, value, dtype))
    },
    run: () => run(1, 0),
    read: () =>
      valueWith((result) => {
        const { address, shape, dtype } = placed(graph.results[result]!)
        return session.read(address, shape, dtype)
      }),
    many(args, steps) {
      const room = session.room(rows.bytes)
      const gathered = new Map(wanted.map((result, at) => [result, new Uint8Array(rows.results[at]!.bytes * steps)]))
      for (let begin = 0; begin < steps; begin += rows.capacity) {
        const end = Math.min(begin + rows.capacity, steps)
        rows.args.forEach(({ offset, bytes }, at) => {
          const values = bytesIn(args.get(given[at]!)!)
          session.writeBytes(values.subarray(begin * bytes, end * bytes), room + offset)
        })
        run(end - begin, room)
        rows.results.forEach(({ offset, bytes }, at) => {
          const made = session.readBytes(room + offset, (end - begin) * bytes)
          gathered.get(wanted[at]!)!.set(made, begin * bytes)
        })
      }
      return valueWith((result) => {
        const { shape, dtype } = placed(graph.results[result]!)
        return tensorOfBytes(gathered.get(result)!, [steps, ...shape], dtype)
      })
    },
    release,
    describe: () => {
      const carriedArguments = carried === NOTHING ? {} : { carried: [...carried.addresses.keys()] }
      return describePlan({ traced, plan, emitted: emit(), threads: session.threads, options, ...carriedArguments })
    },
    toWat: () => emit().module.toWat(),
  }

  function placed(place: number) {
    const { shape, dtype } = graph.nodes[place]!
    const address = addresses.get(placement.bufferOf(place)!)
    if (address === undefined) throw new InternalError('a result without memory')
    return { address, shape, dtype, bytes: tensorBytes(shape, dtype) }
  }

  function writeAt(place: number, value: AnyTensor): void {
    const address = addresses.get(place)
    // An argument that nothing needs has no place.
    if (address !== undefined) session.write(value, address)
  }

  function valueWith(tensorFor: (result: number) => AnyTensor): unknown {
    return treeMapAll((leaf) => (leaf instanceof Result ? tensorFor(leaf.index) : leaf), traced.value)
  }
}

function resultsIn(value: unknown): number[] {
  const results: number[] = []
  treeMapAll((leaf) => leaf instanceof Result && results.push(leaf.index), value)
  return results
}
