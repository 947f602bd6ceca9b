import { add, binary, map, mul, type TensorLike } from '@cotangent/core'
import { div, sub } from './arithmetic.ts'
import { equal, where } from './compare.ts'
import { asFloat, checkNumbers, floatFunction } from './elementwise.ts'
import { log } from './exponential.ts'
import { abs } from './sign.ts'

/**
 * Elementwise square root; NaN below 0, and an infinite derivative at 0.
 *
 * @example
 * sqrt(tensor([4, 9])) // [2. 3.]
 */
export const sqrt = floatFunction({
  name: 'sqrt',
  kernel: map((x) => x.sqrt()),
  vjp: [(g, _, y) => div(mul(g, 0.5), y)],
})

/**
 * Elementwise x².
 *
 * @example
 * square(tensor([2, -3])) // [4. 9.]
 */
export function square<T extends TensorLike>(x: T) {
  checkNumbers('square', x)
  return mul(x, x)
}

/**
 * Elementwise 1 / x.
 *
 * @example
 * reciprocal(tensor([2, 4])) // [0.5  0.25]
 */
export const reciprocal = <T extends TensorLike>(x: T) => div(1, asFloat('reciprocal', x))

/**
 * Elementwise xʸ with NumPy broadcasting. At x = 0 the derivative by y is 0, and at x = y = 0 that by x is 0 as well; for
 * negative x the derivative by y is NaN. Powers of integers wrap, modulo 2³² (256 in uint8); below 0 they are rounded towards 0.
 *
 * @throws ShapeError when the shapes do not broadcast.
 * @example
 * pow(tensor([2, 3]), 2) // [4. 9.]
 */
export const pow = binary({
  name: 'pow',
  kernel: map((x, y) => x.pow(y)),
  vjp: [
    (g, [x, y]) => {
      // 0 · 0^(−1) would be NaN, and so would every derivative of it.
      const bothZero = equal(add(abs(x), abs(y)), 0)
      return mul(g, mul(y, pow(x, where(bothZero, 1, sub(y, 1)))))
    },
    (g, [x], power) => {
      const zero = equal(x, 0)
      return mul(g, where(zero, 0, mul(power, log(where(zero, 1, x)))))
    },
  ],
})
