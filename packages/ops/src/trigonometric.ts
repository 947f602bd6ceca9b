import { map, mul } from '@cotangent/core'
import { sub } from './arithmetic.ts'
import { floatFunction } from './elementwise.ts'
import { neg } from './sign.ts'

/**
 * Elementwise sine, of radians.
 *
 * @example
 * sin(tensor(Math.PI / 2)) // 1.0
 */
export const sin = floatFunction({ name: 'sin', kernel: map((x) => x.sin()), vjp: [(g, [x]) => mul(g, cos(x))] })

/**
 * Elementwise cosine, of radians.
 *
 * @example
 * cos(tensor(0)) // 1.0
 */
export const cos = floatFunction({ name: 'cos', kernel: map((x) => x.cos()), vjp: [(g, [x]) => neg(mul(g, sin(x)))] })

/**
 * Elementwise hyperbolic tangent.
 *
 * @example
 * tanh(tensor([0, 100])) // [0. 1.]
 */
export const tanh = floatFunction({
  name: 'tanh',
  kernel: map((x) => x.tanh()),
  vjp: [(g, _, y) => mul(g, sub(1, mul(y, y)))],
})
