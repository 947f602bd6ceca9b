import type { DType, Tensor } from '@cotangent/core'
import { div, sub } from './arithmetic.ts'
import { asFloat } from './elementwise.ts'
import { exp, log } from './exponential.ts'
import { finitePeak, sum } from './reduce.ts'

export interface SoftmaxOptions {
  /** The axis, or axes, that sum to 1. Default −1, the last. */
  readonly axis?: number | readonly number[]
}

/**
 * eˣ divided by its sum over `axis`, without overflow: the largest element is subtracted first.
 *
 * @throws ShapeError for an axis that the tensor does not have, or one without elements.
 * @example
 * softmax(tensor([[1, 1], [1e4, 0]])) // [[0.5 0.5] [1.  0. ]]
 */
export function softmax<D extends DType>(x: Tensor<D>, { axis = -1 }: SoftmaxOptions = {}) {
  const value = asFloat('softmax', x)
  const power = exp(sub(value, finitePeak('softmax', value, { axis })))
  return div(power, sum(power, { axis, keepDims: true })) as typeof value
}

/**
 * The logarithm of {@link softmax}, without overflow or cancellation.
 *
 * @throws ShapeError for an axis that the tensor does not have, or one without elements.
 * @example
 * logSoftmax(tensor([1e4, 0])) // [     0. -10000.]
 */
export function logSoftmax<D extends DType>(x: Tensor<D>, { axis = -1 }: SoftmaxOptions = {}) {
  const value = asFloat('logSoftmax', x)
  const shifted = sub(value, finitePeak('logSoftmax', value, { axis }))
  return sub(shifted, log(sum(exp(shifted), { axis, keepDims: true }))) as typeof value
}
