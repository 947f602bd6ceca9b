import type { DType } from '../dtype.ts'
import type { Shape } from '../shape.ts'
import { type Expression, Scalar } from './expression.ts'
import type { View } from './view.ts'

/** One label an axis; axes with the same label walk together. */
export type Labels = readonly number[]

/**
 * What a backend executes, as plain data: a handful of families. Backends know families, never operations.
 *
 * - `map`: a scalar expression over inputs that broadcast to the output.
 * - `reduce`: folds `axes` away; `argMax` and `argMin` (int32) give the first extreme along one axis.
 * - `contract`: sum of products of two tensors, by labelled axes; labels missing in `out` are summed over.
 * - `view`: copies what a view shows. `scatterView` is its transpose: adds each element to where the view saw it.
 * - `reshape`: the same elements under another shape.
 * - `gather`: whole slices along `axis` by int32 indices (inputs: x, indices), whose first `batch` axes are those of x.
 *   `scatterAdd` is its transpose (inputs: x, indices, updates).
 * - `concat`: inputs one after the other along `axis`.
 * - `scan`: running sums along `axis`.
 * - `random`: numbers from a key (see random/draw.ts for what each kind draws).
 */
export type Kernel =
  | { readonly family: 'map'; readonly expression: Expression; readonly arity: number }
  | { readonly family: 'reduce'; readonly op: ReduceOp; readonly axes: readonly number[] }
  | { readonly family: 'contract'; readonly a: Labels; readonly b: Labels; readonly out: Labels }
  | { readonly family: 'view'; readonly view: View }
  | { readonly family: 'scatterView'; readonly view: View }
  | { readonly family: 'reshape' }
  | { readonly family: 'gather'; readonly axis: number; readonly batch: number }
  | { readonly family: 'scatterAdd'; readonly axis: number; readonly batch: number }
  | { readonly family: 'concat'; readonly axis: number }
  | { readonly family: 'scan'; readonly axis: number; readonly reverse: boolean; readonly exclusive: boolean }
  | { readonly family: 'random'; readonly draw: Draw }

export type ReduceOp = 'sum' | 'max' | 'min' | 'argMax' | 'argMin'

/** What a `random` kernel draws from its key. */
export type Draw = 'bits' | 'uniform' | 'fold' | 'permutation'

export type MapKernel = Extract<Kernel, { family: 'map' }>

/** What is known of a tensor before its values: enough to check and plan. */
export interface TensorType {
  readonly shape: Shape
  readonly dtype: DType
}

/**
 * A `map` kernel: the function is called once, with a stand-in for each input, and what it computes is recorded as data.
 *
 * @example
 * map((a, b) => a.mul(b)).arity // 2
 */
export function map(f: (...inputs: Scalar[]) => Scalar): MapKernel {
  const inputs = Array.from({ length: f.length }, (_, index) => new Scalar({ op: 'input', index }))
  return { family: 'map', expression: f(...inputs).expression, arity: f.length }
}
