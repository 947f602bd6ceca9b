import { type FileHandle, open, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { createGunzip, gunzip as inflate } from 'node:zlib'
import { MnistError } from './errors.ts'

export interface GunzipOptions {
  /** What error messages call the bytes, such as a file name. */
  readonly name: string
  /** The most bytes that may come out: a small file can expand a thousandfold. */
  readonly maxBytes: number
}

export interface UnpackOptions extends GunzipOptions {
  /** Is called once another thread has begun to unpack the first piece. */
  readonly onUnpacking?: () => void
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
      chunkSize: outputChunk(bytes.subarray(-4), maxBytes, bytes.length),
    })
    return new Uint8Array(output.buffer, output.byteOffset, output.byteLength)
  } catch (error) {
    throw unpackError(error as NodeJS.ErrnoException, name, maxBytes)
  }
}

/**
 * Bytes that are read at a time: MNIST's files are read at once, so that another thread unpacks them whatever this one does
 * meanwhile.
 */
const PIECE = 2 ** 24

/**
 * The bytes of a file, unpacked while it is read where it is a gzip stream: of the packed bytes at most {@link PIECE} are in memory, and
 * the unpacked ones only once.
 *
 * @throws MnistError as {@link gunzip} does; what the file system says of a file that cannot be read.
 */
export async function readUnpacked(path: string, options: UnpackOptions): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const first = await bytesAt(file, 0, Math.min(PIECE, size))
    if (!isGzip(first)) {
      if (size > options.maxBytes) throw tooLong(options.name, options.maxBytes)
      return first.length < size ? await readFile(file) : first
    }
    const ending = first.length < size ? await bytesAt(file, size - 4, 4) : first.subarray(-4)
    return await unpack(file, first, options, outputChunk(ending, options.maxBytes, size))
  } finally {
    await file.close()
  }
}

/** `first` is what the file begins with; its memory is used for the rest. */
async function unpack(
  file: FileHandle,
  first: Uint8Array<ArrayBuffer>,
  { name, maxBytes, onUnpacking }: UnpackOptions,
  chunkSize: number,
): Promise<Uint8Array> {
  const unpacking = createGunzip({ chunkSize })
  const output = new Output(maxBytes)
  const unpacked = new Promise<Uint8Array>((resolve, reject) => {
    unpacking.on('data', (chunk: Uint8Array<ArrayBuffer>) => {
      if (!output.add(chunk)) unpacking.destroy(tooLong(name, maxBytes))
    })
    unpacking.on('end', () => resolve(output.bytes()))
    unpacking.on('error', (error) => reject(error instanceof MnistError ? error : unpackError(error, name, maxBytes)))
  })
  const settled = unpacked.then(
    () => undefined,
    () => undefined,
  )
  const room = new Uint8Array(first.buffer)
  let length = first.length
  let begun = onUnpacking
  for (let position = length; length > 0 && !unpacking.destroyed; position += length) {
    const piece = room.subarray(0, length)
    // It is through, and the room is used again, once it is written, or there was an error, which does not tell the writer.
    const written = new Promise<void>((resolve) => {
      unpacking.write(piece, () => resolve())
    })
    begun?.()
    begun = undefined
    await Promise.race([written, settled])
    length = (await file.read(room, 0, room.length, position)).bytesRead
  }
  if (!unpacking.destroyed) unpacking.end()
  return unpacked
}

/** Chunks put together; those that lie one behind the other in one buffer, as zlib makes them, stay where they are. */
class Output {
  readonly #maxBytes: number
  #room = new Uint8Array()
  #end = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether there was room for it. */
  add(chunk: Uint8Array<ArrayBuffer>): boolean {
    const before = this.bytes()
    const end = this.#end + chunk.length
    if (end > this.#maxBytes) return false
    if (this.#end === 0) {
      this.#room = new Uint8Array(chunk.buffer, chunk.byteOffset, end)
    } else if (chunk.buffer === before.buffer && chunk.byteOffset === before.byteOffset + before.length) {
      this.#room = new Uint8Array(before.buffer, before.byteOffset, end)
    } else {
      if (end > this.#room.length) {
        this.#room = new Uint8Array(Math.min(this.#maxBytes, 2 * end))
        this.#room.set(before)
      }
      this.#room.set(chunk, this.#end)
    }
    this.#end = end
    return true
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#room.subarray(0, this.#end)
  }
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function unpackError({ code, message }: NodeJS.ErrnoException, name: string, maxBytes: number): MnistError {
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLong(name, maxBytes)
  // Z_BUF_ERROR: the input ended before the stream did. Every other code means wrong bytes.
  const fault = code === 'Z_BUF_ERROR' ? 'ends too early' : `is corrupt (${message})`
  return new MnistError(`${name}: the gzip stream ${fault}; get the file again`)
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
function outputChunk(ending: Uint8Array, maxBytes: number, packed: number): number {
  if (ending.length < 4) return 65_536
  const claimed = new DataView(ending.buffer, ending.byteOffset, 4).getUint32(0, true)
  return Math.max(65_536, Math.min(claimed, maxBytes, 1032 * packed) + 1)
}
