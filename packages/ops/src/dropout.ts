import { mul, type Tensor, ValueError } from '@cotangent/core'
import { where } from './compare.ts'
import { asFloat } from './elementwise.ts'
import { bernoulli, checkKey } from './random.ts'

/**
 * Inverted dropout: each element is 0 with probability `rate`, else divided by 1 − rate, so that the mean stays and inference
 * needs no scaling (Srivastava et al., 2014). The same key drops the same elements.
 *
 * @throws ValueError for a rate outside [0, 1).
 * @example
 * dropout(ones([4]), randomKey(0), { rate: 0.5 }) // [0. 0. 2. 2.]
 */
export function dropout(x: Tensor, key: Tensor<'key'>, { rate }: { readonly rate: number }): Tensor {
  if (!(rate >= 0 && rate < 1))
    throw new ValueError(`dropout: the rate ${rate} is outside [0, 1); it is the share of elements set to 0`)
  checkKey('dropout', key)
  const value = asFloat('dropout', x)
  if (rate === 0) return value
  return where(bernoulli(key, x.shape, { p: 1 - rate }), mul(value, 1 / (1 - rate)), 0) as Tensor
}
