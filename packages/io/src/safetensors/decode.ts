import { type AnyTensor, CotangentError, type DType, type Shape, shapeText, sizeOf } from '@cotangent/core'
import { ELEMENT_BYTES, tensorFrom } from '../bytes.ts'
import { FormatError } from '../errors.ts'
import { isRecord, repeatedKey } from '../json.ts'
import type { NamedTensors } from '../tree.ts'
import { LONGEST_HEADER, METADATA, STORED } from './dtypes.ts'

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: NamedTensors
  /** Strings about the file; none where it has none. */
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * The tensors of a file in the safetensors format, which are copied out of it: give them to {@link loadTree}, or to
 * {@link unflattenTree}. U32 whose last axis has length 2 are random keys.
 *
 * @throws FormatError for bytes that are no such file, are truncated, or were changed so that the header no longer describes them;
 * and for dtypes that no tensor has.
 * @example
 * const { tensors } = decodeSafetensors(encodeSafetensors({ w: ones([2]) }))
 * loadTree({ w: zeros([2]) }, tensors) // { w: [1. 1.] }
 */
export const decodeSafetensors = (bytes: Uint8Array): Safetensors => decodeFrom('decodeSafetensors', bytes)

/** The same, with errors that begin with `source`. */
export function decodeFrom(source: string, bytes: Uint8Array): Safetensors {
  const headerLength = headerLengthOf(source, bytes)
  const data = bytes.subarray(8 + headerLength)
  const { [METADATA]: metadata = {}, ...described } = headerOf(source, bytes.subarray(8, 8 + headerLength))
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw new FormatError(`${source}: ${METADATA} holds something other than strings; write the file anew`)
  }
  const entries = Object.entries(described).map(([name, value]) => entryOf(source, name, value))
  checkLayout(source, entries, data.length)
  const tensors = entries.map((entry) => [entry.name, tensorOf(source, entry, data)])
  // All of its values were found to be strings.
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, string> }
}

function headerLengthOf(source: string, bytes: Uint8Array): number {
  if (bytes.length < 8) {
    throw new FormatError(
      `${source}: ${bytes.length} bytes are no safetensors file, which begins with the 8 of its header's length`,
    )
  }
  const claimed = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  const following = bytes.length - 8
  if (claimed > BigInt(following)) {
    throw new FormatError(
      `${source}: the header is said to have ${claimed} bytes, but ${following} follow; the file is truncated, or no safetensors file`,
    )
  }
  if (claimed > LONGEST_HEADER) {
    throw new FormatError(
      `${source}: the header has ${claimed} bytes, more than the ${LONGEST_HEADER} that the format allows`,
    )
  }
  return Number(claimed)
}

function headerOf(source: string, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    header = JSON.parse(text)
  } catch {
    throw new FormatError(`${source}: the header is not JSON; the file is damaged, or no safetensors file`)
  }
  if (!isRecord(header) || !text.startsWith('{')) {
    throw new FormatError(`${source}: the header does not begin with an object of tensors; write the file anew`)
  }
  const repeated = repeatedKey(text)
  if (repeated !== undefined) {
    throw new FormatError(`${source}: the header names ${JSON.stringify(repeated)} twice; write the file anew`)
  }
  return header
}

interface Entry {
  readonly name: string
  readonly dtype: DType
  readonly shape: Shape
  readonly begin: number
  readonly end: number
}

function entryOf(source: string, name: string, value: unknown): Entry {
  const { dtype: storedName, shape, data_offsets: offsets } = isRecord(value) ? value : {}
  const stored = STORED.find((one) => one.name === storedName)
  if (typeof storedName !== 'string' || !areCounts(shape) || !areCounts(offsets) || offsets.length !== 2) {
    throw new FormatError(
      `${source}: the header describes ${name} without a dtype, a shape and two data_offsets; write the file anew`,
    )
  }
  if (stored === undefined) {
    throw new FormatError(
      `${source}: ${name} has dtype ${storedName}, which no tensor has here; store it as one of ${STORED.map((one) => one.name).join(', ')}`,
    )
  }
  const { dtype } = stored
  if (dtype === 'key' && shape.at(-1) !== 2) {
    throw new FormatError(
      `${source}: ${name} is ${storedName} of shape ${shapeText(shape)}, but these are random keys, with a last axis of 2; store it as I32`,
    )
  }
  // Both were checked to be two.
  const [begin, end] = offsets as [number, number]
  return { name, dtype, shape: dtype === 'key' ? shape.slice(0, -1) : shape, begin, end }
}

const areCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0)

/** The tensors must cover all of the data, each byte once. */
function checkLayout(source: string, entries: readonly Entry[], length: number): void {
  let covered = 0
  for (const { name, dtype, shape, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    const place = `${name} at bytes ${begin} to ${end}`
    const bytes = sizeOf(shape) * ELEMENT_BYTES[dtype]
    if (end < begin) throw new FormatError(`${source}: ${place} ends before it begins; write the file anew`)
    if (end > length)
      throw new FormatError(`${source}: ${place} reaches beyond the ${length} bytes of data; the file is truncated`)
    if (begin < covered)
      throw new FormatError(`${source}: ${place} overlaps the tensor before it, which ends at ${covered}`)
    if (begin > covered) throw new FormatError(`${source}: ${place} leaves a hole after byte ${covered}`)
    if (end - begin !== bytes) {
      throw new FormatError(
        `${source}: ${place} has ${end - begin} bytes, but ${dtype} ${shapeText(shape)} needs ${bytes}`,
      )
    }
    covered = end
  }
  if (covered !== length)
    throw new FormatError(`${source}: the last ${length - covered} of ${length} bytes of data belong to no tensor`)
}

function tensorOf(source: string, { name, dtype, shape, begin, end }: Entry, data: Uint8Array): AnyTensor {
  try {
    return tensorFrom(data.subarray(begin, end), dtype, shape)
  } catch (error) {
    if (!(error instanceof CotangentError)) throw error
    throw new FormatError(`${source}: the data of ${name} are no ${dtype}: ${error.message}`)
  }
}
