import { promisify } from 'node:util'
import { gunzip as inflate } from 'node:zlib'
import { MnistError } from './errors.ts'

export interface GunzipOptions {
  /** What error messages call the bytes, such as a file name. */
  readonly name: string
  /** The most bytes that may come out: a small file can expand a thousandfold. */
  readonly maxBytes: number
}

/**
 * The bytes inside a gzip stream; bytes that do not begin as one (1f 8b) are given back as they are.
 *
 * @throws MnistError for a truncated or corrupt stream, or more than `maxBytes`.
 */
export async function gunzip(bytes: Uint8Array, { name, maxBytes }: GunzipOptions): Promise<Uint8Array> {
  const packed = isGzip(bytes)
  if (!packed && bytes.length <= maxBytes) return bytes
  if (!packed) throw tooLong(name, maxBytes)
  try {
    const output = await promisify(inflate)(bytes, {
      maxOutputLength: maxBytes,
      chunkSize: outputChunk(bytes, maxBytes),
    })
    return new Uint8Array(output.buffer, output.byteOffset, output.byteLength)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLong(name, maxBytes)
    // Z_BUF_ERROR: the input ended before the stream did. Every other code means wrong bytes.
    const fault = code === 'Z_BUF_ERROR' ? 'ends too early' : `is corrupt (${(error as Error).message})`
    throw new MnistError(`${name}: the gzip stream ${fault}; get the file again`)
  }
}

/** Whether `bytes` begin as a gzip stream does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const tooLong = (name: string, maxBytes: number): MnistError =>
  new MnistError(`${name}: it holds more than the ${maxBytes} bytes allowed for it; is it another file?`)

/**
 * One chunk for the whole output saves zlib's caller from joining thousands. A stream ends with its length, which cannot
 * be trusted, so it is held between 64 KiB and what deflate can make of the input at most (1,032 bytes out of one).
 * One byte more than the length lets zlib see the end without asking for a second chunk.
 */
function outputChunk(bytes: Uint8Array, maxBytes: number): number {
  if (bytes.length < 4) return 65_536
  const claimed = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true)
  return Math.max(65_536, Math.min(claimed, maxBytes, 1032 * bytes.length) + 1)
}
