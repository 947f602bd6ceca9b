import {
  type AnyTensor,
  DTypeError,
  definePrimitive,
  map,
  type Promoted,
  promoteOperands,
  shapeText,
  type Tensor,
  type TensorLike,
} from '@cotangent/core'
import { comparison } from './elementwise.ts'

/**
 * Elementwise a = b, as bool; NaN equals nothing.
 *
 * @example
 * equal(tensor([1, 2]), 2) // [False  True]
 */
export const equal = comparison({ name: 'equal', kernel: map((a, b) => a.equal(b)) })

/**
 * Elementwise a ≠ b, as bool.
 *
 * @example
 * notEqual(tensor([1, 2]), 2) // [ True False]
 */
export const notEqual = comparison({ name: 'notEqual', kernel: map((a, b) => a.notEqual(b)) })

/**
 * Elementwise a < b, as bool.
 *
 * @example
 * less(tensor([1, 2]), 2) // [ True False]
 */
export const less = comparison({ name: 'less', kernel: map((a, b) => a.less(b)) })

/**
 * Elementwise a ≤ b, as bool.
 *
 * @example
 * lessEqual(tensor([1, 3]), 2) // [ True False]
 */
export const lessEqual = comparison({ name: 'lessEqual', kernel: map((a, b) => a.lessEqual(b)) })

/**
 * Elementwise a > b, as bool.
 *
 * @example
 * greater(tensor([1, 3]), 2) // [False  True]
 */
export const greater = comparison({ name: 'greater', kernel: map((a, b) => b.less(a)) })

/**
 * Elementwise a ≥ b, as bool.
 *
 * @example
 * greaterEqual(tensor([1, 2]), 2) // [False  True]
 */
export const greaterEqual = comparison({ name: 'greaterEqual', kernel: map((a, b) => b.lessEqual(a)) })

/**
 * Elementwise `a` where `condition` is true, else `b`; the three broadcast. Values and gradients of the side not chosen are
 * ignored, except that NaN · 0 is NaN: keep the other side's derivative finite.
 *
 * @throws DTypeError for a condition that is not bool; ShapeError when the shapes do not broadcast.
 * @example
 * const x = tensor([-1, 2])
 * where(greater(x, 0), x, 0) // [0. 2.]
 */
export function where<A extends TensorLike, B extends TensorLike>(
  condition: Tensor<'bool'>,
  a: A,
  b: B,
): Tensor<Promoted<A, B>> {
  const given: AnyTensor = condition
  if (given.dtype !== 'bool') {
    throw new DTypeError(
      `where: the condition of shape ${shapeText(given.shape)} is ${given.dtype}; compare it, as in notEqual(x, 0), to get a bool`,
    )
  }
  const [x, y] = promoteOperands('where', 'same', [a, b])
  return select(condition, x!, y!) as Tensor<Promoted<A, B>>
}

const select = definePrimitive({
  name: 'where',
  operands: 'given',
  kernel: map((condition, a, b) => condition.select(a, b)),
  vjp: [
    null,
    (g, [condition]) => where(condition as Tensor<'bool'>, g, 0),
    (g, [condition]) => where(condition as Tensor<'bool'>, 0, g),
  ],
})
