import { type Affine, rangeOf } from './affine.ts'
import { buffersIn, collapseLoop } from './collapse.ts'
import { type Product, productOf, readingOfA, readingOfB } from './product.ts'
import { type ContractTask, type LoopTask, type Store, storesOf, type Task, valuesOf } from './tasks.ts'
import type { Value } from './value.ts'

/** How tasks are cut into slices: image by image through outermost loops, or row by row, through the rows of matrix products too. */
export type Slicing = 'images' | 'rows'

/** The loop over images, and how far apart their parts of each result are. */
export interface Slices {
  readonly loop: number
  readonly strides: readonly number[]
}

/** Where a task goes image after image, how; else `undefined`. */
export function slicesOf(task: Task, images: number, slicing: Slicing): Slices | undefined {
  if (sliceCount(task, slicing) !== images || (task.kind === 'loop' && !beginsAtSlices(task, images, slicing)))
    return undefined
  const loop = (task.kind === 'contract' ? slicedLoop(task, slicing) : undefined) ?? 0
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

/** Whether images begin at turns of a loop as it runs: where the vectorised one is outermost, at whole vectors; of rows, several are taken together. */
function beginsAtSlices(task: LoopTask, images: number, slicing: Slicing): boolean {
  const { lengths, rank } = collapseLoop(task)
  const turns = lengths[0]! / images
  return Number.isInteger(turns) && (rank > 1 || turns % 4 === 0 || slicing === 'rows')
}

/** The loop of a contraction whose turns are slices. */
function slicedLoop(task: ContractTask, slicing: Slicing): number | undefined {
  const { cut, outer, m } = productOf(task)
  if (slicing === 'images') return cut === 'outer' ? outer[0] : undefined
  return cut === 'rows' && m.length === 1 ? m[0] : undefined
}

/** The buffers that a contraction's operands are copied from for all threads, before any of them multiplies. */
const copiedFrom = (product: Product): number[] => [
  ...(readingOfA(product).from === 'shared' ? buffersIn(product.a) : []),
  ...(readingOfB(product).from === 'shared' ? buffersIn(product.b) : []),
]

/** Whether a task reads, of what is written in the region, nothing but its own images' parts. */
export function readsOwnSlices(task: Task, loop: number, written: ReadonlyMap<number, number>): boolean {
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
      if (copiedFrom(productOf(task)).some((buffer) => written.has(buffer))) return false
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

/** How many slices a task may have. */
export function sliceCount(task: Task, slicing: Slicing): number | undefined {
  switch (task.kind) {
    case 'winogradImages':
      return slicing === 'images' ? task.out[0] : undefined
    case 'contract':
      return task.lengths[slicedLoop(task, slicing) ?? -1]
    case 'loop':
      return task.rank > 0 ? task.lengths[0] : undefined
    default:
      return undefined
  }
}
