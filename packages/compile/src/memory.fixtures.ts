/** What becomes of every byte of a program's memory, followed through its tasks without any of the planner's own code. */
import { sizeOf } from '@cotangent/core'
import type { Affine } from './affine.ts'
import type { Carry } from './carried.ts'
import type { ProgramPlan } from './program-plan.ts'
import { pooledLengths, storesOf, type Task } from './tasks.ts'
import { bytesOf, type Guard, type Value } from './value.ts'

/** One element of the tensor of a node. */
interface Element {
  readonly buffer: number
  readonly at: number
}

/** What one turn of a phase does; the turns of a phase may run in any order, and at the same time. */
interface Turn {
  readonly reads: readonly Element[]
  readonly writes: readonly Element[]
}

/** The turns of a phase, and whether some of them add to the same element, one after the other. */
interface PhaseTurns {
  readonly turns: readonly Turn[]
  readonly adds: boolean
}

/**
 * Runs a plan on labels in place of numbers: each byte is labelled with the element that it is part of. Throws where a task reads
 * a byte that is not, or in another order of its turns might not be, part of what it means to read; where a result does not
 * last to the end of the run; or carried state, or a constant, is not what it has to be after it.
 */
export function checkMemory(plan: ProgramPlan, carried: readonly number[], carries: readonly Carry[]): void {
  const { graph, placement, tasks } = plan
  const { addresses, end, arena } = addressesOf(plan, carried)
  const labels: (string | undefined)[] = new Array(end)
  const bytesAt = ({ buffer, at }: Element): number[] => {
    const { shape, dtype } = graph.nodes[buffer]!
    const address = addresses.get(buffer)
    if (address === undefined) throw new Error(`node ${buffer} is in no memory`)
    if (at < 0 || at >= sizeOf(shape)) throw new Error(`node ${buffer} has no element ${at}`)
    const bytes = bytesOf(dtype)
    return Array.from({ length: bytes }, (_, byte) => address + at * bytes + byte)
  }
  const label = ({ buffer, at }: Element, byte: number) => `${buffer}:${at}.${byte}`
  const put = (element: Element, as = element): void =>
    bytesAt(element).forEach((address, byte) => {
      labels[address] = label(as, byte)
    })
  const expectLabel = (element: Element, as: Element, when: string): void =>
    bytesAt(element).forEach((address, byte) => {
      if (labels[address] === label(as, byte)) return
      throw new Error(`${when}: at byte ${address} lies ${labels[address]} in place of ${label(as, byte)}`)
    })
  const whole = (buffer: number): Element[] =>
    Array.from({ length: sizeOf(graph.nodes[buffer]!.shape) }, (_, at) => ({ buffer, at }))

  for (const buffer of addresses.keys()) {
    if (graph.nodes[buffer]!.origin.from !== 'kernel') for (const element of whole(buffer)) put(element)
  }
  tasks.forEach(({ task, name }, at) => {
    const when = `task ${at} (${name})`
    for (const { turns, adds } of phasesOf(task)) {
      const writers = new Map<number, number>()
      turns.forEach(({ writes }, turn) => {
        for (const element of writes) {
          for (const address of bytesAt(element)) {
            const other = writers.get(address)
            if (other !== undefined && other !== turn && !adds)
              throw new Error(`${when}: two turns write byte ${address}`)
            writers.set(address, turn)
          }
        }
      })
      turns.forEach(({ reads, writes }, turn) => {
        for (const element of reads) {
          const added = adds && writes.some(({ buffer, at }) => buffer === element.buffer && at === element.at)
          expectLabel(element, element, when)
          for (const address of bytesAt(element)) {
            const writer = writers.get(address)
            if (writer !== undefined && writer !== turn && !added) {
              throw new Error(`${when}: turn ${writer} writes byte ${address}, which turn ${turn} reads`)
            }
          }
        }
      })
      // A copy into carried state hands on what it reads.
      const moves = graph.nodes[task.store.buffer]!.origin.from === 'argument'
      for (const { reads, writes } of turns) for (const element of writes) put(element, moves ? reads[0] : element)
    }
  })

  const carriedResults = new Set(carries.map(({ result }) => result))
  graph.results.forEach((place, result) => {
    if (carriedResults.has(result)) return
    const buffer = placement.bufferOf(place)
    if (buffer === undefined) throw new Error(`result ${result} is in no memory`)
    for (const element of whole(buffer)) expectLabel(element, element, `result ${result}`)
  })
  const replaced = new Map(
    carries.map(({ result, argument }) => [argument, placement.bufferOf(graph.results[result]!)!]),
  )
  for (const argument of carried) {
    const now = replaced.get(argument) ?? argument
    for (const { buffer, at } of whole(argument))
      expectLabel({ buffer, at }, { buffer: now, at }, `carried ${argument}`)
  }
  for (const constant of plan.constants) {
    for (const element of whole(constant)) expectLabel(element, element, `constant ${constant}`)
  }
  for (const [buffer, address] of plan.memory.addresses) {
    const { shape, dtype } = graph.nodes[buffer]!
    if (address < 0 || address + sizeOf(shape) * bytesOf(dtype) > plan.memory.end) {
      throw new Error(
        `node ${buffer} reaches beyond the ${plan.memory.end} bytes planned, from byte ${address - arena}`,
      )
    }
  }
}

/**
 * Throws where two different values that the tasks of one region read or write share a byte: threads are at different tasks of a
 * region at the same time.
 */
export function checkRegions(plan: ProgramPlan, carried: readonly number[]): void {
  const { addresses } = addressesOf(plan, carried)
  for (const { from, to } of plan.regions) {
    const touched = new Set<number>()
    for (const { task } of plan.tasks.slice(from, to)) {
      for (const { buffer } of storesOf(task)) touched.add(buffer)
      for (const buffer of buffersRead(task)) touched.add(buffer)
    }
    const ranges = [...touched].map((buffer) => {
      const { shape, dtype } = plan.graph.nodes[buffer]!
      const address = addresses.get(buffer)!
      return { buffer, begin: address, end: address + sizeOf(shape) * bytesOf(dtype) }
    })
    ranges.sort((a, b) => a.begin - b.begin)
    ranges.slice(1).forEach(({ buffer, begin }, at) => {
      const before = ranges[at]!
      if (begin < before.end)
        throw new Error(`tasks ${from} to ${to}: nodes ${before.buffer} and ${buffer} share bytes`)
    })
  }
}

/** The buffers named anywhere in a task as something that is loaded. */
function buffersRead(part: unknown): number[] {
  if (typeof part !== 'object' || part === null) return []
  const own = 'op' in part && part.op === 'load' && 'buffer' in part ? [part.buffer as number] : []
  return [...own, ...Object.values(part).flatMap(buffersRead)]
}

/** Where everything lies when carried state and constants come first, each in memory of its own. */
function addressesOf({ graph, memory, inPlace, constants }: ProgramPlan, carried: readonly number[]) {
  const addresses = new Map<number, number>()
  let end = 0
  for (const buffer of new Set([...carried, ...constants])) {
    const { shape, dtype } = graph.nodes[buffer]!
    addresses.set(buffer, end)
    end += sizeOf(shape) * bytesOf(dtype)
  }
  for (const [buffer, argument] of inPlace) addresses.set(buffer, addresses.get(argument)!)
  for (const [buffer, address] of memory.addresses) addresses.set(buffer, end + address)
  return { addresses, arena: end, end: end + memory.end }
}

function phasesOf(task: Task): PhaseTurns[] {
  const { store } = task
  const stored = (place: Affine, turn: readonly number[]): Element => ({
    buffer: store.buffer,
    at: valueAt(place, turn),
  })
  switch (task.kind) {
    case 'loop': {
      const { lengths, rank, value, also = [] } = task
      const inner = turnsOf(lengths.slice(rank))
      const turns = turnsOf(lengths.slice(0, rank)).map((turn) => {
        const first = [...turn, ...lengths.slice(rank).fill(0)]
        return {
          writes: storesOf(task).map(({ buffer, index }) => ({ buffer, at: valueAt(index, first) })),
          reads: [value, ...also.map((output) => output.value)].flatMap((one) =>
            inner.flatMap((folded) => readsOf(one, [...turn, ...folded])),
          ),
        }
      })
      return [{ turns, adds: false }]
    }
    case 'contract': {
      const { lengths, counts, a, b, finish } = task
      const outer = lengths.length - counts.summed
      const inner = turnsOf(lengths.slice(outer))
      const turns = turnsOf(lengths.slice(0, outer)).map((turn) => {
        const first = [...turn, ...lengths.slice(outer).fill(0)]
        const made = stored(store.index, first)
        const summed = inner.flatMap((at) => [...readsOf(a, [...turn, ...at]), ...readsOf(b, [...turn, ...at])])
        return { writes: [made], reads: [...summed, ...readsToFinish(finish, first, made)] }
      })
      return [{ turns, adds: false }]
    }
    case 'winogradImages': {
      const { images, out, value, filters, finish } = task
      // Each tile of the output is made of many elements: none of what is read may lie where anything is written.
      const all = [
        ...turnsOf(images).flatMap((turn) => readsOf(value, turn)),
        ...turnsOf([out[3]!, images[3]!, 3, 3]).flatMap((turn) => readsOf(filters, turn)),
      ]
      const turns = turnsOf(out).map((turn) => {
        const made = stored(store.index, turn)
        return { writes: [made], reads: readsToFinish(finish, turn, made) }
      })
      return [{ turns: [{ writes: [], reads: all }, ...turns], adds: false }]
    }
    case 'winogradFilters': {
      const { images, cotangents, value, cotangent } = task
      const all = [
        ...turnsOf(images).flatMap((turn) => readsOf(value, turn)),
        ...turnsOf(cotangents).flatMap((turn) => readsOf(cotangent, turn)),
      ]
      const turns = turnsOf([cotangents[3]!, images[3]!, 3, 3]).map((turn) => ({
        writes: [stored(store.index, turn)],
        reads: [],
      }))
      return [{ turns: [{ writes: [], reads: all }, ...turns], adds: false }]
    }
    case 'pooledFilters': {
      const { windows, filters, images } = task
      const all = [
        ...turnsOf(windows).flatMap((turn) => readsOf(task.value, turn)),
        ...turnsOf(images).flatMap((turn) => readsOf(task.image, turn)),
        ...turnsOf(pooledLengths(task)).flatMap((turn) => [
          ...readsOf(task.number, turn),
          ...readsOf(task.cotangent, turn),
        ]),
      ]
      const turns = turnsOf([filters, ...windows.slice(3)]).map((turn) => ({
        writes: [stored(store.index, turn)],
        reads: [],
      }))
      return [{ turns: [{ writes: [], reads: all }, ...turns], adds: false }]
    }
    case 'scatter': {
      const { size, start, lengths, guards, indirect, value } = task
      const begin = turnsOf([size]).map(([at]) => ({
        writes: [{ buffer: store.buffer, at: at! }],
        reads: start === undefined ? [] : [{ buffer: start, at: at! }],
      }))
      const additions = turnsOf(lengths).flatMap((turn) => {
        if (!inside(guards, turn)) return []
        const first = valueAt(store.index, turn)
        const count = indirect?.below ?? 1
        const writes = Array.from({ length: count }, (_, step) => ({
          buffer: store.buffer,
          at: first + step * (indirect?.stride ?? 0),
        }))
        const looked = indirect ? readsOf(indirect.value, turn) : []
        return [{ writes, reads: [...readsOf(value, turn), ...looked, ...writes] }]
      })
      return [
        { turns: begin, adds: false },
        { turns: additions, adds: true },
      ]
    }
    case 'scan': {
      const [outer, along, inner] = task.lengths
      const steps = turnsOf([along])
      const turns = turnsOf([outer, inner]).map(([row, column]) => ({
        writes: steps.map(([step]) => stored(store.index, [row!, step!, column!])),
        reads: steps.flatMap(([step]) => readsOf(task.value, [row!, step!, column!])),
      }))
      return [{ turns, adds: false }]
    }
    case 'random': {
      // A permutation exchanges places in its own memory, all in one turn.
      const all = turnsOf([task.size])
      const turns = all.map(([at]) => ({
        writes: [{ buffer: store.buffer, at: at! }],
        reads: [...readsOf(task.key, [0]), ...(task.data ? readsOf(task.data, [at!]) : [])],
      }))
      return [{ turns, adds: false }]
    }
  }
}

/** What finishing a sum reads besides the sum itself, which stands where it is written. */
function readsToFinish(finish: Value | undefined, turn: readonly number[], made: Element): Element[] {
  if (finish === undefined) return []
  return readsOf(finish, turn).filter((element) => {
    if (element.buffer !== made.buffer) return true
    if (element.at === made.at) return false
    throw new Error(`element ${made.at} of node ${made.buffer} is finished from element ${element.at}`)
  })
}

/** The elements that a value is computed from in one turn; where a place is looked up, all that it can be. */
function readsOf(value: Value, turn: readonly number[]): Element[] {
  switch (value.op) {
    case 'constant':
      return []
    case 'apply':
      return value.operands.flatMap((operand) => readsOf(operand, turn))
    case 'guard':
      return inside(value.guards, turn) ? readsOf(value.value, turn) : []
    case 'load': {
      const { buffer, index, indirect } = value
      const first = valueAt(index, turn)
      if (indirect === undefined) return [{ buffer, at: first }]
      const places = Array.from({ length: indirect.below }, (_, step) => ({
        buffer,
        at: first + step * indirect.stride,
      }))
      return [...places, ...readsOf(indirect.value, turn)]
    }
  }
}

const inside = (guards: readonly Guard[], turn: readonly number[]): boolean =>
  guards.every(({ place, below }) => {
    const at = valueAt(place, turn)
    return at >= 0 && at < below
  })

const valueAt = ({ base, by }: Affine, turn: readonly number[]): number =>
  turn.reduce((sum, index, axis) => sum + index * by[axis]!, base)

/** The counters of every turn of a loop nest. */
export function turnsOf(lengths: readonly number[]): number[][] {
  let turns: number[][] = [[]]
  for (const length of lengths) turns = turns.flatMap((turn) => Array.from({ length }, (_, at) => [...turn, at]))
  return turns
}
