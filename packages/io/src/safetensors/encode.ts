import { type AnyTensor, InternalError, type Tree, ValueError } from '@cotangent/core'
import { bytesOf } from '../bytes.ts'
import { flattenTree } from '../tree.ts'
import { LONGEST_HEADER, METADATA, STORED } from './dtypes.ts'

export interface SafetensorsOptions {
  /** Strings about the file. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>
}

/**
 * The tensors of a tree, or a record of named ones, in the safetensors format, byte for byte as its own library for Python writes
 * them: float32, float64, int32, uint8 and bool; random keys as pairs of U32. Tensors are named by {@link flattenTree}.
 *
 * Format: https://huggingface.co/docs/safetensors, "Format".
 *
 * @throws ValueError for a tensor named `__metadata__`, for names that collide, or for more names than a header can hold.
 * @example
 * const bytes = encodeSafetensors({ hidden: { w: ones([2, 3]) } }, { metadata: { made: 'today' } })
 * decodeSafetensors(bytes).tensors['hidden.w'] // [[1. 1. 1.] [1. 1. 1.]]
 */
export function encodeSafetensors(tree: Tree, { metadata }: SafetensorsOptions = {}): Uint8Array<ArrayBuffer> {
  const named = Object.entries(flattenTree(tree)).map(([name, tensor]) => ({ name, tensor, bytes: bytesOf(tensor) }))
  named.sort(
    (a, b) => placeOf(a.tensor) - placeOf(b.tensor) || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  )
  const entries: string[] = []
  if (metadata !== undefined) entries.push(`"${METADATA}":${JSON.stringify(sorted(metadata))}`)
  let end = 0
  for (const { name, tensor, bytes } of named) {
    if (name === METADATA)
      throw new ValueError(`encodeSafetensors: no tensor can be named ${METADATA}, which holds the metadata; rename it`)
    const begin = end
    end += bytes.length
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(describe(tensor, begin, end))}`)
  }
  const header = new TextEncoder().encode(`{${entries.join(',')}}`)
  const headerLength = Math.ceil(header.length / 8) * 8
  if (headerLength > LONGEST_HEADER) {
    throw new ValueError(
      `encodeSafetensors: ${named.length} tensors need a header of ${headerLength} bytes, but readers take at most ${LONGEST_HEADER}; write several files`,
    )
  }
  const file = new Uint8Array(8 + headerLength + end)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true)
  file.fill(' '.charCodeAt(0), 8, 8 + headerLength)
  file.set(header, 8)
  let at = 8 + headerLength
  for (const { bytes } of named) {
    file.set(bytes, at)
    at += bytes.length
  }
  return file
}

const placeOf = ({ dtype }: AnyTensor): number => STORED.findIndex((stored) => stored.dtype === dtype)

function describe(tensor: AnyTensor, begin: number, end: number) {
  const stored = STORED[placeOf(tensor)]
  if (stored === undefined) throw new InternalError(`safetensors: no name for ${tensor.dtype}`)
  const shape = tensor.dtype === 'key' ? [...tensor.shape, 2] : tensor.shape
  return { dtype: stored.name, shape, data_offsets: [begin, end] }
}

/** The format's library writes them in no certain order; sorted, the same strings are the same bytes. */
const sorted = (metadata: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1)))
