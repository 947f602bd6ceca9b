import { readsOf } from './plan.ts'
import type { ProgramPlan } from './program-plan.ts'
import { storesOf } from './tasks.ts'
import { tensorBytes } from './value.ts'

/** Bytes of memory from one address up to another. */
type Range = readonly [begin: number, end: number]

/** What a piece of work reads and writes. */
export interface Touched {
  readonly reads: readonly Range[]
  readonly writes: readonly Range[]
}

/** Where things lie in a program's memory. */
interface Layout {
  readonly addresses: ReadonlyMap<number, number>
  readonly shared: number
}

/** What a task reads and writes, its part of the shared working memory included. */
export function touchedBy({ graph, tasks, working }: ProgramPlan, at: number, layout: Layout): Touched {
  const { task } = tasks[at]!
  const rangeOf = (buffer: number): Range[] => {
    const address = layout.addresses.get(buffer)
    const { shape, dtype } = graph.nodes[buffer]!
    return address === undefined ? [] : [[address, address + tensorBytes(shape, dtype)]]
  }
  const place = layout.shared + working.places[at]!
  const scratch: Range[] = working.sizes[at] === 0 ? [] : [[place, place + working.sizes[at]!]]
  return {
    reads: [...readsOf(task)].flatMap(rangeOf),
    writes: [...storesOf(task).flatMap(({ buffer }) => rangeOf(buffer)), ...scratch],
  }
}

export const together = (all: readonly Touched[]): Touched => ({
  reads: all.flatMap(({ reads }) => reads),
  writes: all.flatMap(({ writes }) => writes),
})

/** Whether the second must wait for the first: one of them writes what the other touches. */
export const conflicts = (first: Touched, second: Touched): boolean =>
  overlap(first.writes, second.reads) || overlap(first.writes, second.writes) || overlap(first.reads, second.writes)

const overlap = (some: readonly Range[], others: readonly Range[]): boolean =>
  some.some(([begin, end]) => others.some(([from, to]) => begin < to && from < end))
