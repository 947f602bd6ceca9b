import type { DType, Kernel, Shape } from '@cotangent/core'
import type { Affine } from './affine.ts'
import type { Guard, Indirect, Value } from './value.ts'

/** Where a task writes: the memory of a node, at a place for each turn of the loops. */
export interface Store {
  readonly buffer: number
  readonly dtype: DType
  readonly index: Affine
}

type Fold = Extract<Kernel, { family: 'reduce' }>['op']

/** A loop nest that computes each element of its output on its own, folding over further loops where it reduces. */
export interface LoopTask {
  readonly kind: 'loop'
  readonly store: Store
  /** The loops over the output, then those folded over. */
  readonly lengths: Shape
  /** How many of the loops are over the output. */
  readonly rank: number
  readonly fold?: Fold
  readonly value: Value
  /** Where a search for a place puts what it found there, too. */
  readonly best?: Store
  /** More that an elementwise loop computes and stores on the way. */
  readonly also?: readonly Output[]
}

/** Something computed, and where it goes. */
interface Output {
  readonly store: Store
  readonly value: Value
}

/** Sums of products: loops in the order batch, rows (of a and the output), columns (of b and the output), summed. */
export interface ContractTask {
  readonly kind: 'contract'
  readonly store: Store
  readonly lengths: Shape
  /** How many loops are of each kind. */
  readonly counts: { readonly batch: number; readonly rows: number; readonly columns: number; readonly summed: number }
  readonly a: Value
  readonly b: Value
  /** What each sum becomes, in terms of itself where it is stored, over the same loops. */
  readonly finish?: Value
}

/** Images under 3×3 windows times filters, by Winograd's method: see {@link WinogradImages}. Loops in the order n, h, w, c. */
export interface WinogradImagesTask {
  readonly kind: 'winogradImages'
  /** Over n, h, w and the channels of the output. */
  readonly store: Store
  /** Of the images, n, h, w, c. */
  readonly images: Shape
  /** Of the output. */
  readonly out: Shape
  readonly start: readonly [number, number]
  /** An element of the images, over their n, h, w, c. */
  readonly value: Value
  /** An element of the filters, over out channel, channel, row, column. */
  readonly filters: Load
  /** What each sum becomes, over the loops of the output, where it stands as a load from {@link Store.buffer}. */
  readonly finish?: Value
}

/** The gradient of such products by the filters. */
export interface WinogradFiltersTask {
  readonly kind: 'winogradFilters'
  /** Over filter, channel, row, column. */
  readonly store: Store
  readonly images: Shape
  readonly cotangents: Shape
  readonly start: readonly [number, number]
  /** An element of the images, and one of the cotangents, each over its n, h, w, c. */
  readonly value: Value
  readonly cotangent: Value
}

/** The gradient by the filters of a convolution whose output is max-pooled: see {@link PooledFilters}. */
export interface PooledFiltersTask {
  readonly kind: 'pooledFilters'
  /** Over filter, channel, row, column. */
  readonly store: Store
  /** Of the convolution's windows, n, row, column, channel, row in the window, column in it; and an element of them. */
  readonly windows: Shape
  readonly value: Value
  /** Of the images that they look at, the n-th and its other axes; and an element of these. */
  readonly images: Shape
  readonly image: Value
  readonly filters: number
  /** Rows and columns of a pooling window. */
  readonly pool: readonly [number, number]
  /** The number of the maximum in a pooling window, and its cotangent, over n, filter, row, column. */
  readonly number: Load
  readonly cotangent: Load
}

type Load = Extract<Value, { op: 'load' }>

/** Adds each value to a place of the output, which starts from zeros or from a copy of `start`. */
export interface ScatterTask {
  readonly kind: 'scatter'
  readonly store: Store
  readonly size: number
  readonly start?: number
  readonly lengths: Shape
  readonly guards: readonly Guard[]
  readonly indirect?: Indirect
  readonly value: Value
}

/** Running sums along one axis: loops outer, along, inner. */
export interface ScanTask {
  readonly kind: 'scan'
  readonly store: Store
  readonly lengths: readonly [number, number, number]
  readonly value: Value
  readonly reverse: boolean
  readonly exclusive: boolean
}

/** Numbers drawn from a key. */
export interface RandomTask {
  readonly kind: 'random'
  readonly store: Store
  readonly size: number
  readonly draw: Extract<Kernel, { family: 'random' }>['draw']
  readonly key: Value
  readonly data?: Value
}

export type Task =
  | LoopTask
  | ContractTask
  | WinogradImagesTask
  | WinogradFiltersTask
  | PooledFiltersTask
  | ScatterTask
  | ScanTask
  | RandomTask

/** A task with the operation it comes from, for explanations. */
export interface NamedTask {
  readonly task: Task
  readonly place: number
  readonly name: string
  readonly scope: string
}

/** Everywhere that a task writes. */
export function storesOf(task: Task): readonly Store[] {
  if (task.kind !== 'loop') return [task.store]
  return [task.store, ...(task.best ? [task.best] : []), ...(task.also ?? []).map(({ store }) => store)]
}

/** Of the pooled images of such a gradient: n, filter, row, column. */
export const pooledLengths = ({ windows, filters, pool }: PooledFiltersTask): Shape => [
  windows[0]!,
  filters,
  windows[1]! / pool[0],
  windows[2]! / pool[1],
]

/** Everything that a loop computes. */
export const valuesOf = ({ value, also = [] }: LoopTask): readonly Value[] => [
  value,
  ...also.map((output) => output.value),
]
