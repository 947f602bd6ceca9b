import { sizeOf } from '@cotangent/core'
import { blockOfTask } from './emit/winograd-images.ts'
import { readsOwnSlices, sliceCount, slicesOf } from './slices.ts'
import { type NamedTask, storesOf, type Task } from './tasks.ts'
import { bytesOf } from './value.ts'

/**
 * Neighbouring tasks that go image by image, each reading of what the others write its own images' part: threads, which each have
 * some of the images, need not meet in between.
 */
export interface Region {
  /** The first task, and the one behind the last. */
  readonly from: number
  readonly to: number
  readonly images: number
  /** Images taken together. */
  readonly chunk: number
  /**
   * Whether a thread takes one chunk of its images after the other through all tasks: what one task writes of these, the next one
   * reads while it is in the second cache. Else it takes all of its images through one task after the other.
   */
  readonly depthFirst: boolean
}

/** Fewer images than this are not worth it. */
const FEWEST_IMAGES = 8

/** Less than this between the tasks of a region, in bytes, stays in the second cache anyway. */
const LEAST_BETWEEN = 1 << 19

/** The regions of a program that run depth-first, in order; `fixed` are buffers that must be written task by task. */
export function depthFirstRegions(tasks: readonly NamedTask[], fixed: ReadonlySet<number>): Region[] {
  const regions: Region[] = []
  let from = 0
  while (from < tasks.length) {
    const region = regionFrom(tasks, from, fixed)
    if (region !== undefined) regions.push(region)
    from = region?.to ?? from + 1
  }
  return regions
}

function regionFrom(tasks: readonly NamedTask[], from: number, fixed: ReadonlySet<number>): Region | undefined {
  const images = sliceCount(tasks[from]!.task, 'images')
  if (images === undefined || images < FEWEST_IMAGES) return undefined
  const written = new Map<number, number>()
  let [to, chunk, between] = [from, 1, 0]
  for (; to < tasks.length; to++) {
    const { task } = tasks[to]!
    const stores = storesOf(task)
    const slices = slicesOf(task, images, 'images')
    if (slices === undefined || stores.some(({ buffer }) => fixed.has(buffer))) break
    if (!readsOwnSlices(task, slices.loop, written)) break
    const block = blockIn(task)
    if (Math.max(block, chunk) % Math.min(block, chunk) !== 0) break
    chunk = Math.max(chunk, block)
    if (to > from) between += bytesBetween(tasks[to - 1]!.task)
    stores.forEach(({ buffer }, at) => {
      written.set(buffer, slices.strides[at]!)
    })
  }
  return to > from + 1 && between >= LEAST_BETWEEN ? { from, to, images, chunk, depthFirst: true } : undefined
}

const bytesBetween = (task: Task): number => {
  const lengths = task.kind === 'loop' ? task.lengths.slice(0, task.rank) : outputOf(task)
  return sizeOf(lengths) * bytesOf(task.store.dtype)
}

const outputOf = (task: Task): readonly number[] => {
  if (task.kind === 'winogradImages') return task.out
  return task.kind === 'contract' ? task.lengths.slice(0, task.lengths.length - task.counts.summed) : []
}

const blockIn = (task: Task): number => (task.kind === 'winogradImages' ? blockOfTask(task) : 1)
