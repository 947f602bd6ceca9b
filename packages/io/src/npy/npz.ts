import { crc32 } from 'node:zlib'
import type { Tree } from '@cotangent/core'
import { unzipSync, zipSync } from 'fflate'
import { FormatError } from '../errors.ts'
import { flattenTree, type NamedTensors } from '../tree.ts'
import { decodeFrom } from './decode.ts'
import { encodeNpy } from './encode.ts'

export interface NpzOptions {
  /** Deflate the arrays, as `numpy.savez_compressed` does. Default: store them, as `numpy.savez` does. */
  readonly compress?: boolean
}

/**
 * The tensors of a tree, or a record of named ones, as a `.npz` file that `numpy.load` reads: a zip archive with one `.npy` for
 * each, named by {@link flattenTree}.
 *
 * @throws ValueError for names that collide.
 * @example
 * decodeNpz(encodeNpz({ hidden: { w: ones([2]) } }))['hidden.w'] // [1. 1.]
 */
export function encodeNpz(tree: Tree, { compress = false }: NpzOptions = {}): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(flattenTree(tree)).map(([name, tensor]) => [`${name}${SUFFIX}`, encodeNpy(tensor)])
  // Without the time of day, the same tensors are the same bytes: the earliest date that zip knows.
  return zipSync(Object.fromEntries(entries), { level: compress ? 6 : 0, mtime: '1980-01-01T12:00:00' })
}

/**
 * The tensors of a `.npz` file, as `numpy.savez` and `numpy.savez_compressed` write it, by name.
 *
 * @throws FormatError for bytes that are no zip archive, are truncated, or are damaged, or hold something other than arrays that tensors can be.
 * @example
 * decodeNpz(encodeNpz({ w: ones([2]) }, { compress: true })).w // [1. 1.]
 */
export const decodeNpz = (bytes: Uint8Array): NamedTensors => decodeArchive('decodeNpz', bytes)

/** The same, with errors that begin with `source`. */
export function decodeArchive(source: string, bytes: Uint8Array): NamedTensors {
  const names = new Set<string>()
  const files = unzip(source, bytes, ({ name, size, originalSize }) => {
    if (!name.endsWith(SUFFIX))
      throw new FormatError(`${source}: the archive holds ${name}, which is no ${SUFFIX} file`)
    if (names.has(name)) throw new FormatError(`${source}: the archive holds ${name} twice; write the file anew`)
    if (originalSize > size * DENSEST + SLACK)
      throw new FormatError(`${source}: ${name} claims ${originalSize} bytes of ${size} compressed ones; it is damaged`)
    names.add(name)
    return true
  })
  const sums = checksumsIn(bytes)
  const tensors = Object.entries(files).map(([name, file], at) => {
    if (crc32(file) !== sums[at])
      throw new FormatError(`${source}: ${name} has another checksum than the archive says; the file is damaged`)
    return [name.slice(0, -SUFFIX.length), decodeFrom(`${source}: ${name}`, file)]
  })
  return Object.fromEntries(tensors)
}

const SUFFIX = '.npy'

/** Deflate makes no more than so many bytes of one, but for a few at the end. */
const DENSEST = 1032
const SLACK = 1024

function unzip(source: string, bytes: Uint8Array, filter: (file: ZipEntry) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter })
  } catch (error) {
    if (error instanceof FormatError) throw error
    throw new FormatError(
      `${source}: these bytes are no whole zip archive (${error instanceof Error ? error.message : error}); the file is truncated, or no .npz file`,
    )
  }
}

/** Sizes and places in a zip archive's directory: PKWARE's APPNOTE 6.3.10, sections 4.3.12 and 4.3.16. */
const ENTRY = { checksum: 16, lengths: [28, 30, 32], bytes: 46 } as const
const END = { signature: 0x06054b50, count: 10, directory: 16, bytes: 22 } as const

/** The CRC-32 of each file of a zip archive, in the order of its directory; the library that unpacks them does not look at it. */
function checksumsIn(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let end = bytes.byteLength - END.bytes
  // Behind the directory's end there may be a comment; that it is there was seen when the files were unpacked.
  while (end > 0 && view.getUint32(end, true) !== END.signature) end--
  let at = view.getUint32(end + END.directory, true)
  return Array.from({ length: view.getUint16(end + END.count, true) }, () => {
    const checksum = view.getUint32(at + ENTRY.checksum, true)
    at += ENTRY.lengths.reduce<number>((all, place) => all + view.getUint16(at + place, true), ENTRY.bytes)
    return checksum
  })
}

type ZipEntry = Readonly<Record<'size' | 'originalSize', number>> & { readonly name: string }
