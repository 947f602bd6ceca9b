import { type TypedArray, wordsOf } from '../dtype.ts'
import type { TensorType } from '../kernel/kernel.ts'

/** An input of a kernel: what is known of it, and its elements (a random key takes two). */
export interface Operand extends TensorType {
  readonly array: TypedArray
}

/** The number of array elements in one slice over the axes from `axis` on. */
export const blockOf = (operand: TensorType, axis: number): number =>
  operand.shape.slice(axis).reduce((product, length) => product * length, wordsOf(operand.dtype))
