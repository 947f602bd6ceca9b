import {
  type AnyTensor,
  type DType,
  knownValues,
  type Shape,
  TraceError,
  type TypedArray,
  tensor,
} from '@cotangent/core'

/** How many bytes an element takes; a key is two 32-bit words. */
export const ELEMENT_BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint8: 1,
  bool: 1,
  key: 8,
}

/** The elements of a tensor as bytes, row-major and little-endian: its own memory, to read. */
export function bytesOf(tensor: AnyTensor): Uint8Array {
  // A tensor's elements are a typed array.
  const values = knownValues(tensor) as TypedArray | undefined
  if (values === undefined)
    throw new TraceError('a tensor without values cannot be written; write it outside the trace')
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/**
 * A tensor of the elements that `bytes` hold, which are copied.
 *
 * @throws ValueError for bytes that are no bool.
 */
export function tensorFrom(bytes: Uint8Array, dtype: DType, shape: Shape): AnyTensor {
  // A copy is aligned, as a view into a file need not be. A Buffer's own slice would not copy.
  const { buffer } = new Uint8Array(bytes)
  return tensor(arrayOver(buffer, dtype), { dtype, shape, adopt: true })
}

function arrayOver(buffer: ArrayBuffer, dtype: DType): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer)
    case 'float64':
      return new Float64Array(buffer)
    case 'int32':
      return new Int32Array(buffer)
    case 'key':
      return new Uint32Array(buffer)
    default:
      return new Uint8Array(buffer)
  }
}
