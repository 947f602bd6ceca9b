import { InternalError } from '@cotangent/core'

const utf8 = new TextEncoder()

/** A growing run of bytes, written at its end. */
export class ByteWriter {
  length = 0
  #bytes: Uint8Array
  #view: DataView

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.length))
  }

  clear(): void {
    this.length = 0
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.length++] = value
  }

  /** Unsigned LEB128 of an integer from 0 to 2³² − 1. */
  u32(value: number): void {
    if (value >>> 0 !== value) throw new InternalError(`${value} is not an unsigned 32-bit integer`)
    this.#reserve(5)
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.length++] = rest
  }

  /** Signed LEB128 of an integer from −2³¹ to 2³¹ − 1. */
  s32(value: number): void {
    if ((value | 0) !== value) throw new InternalError(`${value} is not a signed 32-bit integer`)
    this.#reserve(5)
    let rest = value
    while (rest < -0x40 || rest > 0x3f) {
      this.#bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.#bytes[this.length++] = rest & 0x7f
  }

  /** Signed LEB128 of an integer from −2⁶³ to 2⁶³ − 1. */
  s64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new InternalError(`${value}n is not a signed 64-bit integer`)
    this.#reserve(10)
    let rest = value
    while (rest < -0x40n || rest > 0x3fn) {
      this.#bytes[this.length++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.length++] = Number(rest & 0x7fn)
  }

  f32(value: number): void {
    this.#reserve(4)
    writeFloat32(this.#view, this.length, value)
    this.length += 4
  }

  f64(value: number): void {
    this.#reserve(8)
    writeFloat64(this.#view, this.length, value)
    this.length += 8
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** What another writer holds, after its length. */
  sized(content: ByteWriter): void {
    this.u32(content.length)
    this.raw(content.#bytes.subarray(0, content.length))
  }

  /** UTF-8 text after its length in bytes. */
  text(text: string): void {
    const bytes = utf8.encode(text)
    this.u32(bytes.length)
    this.raw(bytes)
  }

  /** How many, then each. */
  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.u32(items.length)
    for (const item of items) write(item)
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + count))
    grown.set(this.#bytes.subarray(0, this.length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** Little-endian binary32; any NaN becomes the canonical one, since JavaScript does not say which bits its NaN has. */
export function writeFloat32(view: DataView, at: number, value: number): void {
  if (Number.isNaN(value)) view.setUint32(at, 0x7fc00000, true)
  else view.setFloat32(at, value, true)
}

/** Little-endian binary64, NaN as in `writeFloat32`. */
export function writeFloat64(view: DataView, at: number, value: number): void {
  if (Number.isNaN(value)) view.setBigUint64(at, 0x7ff8000000000000n, true)
  else view.setFloat64(at, value, true)
}
