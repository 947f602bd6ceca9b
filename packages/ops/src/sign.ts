import { map, mul } from '@cotangent/core'
import { numericFunction } from './elementwise.ts'

/**
 * Elementwise −x.
 *
 * @example
 * neg(tensor([1, -2])) // [-1.  2.]
 */
export const neg = numericFunction({ name: 'neg', kernel: map((x) => x.neg()), vjp: [(g) => neg(g)] })

/**
 * Elementwise |x|; the derivative at 0 is 0.
 *
 * @example
 * abs(tensor([1, -2])) // [1. 2.]
 */
export const abs = numericFunction({ name: 'abs', kernel: map((x) => x.abs()), vjp: [(g, [x]) => mul(g, sign(x))] })

/**
 * Elementwise sign: −1, 0 or 1; no gradient flows through it.
 *
 * @example
 * sign(tensor([3, 0, -2])) // [ 1.  0. -1.]
 */
export const sign = numericFunction({ name: 'sign', kernel: map((x) => x.sign()), vjp: [null] })
