import type { AnyTensor, Shape } from '@cotangent/core'
import { transpose } from '@cotangent/ops'
import { bytesOf } from '../bytes.ts'
import { DESCRIPTIONS, MAGIC } from './dtypes.ts'

export interface NpyOptions {
  /** Store the first axis as the innermost one, as Fortran does. Default: row-major. */
  readonly fortranOrder?: boolean
}

/**
 * A tensor as a `.npy` file, byte for byte as `numpy.save` writes it. A random key becomes two uint32 along a last axis.
 *
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @example
 * decodeNpy(encodeNpy(tensor([[1, 2], [3, 4]]))) // [[1. 2.] [3. 4.]]
 */
export function encodeNpy(tensor: AnyTensor, { fortranOrder = false }: NpyOptions = {}): Uint8Array<ArrayBuffer> {
  const shape = tensor.dtype === 'key' ? [...tensor.shape, 2] : tensor.shape
  // NumPy takes what is in both orders for row-major. The words of a key stay side by side.
  const inBoth = tensor.size === 0 || tensor.shape.filter((length) => length !== 1).length < 2
  const transposed = fortranOrder && tensor.dtype !== 'key' && !inBoth
  const data = bytesOf(transposed ? transpose(tensor) : tensor)
  const header = headerOf(DESCRIPTIONS[tensor.dtype], shape, transposed)
  const file = new Uint8Array(header.length + data.length)
  file.set(header)
  file.set(data, header.length)
  return file
}

/** NumPy leaves room for the length of the axis that a file could be extended along, and aligns the data to so many bytes. */
const ROOM = 21
const ALIGNMENT = 64

function headerOf(description: string, shape: Shape, fortran: boolean): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const fields = `{'descr': '${description}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`
  const growing = fortran ? shape.at(-1) : shape[0]
  const room = growing === undefined ? 0 : ROOM - String(growing).length
  const text = fields + ' '.repeat(room)
  // The length of the text has two bytes in version 1.0, four in 2.0.
  const small = aligned(MAGIC.length + 4 + text.length + 1) <= 65_535
  const begin = MAGIC.length + (small ? 4 : 6)
  const length = aligned(begin + text.length + 1)
  const header = new Uint8Array(length).fill(' '.charCodeAt(0))
  header.set(MAGIC)
  header.set([small ? 1 : 2, 0], MAGIC.length)
  const view = new DataView(header.buffer)
  if (small) view.setUint16(MAGIC.length + 2, length - begin, true)
  else view.setUint32(MAGIC.length + 2, length - begin, true)
  header.set(new TextEncoder().encode(text), begin)
  header[length - 1] = '\n'.charCodeAt(0)
  return header
}

const aligned = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT
