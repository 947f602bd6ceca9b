/** Tensors of small integers: sums of their products are exact in every dtype, whatever order they are added in. */
import { type AnyTensor, sizeOf, Tensor, type TypedArray, tensor, treeMapAll } from '@cotangent/core'

/** Integers from −3 to 3 that differ for each `salt`. */
export function integers<D extends 'float32' | 'float64' | 'int32'>(
  shape: readonly number[],
  dtype: D,
  salt = 0,
): Tensor<D> {
  const values = Array.from(
    { length: sizeOf(shape) },
    (_, at) => ((((at + 1) * 2_654_435_761 + salt * 40_503) >>> 7) % 7) - 3,
  )
  return tensor<D>(arrayOf(dtype, values), { shape, dtype })
}

const arrayOf = (dtype: string, values: readonly number[]): TypedArray =>
  dtype === 'float64'
    ? Float64Array.from(values)
    : dtype === 'float32'
      ? Float32Array.from(values)
      : Int32Array.from(values)

/** A tree with plain descriptions in place of its tensors, to compare; −0 is 0. */
export const plain = (tree: unknown): unknown =>
  treeMapAll((leaf) => (leaf instanceof Tensor ? describe(leaf) : leaf), tree)

const describe = ({ shape, dtype, data }: AnyTensor): string =>
  `${dtype} [${shape.join(', ')}] {${Array.from(data, (value) => value + 0).join(' ')}}`
