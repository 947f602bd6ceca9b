import {
  type AxisOptions,
  add,
  cast,
  type DType,
  keptShape,
  mul,
  normalizeAxes,
  ones,
  reshape,
  type SumOf,
  stopGradient,
  sum,
  type Tensor,
} from '@cotangent/core'
import { div, sub } from './arithmetic.ts'
import { equal, where } from './compare.ts'
import { asFloat, checkNumbers } from './elementwise.ts'
import { exp, log } from './exponential.ts'
import { fold } from './extreme.ts'
import { transpose } from './movement.ts'
import { square } from './power.ts'
import { abs } from './sign.ts'
import { pad, slice } from './slice.ts'

export { sum }

/**
 * The mean over `axis`; integers give float32, an empty axis NaN.
 *
 * @throws ShapeError for an axis that the tensor does not have.
 * @example
 * mean(tensor([[1, 2], [3, 4]]), { axis: 0 }) // [2. 3.]
 */
export function mean<D extends DType>(x: Tensor<D>, options: AxisOptions = {}) {
  const value = asFloat('mean', x)
  const axis = normalizeAxes('mean', options.axis, x.rank)
  return div(sum(value, { ...options, axis }), countOver(x, axis)) as typeof value
}

/**
 * The variance over `axis`, the mean squared distance from the mean: over n elements divided by n − `correction` (0, the
 * biased variance, unless given; 1 for the unbiased one).
 *
 * @throws ShapeError for an axis that the tensor does not have.
 * @example
 * variance(tensor([1, 3])) // 1.0
 */
export function variance<D extends DType>(x: Tensor<D>, options: AxisOptions & { readonly correction?: number } = {}) {
  const value = asFloat('variance', x)
  const axis = normalizeAxes('variance', options.axis, x.rank)
  const distance = sub(value, mean(value, { axis, keepDims: true }))
  const total = sum(square(distance), { ...options, axis })
  return div(total, countOver(x, axis) - (options.correction ?? 0)) as typeof value
}

/**
 * The product over `axis`; also its gradient is exact where elements are 0. Products of uint8 and bool are int32.
 *
 * @throws ShapeError for an axis that the tensor does not have.
 * @example
 * prod(tensor([[1, 2], [3, 4]]), { axis: 1 }) // [ 2. 12.]
 */
export function prod<D extends DType>(x: Tensor<D>, { axis, keepDims = false }: AxisOptions = {}): Tensor<SumOf<D>> {
  checkNumbers('prod', x)
  const axes = normalizeAxes('prod', axis, x.rank)
  const kept = [...x.shape.keys()].filter((one) => !axes.includes(one))
  const lengths = kept.map((one) => x.shape[one]!)
  const counted: Tensor<DType> = x.dtype === 'uint8' || x.dtype === 'bool' ? cast(x, 'int32') : x
  // Halves multiplied until one element is left: the tape then has the gradient, zeros and all, to any order.
  let factors = reshape(transpose(counted, [...kept, ...axes]), [...lengths, countOver(x, axes)])
  let length = factors.shape[kept.length]!
  if (length === 0) factors = ones([...lengths, 1], { dtype: factors.dtype as 'float32' })
  while (length > 1) {
    const half = Math.ceil(length / 2)
    const cut = (value: number) => [...kept.map(() => null), value]
    const rest = slice(factors, { begin: cut(half) })
    const even = pad(rest, [...kept.map(() => [0, 0] as const), [0, 2 * half - length]], { value: 1 })
    factors = mul(slice(factors, { end: cut(half) }), even)
    length = half
  }
  const shape = keepDims ? keptShape(x.shape, axes) : lengths
  // SumOf states the cast above.
  return reshape(factors, shape) as unknown as Tensor<SumOf<D>>
}

/**
 * log Σ eˣ over `axis`, without overflow; −∞ where all elements are.
 *
 * @throws ShapeError for an axis that the tensor does not have, or one without elements.
 * @example
 * logSumExp(tensor([1e4, 1e4])) // 10000.693
 */
export function logSumExp<D extends DType>(x: Tensor<D>, options: AxisOptions = {}) {
  const value = asFloat('logSumExp', x)
  const largest = finitePeak('logSumExp', value, options)
  const total = log(sum(exp(sub(value, largest)), options))
  return add(total, options.keepDims ? largest : reshape(largest, total.shape)) as typeof value
}

/** The largest element over `axis`, as a constant, with the axes kept; 0 in place of an infinite one. */
export function finitePeak(operation: string, x: Tensor, options: AxisOptions): Tensor {
  const peak = stopGradient(fold('max', x, { ...options, keepDims: true }, 'split', operation))
  return where(equal(abs(peak), Number.POSITIVE_INFINITY), 0, peak) as Tensor
}

const countOver = (x: Tensor<DType>, axes: readonly number[]): number =>
  axes.reduce((count, axis) => count * x.shape[axis]!, 1)
