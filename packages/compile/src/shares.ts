import type { Graph } from './graph.ts'
import { readsOf } from './plan.ts'
import type { Region } from './regions.ts'
import { readsOwnSlices, sliceCount, slicesOf } from './slices.ts'
import { type NamedTask, storesOf } from './tasks.ts'
import { tensorBytes } from './value.ts'

/** Rows that are shared out together: whole vectors of what has one number a row, and whole turns of matrix products. */
export const ROWS_TOGETHER = 8

/** Fewer rows or tasks than that, or more bytes, which all stay in memory, are not worth it. */
const FEWEST_ROWS = 2 * ROWS_TOGETHER
const FEWEST_TASKS = 2
const MOST_BYTES = 1 << 20

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
  let at = 0
  while (at < tasks.length) {
    const known = depthFirst.find(({ from }) => from === at)
    const next = known?.to ?? depthFirst.find(({ from }) => from > at)?.from ?? tasks.length
    const found = known ? undefined : rowsFrom(tasks.slice(at, next), fixed, graph)
    const from = inOrder.length
    if (known) {
      inOrder.push(...tasks.slice(at, next))
      regions.push({ ...known, from, to: inOrder.length })
      at = next
    } else if (found) {
      inOrder.push(...found.together)
      regions.push({ from, to: inOrder.length, images: found.rows, chunk: ROWS_TOGETHER, depthFirst: false })
      // What came between is looked at again.
      const rest = [...found.between, ...tasks.slice(at + found.together.length + found.between.length)]
      return joined(inOrder, regions, sharedRows(rest, shifted(depthFirst, tasks.length - rest.length), fixed, graph))
    } else {
      inOrder.push(tasks[at++]!)
    }
  }
  return { tasks: inOrder, regions }
}

const shifted = (regions: readonly Region[], by: number): readonly Region[] =>
  regions.map((region) => ({ ...region, from: region.from - by, to: region.to - by })).filter(({ from }) => from >= 0)

function joined(
  tasks: readonly NamedTask[],
  regions: readonly Region[],
  rest: ReturnType<typeof sharedRows>,
): ReturnType<typeof sharedRows> {
  return { tasks: [...tasks, ...rest.tasks], regions: [...regions, ...shifted(rest.regions, -tasks.length)] }
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
