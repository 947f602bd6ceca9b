import { allocate, type DType, type TypedArray } from '../dtype.ts'
import { type Shape, sizeOf } from '../shape.ts'
import type { Operand } from './operand.ts'

/** An operand of the given elements. */
export function operandOf(dtype: DType, shape: Shape, elements: ArrayLike<number>): Operand {
  const array = allocate(dtype, sizeOf(shape))
  array.set(elements)
  return { dtype, shape, array }
}

/** Small integers that differ, so that sums of products of them are exact. */
export const counted = (dtype: DType, shape: Shape, seed = 1): Operand =>
  operandOf(
    dtype,
    shape,
    Array.from({ length: sizeOf(shape) }, (_, index) => ((index + seed) * 7919) % 23),
  )

/** Every index of `shape`, in row-major order. */
export function indicesOf(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (indices, length) => indices.flatMap((index) => Array.from({ length }, (_, at) => [...index, at])),
    [[]],
  )
}

/** The row-major place of an index. */
export const placeOf = (index: readonly number[], shape: Shape): number =>
  index.reduce((place, at, axis) => place * shape[axis]! + at, 0)

/** The elements as an ordinary list. */
export const listOf = (array: TypedArray): number[] => [...array]
