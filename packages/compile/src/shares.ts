import type { Graph } from './graph.ts'
import { readsOf } from './plan.ts'
import type { Region } from './regions.ts'
import { readsOwnSlices, sliceCount, slicesOf } from './slices.ts'
import { type NamedTask, storesOf } from './tasks.ts'
import { tensorBytes } from './value.ts'

/** Rows that are shared out together: whole vectors of what has one number a row, and whole turns of matrix products. */
export const ROWS_TOGETHER = 4

/** Fewer rows or tasks than that, or more bytes, which all stay in memory, are not worth it. */
const FEWEST_ROWS = 16
const FEWEST_TASKS = 2
const MOST_BYTES = 1 << 20

/** Most tasks that wait for a region to end: so many are looked at in vain for each, however long a program is. */
const MOST_WAITING = 16

/**
 * The tasks with those that go row by row behind each other, and their regions: a batch goes through the layers of a small net, and
 * back, while each thread keeps to its rows. What else was between them, and none of them needs, comes after.
 */
export function sharedRows(
  tasks: readonly NamedTask[],
  depthFirst: readonly Region[],
  fixed: ReadonlySet<number>,
  graph: Graph,
): { readonly tasks: readonly NamedTask[]; readonly regions: readonly Region[] } {
  const inOrder: NamedTask[] = []
  const regions: Region[] = []
  const add = (some: readonly NamedTask[], region?: Omit<Region, 'from' | 'to'>) => {
    if (region) regions.push({ ...region, from: inOrder.length, to: inOrder.length + some.length })
    inOrder.push(...some)
  }
  let from = 0
  for (const known of [...depthFirst, undefined]) {
    let left = tasks.slice(from, known?.from)
    while (left.length > 0) {
      const found = rowsFrom(left, fixed, graph)
      const { together, between } = found ?? { together: left.slice(0, 1), between: [] }
      add(together, found && { images: found.rows, chunk: ROWS_TOGETHER, depthFirst: false })
      left = [...between, ...left.slice(together.length + between.length)]
    }
    if (known === undefined) break
    add(tasks.slice(known.from, known.to), known)
    from = known.to
  }
  return { tasks: inOrder, regions }
}

/** Tasks that go row by row, from the first one on, and those between them that can wait. */
function rowsFrom(tasks: readonly NamedTask[], fixed: ReadonlySet<number>, graph: Graph) {
  const rows = tasks[0] && sliceCount(tasks[0].task, 'rows')
  if (rows === undefined || rows < FEWEST_ROWS) return undefined
  const together: NamedTask[] = []
  const written = new Map<number, number>()
  const waiting: NamedTask[] = []
  let seen = 0
  let bytes = 0
  for (const named of tasks) {
    const { task } = named
    const stores = storesOf(task)
    const slices = slicesOf(task, rows, 'rows')
    const more = stores.reduce((all, { buffer }) => all + bytesOf(buffer), 0)
    const joins =
      slices !== undefined &&
      bytes + more <= MOST_BYTES &&
      stores.every(({ buffer }) => !fixed.has(buffer)) &&
      readsOwnSlices(task, slices.loop, written) &&
      !waiting.some((other) => dependent(other, named))
    if (!joins) {
      if (together.length === 0) return undefined
      waiting.push(named)
      if (waiting.length === MOST_WAITING) break
      continue
    }
    together.push(named)
    seen = together.length + waiting.length
    bytes += more
    stores.forEach(({ buffer }, store) => {
      written.set(buffer, slices.strides[store]!)
    })
  }
  if (together.length < FEWEST_TASKS) return undefined
  return { rows, together, between: waiting.slice(0, seen - together.length) }

  function bytesOf(buffer: number): number {
    const { shape, dtype } = graph.nodes[buffer]!
    return tensorBytes(shape, dtype)
  }
}

/** Whether the order of two tasks matters. */
function dependent({ task: one }: NamedTask, { task: other }: NamedTask): boolean {
  const [writesOfOne, writesOfOther] = [one, other].map((task) => storesOf(task).map(({ buffer }) => buffer))
  const [readsOfOne, readsOfOther] = [readsOf(one), readsOf(other)]
  return (
    writesOfOne!.some((buffer) => readsOfOther.has(buffer) || writesOfOther!.includes(buffer)) ||
    writesOfOther!.some((buffer) => readsOfOne.has(buffer))
  )
}
