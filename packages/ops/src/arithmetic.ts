import { binary, map, mul } from '@cotangent/core'
import { floatBinary } from './elementwise.ts'
import { neg } from './sign.ts'

/**
 * Elementwise difference with NumPy broadcasting.
 *
 * @throws ShapeError when the shapes do not broadcast.
 * @example
 * sub(tensor([3, 4]), 1) // [2. 3.]
 */
export const sub = binary({ name: 'sub', kernel: map((a, b) => a.sub(b)), vjp: [(g) => g, (g) => neg(g)] })

/**
 * Elementwise quotient with NumPy broadcasting. Integers divided by integers give float32.
 *
 * @throws ShapeError when the shapes do not broadcast.
 * @example
 * div(tensor([1, 2]), 4) // [0.25 0.5 ]
 */
export const div = floatBinary({
  name: 'div',
  kernel: map((a, b) => a.div(b)),
  vjp: [(g, [, b]) => div(g, b), (g, [, b], quotient) => neg(div(mul(g, quotient), b))],
})
