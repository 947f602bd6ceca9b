import { add, map, mul } from '@cotangent/core'
import { div } from './arithmetic.ts'
import { floatFunction } from './elementwise.ts'

/**
 * Elementwise eˣ.
 *
 * @example
 * exp(tensor([0, 1])) // [1.        2.7182817]
 */
export const exp = floatFunction({ name: 'exp', kernel: map((x) => x.exp()), vjp: [(g, _, y) => mul(g, y)] })

/**
 * Elementwise eˣ − 1, exact for small x.
 *
 * @example
 * expm1(tensor(1e-5)) // 1.000005e-05
 */
export const expm1 = floatFunction({
  name: 'expm1',
  kernel: map((x) => x.expm1()),
  vjp: [(g, _, y) => mul(g, add(y, 1))],
})

/**
 * Elementwise natural logarithm; −∞ at 0, NaN below.
 *
 * @example
 * log(tensor([1, 0.5])) // [ 0.        -0.6931472]
 */
export const log = floatFunction({ name: 'log', kernel: map((x) => x.log()), vjp: [(g, [x]) => div(g, x)] })

/**
 * Elementwise log(1 + x), exact for small x.
 *
 * @example
 * log1p(tensor(1e-5)) // 9.99995e-06
 */
export const log1p = floatFunction({
  name: 'log1p',
  kernel: map((x) => x.log1p()),
  vjp: [(g, [x]) => div(g, add(x, 1))],
})
