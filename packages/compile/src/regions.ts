import { sizeOf } from '@cotangent/core'
import { type Affine, rangeOf } from './affine.ts'
import { buffersIn, collapseLoop } from './collapse.ts'
import { blockOfTask } from './emit/winograd-images.ts'
import { productOf, readingOfB } from './product.ts'
import { type NamedTask, type Store, storesOf, type Task, valuesOf } from './tasks.ts'
import { bytesOf, type Value } from './value.ts'

/**
 * Neighbouring tasks that run depth-first, some images at a time: what one of them writes of these images, the next one reads
 * while it is in the second cache, and threads need not meet in between.
 */
export interface Region {
  /** The first task, and the one behind the last. */
  readonly from: number
  readonly to: number
  readonly images: number
  /** Images taken together. */
  readonly chunk: number
}

/** Fewer images than this are not worth it. */
const FEWEST_IMAGES = 8

/** Less than this between the tasks of a region, in bytes, stays in the second cache anyway. */
const LEAST_BETWEEN = 1 << 19

/** The regions of a program, in order; `fixed` are buffers that must be written task by task. */
export function regionsOf(tasks: readonly NamedTask[], fixed: ReadonlySet<number>): Region[] {
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
  const images = imagesOf(tasks[from]!.task)
  if (images === undefined || images < FEWEST_IMAGES) return undefined
  const written = new Map<number, number>()
  let [to, chunk, between] = [from, 1, 0]
  for (; to < tasks.length; to++) {
    const { task } = tasks[to]!
    const stores = storesOf(task)
    const slices = slicesOf(task, images)
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
  return to > from + 1 && between >= LEAST_BETWEEN ? { from, to, images, chunk } : undefined
}

const bytesBetween = (task: Task): number => {
  const lengths = task.kind === 'loop' ? task.lengths.slice(0, task.rank) : outputOf(task)
  return sizeOf(lengths) * bytesOf(task.store.dtype)
}

const outputOf = (task: Task): readonly number[] => {
  if (task.kind === 'winogradImages') return task.out
  return task.kind === 'contract' ? task.lengths.slice(0, task.lengths.length - task.counts.summed) : []
}

/** How many images a task's outermost loop may be over. */
const imagesOf = (task: Task): number | undefined => {
  if (task.kind === 'winogradImages') return task.out[0]
  if (task.kind === 'contract') return task.lengths[productOf(task).outer[0] ?? -1]
  return task.kind === 'loop' && task.rank > 0 ? task.lengths[0] : undefined
}

const blockIn = (task: Task): number => (task.kind === 'winogradImages' ? blockOfTask(task) : 1)

/** The loop over images, and how far apart their parts of each result are; `undefined` where turns are not image after image. */
function slicesOf(task: Task, images: number): { loop: number; strides: readonly number[] } | undefined {
  const loop = imageLoop(task, images)
  if (loop === undefined) return undefined
  const lengths =
    task.kind === 'winogradImages' ? task.out : task.kind === 'loop' || task.kind === 'contract' ? task.lengths : []
  const strides = storesOf(task).map(({ index }: Store) => strideOf(index, loop, lengths))
  return strides.every((stride) => stride !== undefined) ? { loop, strides } : undefined
}

/** How far apart images are, if everything of one lies before anything of the next. */
function strideOf({ base, by }: Affine, loop: number, lengths: readonly number[]): number | undefined {
  const stride = by[loop]!
  const [low, high] = rangeOf({ base, by: by.map((step, axis) => (axis === loop ? 0 : step)) }, lengths)
  return stride > 0 && low >= 0 && high < stride ? stride : undefined
}

function imageLoop(task: Task, images: number): number | undefined {
  switch (task.kind) {
    case 'winogradImages':
      return task.out[0] === images ? 0 : undefined
    case 'contract': {
      const product = productOf(task)
      const loop = product.outer[0]
      return product.cut === 'outer' && loop !== undefined && task.lengths[loop] === images ? loop : undefined
    }
    case 'loop': {
      if (task.rank === 0 || task.lengths[0] !== images) return undefined
      const { lengths, rank } = collapseLoop(task)
      const turns = lengths[0]! / images
      // Where the outermost loop is the one that is vectorised, images begin at whole vectors.
      return Number.isInteger(turns) && (rank > 1 || turns % 4 === 0) ? 0 : undefined
    }
    default:
      return undefined
  }
}

/** Whether a task reads, of what is written in the region, nothing but its own images' parts. */
function readsOwnSlices(task: Task, loop: number, written: ReadonlyMap<number, number>): boolean {
  const own = (value: Value, lengths: readonly number[], at: number): boolean => {
    switch (value.op) {
      case 'constant':
        return true
      case 'load': {
        if (value.indirect && !own(value.indirect.value, lengths, at)) return false
        const stride = written.get(value.buffer)
        if (stride === undefined) return true
        return value.indirect === undefined && strideOf(value.index, at, lengths) === stride
      }
      case 'guard':
        return own(value.value, lengths, at)
      case 'apply':
        return value.operands.every((operand) => own(operand, lengths, at))
    }
  }
  switch (task.kind) {
    case 'loop':
      return valuesOf(task).every((value) => own(value, task.lengths, loop))
    case 'contract': {
      const { a, b, finish, lengths } = task
      // What is copied for all threads is copied before the region begins.
      const product = productOf(task)
      const copied = readingOfB(product).from === 'shared' ? buffersIn(product.b) : []
      if (copied.some((buffer) => written.has(buffer))) return false
      return [a, b, ...(finish ? [finish] : [])].every((value) => own(value, lengths, loop))
    }
    case 'winogradImages': {
      if (written.has(task.filters.buffer) || !own(task.value, task.images, 0)) return false
      return task.finish === undefined || own(task.finish, task.out, 0)
    }
    default:
      return false
  }
}
