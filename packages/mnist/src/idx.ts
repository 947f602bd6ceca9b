import { type Tensor, tensor } from '@cotangent/core'
import { IdxError } from './errors.ts'

/** What an IDX file can hold: int8 and int16 come as int32, the rest as they are. */
export type IdxTensor = Tensor<'uint8'> | Tensor<'int32'> | Tensor<'float32'> | Tensor<'float64'>

/**
 * The tensor in the bytes of a decompressed IDX file, of any element type and any rank.
 *
 * The header is two zero bytes, a byte for the element type (0x08 uint8, 0x09 int8, 0x0B int16, 0x0C int32, 0x0D float32,
 * 0x0E float64), a byte for the rank, and one unsigned 32-bit length for each axis; the elements follow, row-major. All
 * numbers are big-endian. Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
 *
 * @throws IdxError for an empty or cut header, an unknown magic number, lengths no file can have, or a payload that is
 * shorter or longer than the header says.
 * @example
 * parseIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])) // [7 8 9]
 */
export function parseIdx(bytes: Uint8Array): IdxTensor {
  const { type, shape, payload } = readIdx(bytes, 'parseIdx')
  return type.read(payload, payload.byteLength / type.bytes, shape)
}

/** The parts of an IDX file, its elements not read yet. */
export interface IdxContent {
  readonly type: ElementType
  readonly shape: readonly number[]
  /** As many bytes of the file as `type` and `shape` take, big-endian. */
  readonly payload: DataView<ArrayBufferLike>
}

/**
 * Checks the header of an IDX file against its length; `name` is what errors call it.
 *
 * @throws IdxError as {@link parseIdx} does.
 */
export function readIdx(bytes: Uint8Array, name: string): IdxContent {
  const { type, shape, headerBytes } = readHeader(bytes, name)
  const payloadBytes = elementCount(shape, name) * type.bytes
  const expected = headerBytes + payloadBytes
  if (bytes.length !== expected) {
    const fault = bytes.length < expected ? 'it is cut short' : 'that is too many'
    throw new IdxError(
      `${name}: the header says ${type.name} of shape ${briefShape(shape)}, ${expected} bytes with the header, but there are ${bytes.length}; ${fault}, get the file again`,
    )
  }
  return { type, shape, payload: new DataView(bytes.buffer, bytes.byteOffset + headerBytes, payloadBytes) }
}

interface ElementType {
  readonly name: string
  readonly bytes: number
  readonly read: (payload: DataView, count: number, shape: readonly number[]) => IdxTensor
}

const ELEMENT_TYPES = new Map<number, ElementType>([
  [0x08, { name: 'uint8', bytes: 1, read: readUint8 }],
  [0x09, { name: 'int8', bytes: 1, read: int32Reader((payload, index) => payload.getInt8(index)) }],
  [0x0b, { name: 'int16', bytes: 2, read: int32Reader((payload, index) => payload.getInt16(2 * index)) }],
  [0x0c, { name: 'int32', bytes: 4, read: int32Reader((payload, index) => payload.getInt32(4 * index)) }],
  [0x0d, { name: 'float32', bytes: 4, read: readFloat32 }],
  [0x0e, { name: 'float64', bytes: 8, read: readFloat64 }],
])

function readUint8(payload: DataView, count: number, shape: readonly number[]): IdxTensor {
  return tensor(new Uint8Array(payload.buffer, payload.byteOffset, count), { shape })
}

function int32Reader(element: (payload: DataView, index: number) => number): ElementType['read'] {
  return (payload, count, shape) => {
    const elements = new Int32Array(count)
    for (let index = 0; index < count; index++) elements[index] = element(payload, index)
    return tensor(elements, { shape, adopt: true })
  }
}

function readFloat32(payload: DataView, count: number, shape: readonly number[]): IdxTensor {
  const elements = new Float32Array(count)
  for (let index = 0; index < count; index++) elements[index] = payload.getFloat32(4 * index)
  return tensor(elements, { shape, adopt: true })
}

function readFloat64(payload: DataView, count: number, shape: readonly number[]): IdxTensor {
  const elements = new Float64Array(count)
  for (let index = 0; index < count; index++) elements[index] = payload.getFloat64(8 * index)
  return tensor(elements, { shape, adopt: true })
}

function readHeader(bytes: Uint8Array, name: string): { type: ElementType; shape: number[]; headerBytes: number } {
  if (bytes.length === 0) throw new IdxError(`${name}: the file is empty; get it again`)
  if (bytes.length < 4) {
    throw new IdxError(
      `${name}: ${bytes.length} bytes are too few for the 4-byte magic number of an IDX file; get the file again`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const type = ELEMENT_TYPES.get(view.getUint8(2))
  const rank = view.getUint8(3)
  if (view.getUint16(0) !== 0 || type === undefined) {
    const magic = view.getUint32(0).toString(16).padStart(8, '0')
    throw new IdxError(
      `${name}: the magic number 0x${magic} is not that of an IDX file (0x0000, an element type out of 08, 09, 0b, 0c, 0d, 0e, and the rank); is it another kind of file?`,
    )
  }
  const headerBytes = 4 + 4 * rank
  if (bytes.length < headerBytes) {
    throw new IdxError(
      `${name}: a header of rank ${rank} takes ${headerBytes} bytes, but there are ${bytes.length}; it is cut short, get the file again`,
    )
  }
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  return { type, shape, headerBytes }
}

/** Axes of length 0 are left out of the bound, so that no product of lengths overflows, whatever their order. */
function elementCount(shape: readonly number[], name: string): number {
  const bound = shape.reduce((product, length) => product * (length || 1), 1)
  if (bound > Number.MAX_SAFE_INTEGER / 8) {
    throw new IdxError(
      `${name}: the header's shape ${briefShape(shape)} has more elements than a file can hold; it is damaged, get the file again`,
    )
  }
  return shape.includes(0) ? 0 : bound
}

/** A damaged header can have 255 axes; the first few tell as much. */
export const briefShape = (shape: readonly number[]): string =>
  shape.length <= 8 ? `[${shape.join(', ')}]` : `[${shape.slice(0, 8).join(', ')}, … ${shape.length} axes]`
