import { type AnyTensor, CotangentError, type DType, type Shape, shapeText, sizeOf } from '@cotangent/core'
import { transpose } from '@cotangent/ops'
import { ELEMENT_BYTES, tensorFrom } from '../bytes.ts'
import { FormatError } from '../errors.ts'
import { DESCRIPTIONS, MAGIC } from './dtypes.ts'

/**
 * The tensor of a `.npy` file: float32, float64, int32, uint8 or bool, little-endian, in C or Fortran order, of any version of the
 * format. uint32 whose last axis has length 2 are random keys.
 *
 * @throws FormatError for bytes that are no such file, are truncated, or hold another dtype.
 * @example
 * decodeNpy(encodeNpy(ones([2], { dtype: 'int32' }))) // [1 1]
 */
export const decodeNpy = (bytes: Uint8Array): AnyTensor => decodeFrom('decodeNpy', bytes)

/** The same, with errors that begin with `source`. */
export function decodeFrom(source: string, bytes: Uint8Array): AnyTensor {
  const { header, begin } = headerOf(source, bytes)
  const { description, fortran, shape: stored } = fieldsOf(source, header)
  const dtype = dtypeOf(source, description)
  const isKey = dtype === 'key'
  if (isKey && (fortran || stored.at(-1) !== 2)) {
    throw new FormatError(
      `${source}: uint32 of shape ${shapeText(stored)} are no random keys, which have a last axis of 2 in C order; save it with astype("int32")`,
    )
  }
  const shape = isKey ? stored.slice(0, -1) : stored
  const expected = sizeOf(shape) * ELEMENT_BYTES[dtype]
  const data = bytes.subarray(begin)
  if (data.length !== expected) {
    throw new FormatError(
      `${source}: ${data.length} bytes of data follow the header, but ${dtype} ${shapeText(shape)} needs ${expected}; the file is ${data.length < expected ? 'truncated' : 'longer than it should be'}`,
    )
  }
  try {
    if (!fortran) return tensorFrom(data, dtype, shape)
    return transpose(tensorFrom(data, dtype, shape.toReversed()))
  } catch (error) {
    if (!(error instanceof CotangentError)) throw error
    throw new FormatError(`${source}: the data are no ${dtype}: ${error.message}`)
  }
}

/** The header's text, and where the data begin. */
function headerOf(source: string, bytes: Uint8Array): { header: string; begin: number } {
  if (!MAGIC.every((byte, index) => bytes[index] === byte))
    throw new FormatError(`${source}: these bytes are no .npy file, which begins with \\x93NUMPY`)
  const major = bytes[MAGIC.length]
  if (major !== undefined && (major < 1 || major > 3))
    throw new FormatError(`${source}: version ${major} of .npy is unknown; save it as version 1.0, 2.0 or 3.0`)
  const lengthBytes = major === 1 ? 2 : 4
  const begin = MAGIC.length + 2 + lengthBytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const whole = bytes.length >= begin
  const length = whole ? (major === 1 ? view.getUint16(begin - 2, true) : view.getUint32(begin - 4, true)) : 0
  if (!whole || length > bytes.length - begin)
    throw new FormatError(`${source}: the file ends within the header; it is truncated`)
  return { header: new TextDecoder().decode(bytes.subarray(begin, begin + length)), begin: begin + length }
}

/** Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, a Python literal. */
function fieldsOf(source: string, header: string): { description: string; fortran: boolean; shape: Shape } {
  const description = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1]
  const fortran = /'fortran_order'\s*:\s*(True|False)\b/.exec(header)?.[1]
  const lengths = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(header)?.[1]
  if (description === undefined || fortran === undefined || lengths === undefined) {
    const text = header.trim().slice(0, 100)
    throw new FormatError(
      `${source}: the header ${JSON.stringify(text)} does not give one dtype, an order and a shape; save one plain array`,
    )
  }
  const shape = lengths.match(/\d+/g)?.map(Number) ?? []
  if (!Number.isSafeInteger(sizeOf(shape)))
    throw new FormatError(`${source}: the shape ${shapeText(shape)} has more elements than can be held`)
  return { description, fortran: fortran === 'True', shape }
}

function dtypeOf(source: string, description: string): DType {
  const found = Object.entries(DESCRIPTIONS).find(([, known]) =>
    // One byte has no order.
    known.startsWith('|') ? known.slice(1) === description.replace(/^[|<>=]/, '') : known === description,
  )
  if (found !== undefined) return found[0] as DType // a key of DESCRIPTIONS
  throw new FormatError(
    `${source}: the array has dtype ${description}, which no tensor has here; save it as little-endian float32, float64, int32, uint8 or bool, with astype`,
  )
}
