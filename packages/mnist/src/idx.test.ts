import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdxError } from './errors.ts'
import { parseIdx } from './idx.ts'
import { corrupt, corruptions } from './testing/corruption.ts'
import { idxBytes } from './testing/fake-mnist.ts'

const parsed = (...bytes: number[]) => parseIdx(Uint8Array.from(bytes))

describe('known bytes of every element type', () => {
  it.each([
    ['uint8', 0x08, [0, 127, 128, 255], 'uint8', [0, 127, 128, 255]],
    ['int8', 0x09, [0, 127, 128, 255], 'int32', [0, 127, -128, -1]],
    ['int16', 0x0b, [0, 1, 0x7f, 0xff, 0x80, 0, 0xff, 0xfe], 'int32', [1, 32767, -32768, -2]],
    ['int32', 0x0c, [0, 0, 1, 2, 0x7f, 255, 255, 255, 0x80, 0, 0, 0], 'int32', [258, 2147483647, -2147483648]],
    ['float32', 0x0d, [0x3f, 0xc0, 0, 0, 0xc2, 0xc8, 0, 0, 0x7f, 0x80, 0, 0], 'float32', [1.5, -100, Infinity]],
    [
      'float64',
      0x0e,
      [0x3f, 0xf0, 0, 0, 0, 0, 0, 1, 0xbf, 0xe0, 0, 0, 0, 0, 0, 0],
      'float64',
      [1.0000000000000002, -0.5],
    ],
  ])('%s', (_, type, payload, dtype, elements) => {
    const x = parsed(0, 0, type, 1, 0, 0, 0, elements.length, ...payload)
    expect(x.dtype).toBe(dtype)
    expect(x.shape).toEqual([elements.length])
    expect([...x.data]).toEqual(elements)
  })
})

describe('ranks', () => {
  it('reads a scalar', () => {
    expect(parsed(0, 0, 8, 0, 42).toArray()).toBe(42)
  })

  it('reads rank 3, row-major', () => {
    const x = parsed(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4)
    expect(x.toArray()).toEqual([[[1, 2]], [[3, 4]]])
  })

  it('reads the rank of 255', () => {
    const x = parseIdx(idxBytes(9, new Array<number>(255).fill(1), Uint8Array.of(255)))
    expect(x.rank).toBe(255)
    expect(x.item()).toBe(-1)
  })

  it('reads no elements, however long the other axes are', () => {
    expect(parsed(0, 0, 0x0e, 2, 0, 0, 0, 0, 0, 1, 0, 0).shape).toEqual([0, 65536])
  })

  it('reads from within a larger buffer', () => {
    const whole = Uint8Array.of(9, 9, 9, 0, 0, 0x0b, 1, 0, 0, 0, 1, 1, 2, 9)
    expect(parseIdx(whole.subarray(3, 13)).toArray()).toEqual([258])
  })
})

it('copies the bytes, so that the tensor stays what it is', () => {
  const bytes = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 5)
  const x = parseIdx(bytes)
  bytes[8] = 6
  expect(x.toArray()).toEqual([5])
})

describe('bytes that are no IDX file', () => {
  it.each([
    ['an empty file', [], 'the file is empty'],
    ['fewer bytes than a magic number', [0, 0, 8], '3 bytes are too few for the 4-byte magic number'],
    ['a wrong magic number', [0x89, 0x50, 0x4e, 0x47, 0, 0], 'the magic number 0x89504e47 is not that of an IDX file'],
    ['an unknown element type', [0, 0, 0x0a, 1, 0, 0, 0, 0], 'the magic number 0x00000a01 is not'],
    ['a cut header', [0, 0, 8, 3, 0, 0, 0, 1, 0, 0], 'a header of rank 3 takes 16 bytes, but there are 10'],
    [
      'a short payload',
      [0, 0, 0x0d, 1, 0, 0, 0, 2, 1, 2, 3],
      'float32 of shape [2], 16 bytes with the header, but there are 11; it is cut short',
    ],
    [
      'a long payload',
      [0, 0, 8, 1, 0, 0, 0, 2, 1, 2, 3],
      'uint8 of shape [2], 10 bytes with the header, but there are 11; that is too many',
    ],
    [
      'more elements than memory holds',
      [0, 0, 8, 2, 255, 255, 255, 255, 0, 1, 255, 255],
      '562945658322957 bytes with the header, but there are 12',
    ],
    [
      'more elements than can be counted',
      [0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0],
      "the header's shape [4294967295, 4294967295, 4294967295] has more elements than a file can hold",
    ],
    [
      'an absurd shape that a length of 0 hides',
      [0, 0, 8, 3, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255],
      'has more elements than a file can hold',
    ],
  ])('%s', (_, bytes, sentence) => {
    expect(() => parsed(...bytes)).toThrow(IdxError)
    expect(() => parsed(...bytes)).toThrow(sentence)
  })
})

describe('random corruptions', () => {
  const BYTES = new Map([
    [0x08, 1],
    [0x09, 1],
    [0x0b, 2],
    [0x0c, 4],
    [0x0d, 4],
    [0x0e, 8],
  ])
  const sound = fc
    .record({
      type: fc.constantFrom(...BYTES.keys()),
      shape: fc.array(fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.constant(0)), {
        maxLength: 4,
      }),
      seed: fc.integer({ min: 0, max: 255 }),
    })
    .map(({ type, shape, seed }) => {
      const bytes = shape.reduce((a, b) => a * b, BYTES.get(type) ?? 0)
      return idxBytes(
        type,
        shape,
        Uint8Array.from({ length: bytes }, (_, index) => (index * 37 + seed) % 256),
      )
    })

  /** What the bytes say, read one by one; `undefined` where they are no IDX file. */
  function reference(bytes: Uint8Array): { shape: number[]; elements: number[] } | undefined {
    const width = BYTES.get(bytes[2] ?? 0)
    const rank = bytes[3] ?? 0
    if (bytes[0] !== 0 || bytes[1] !== 0 || width === undefined || bytes.length < 4 + 4 * rank) return undefined
    const unsigned = (at: number, count: number): bigint =>
      bytes.subarray(at, at + count).reduce((value, byte) => value * 256n + BigInt(byte), 0n)
    const lengths = Array.from({ length: rank }, (_, axis) => unsigned(4 + 4 * axis, 4))
    const count = lengths.reduce((a, b) => a * b, 1n)
    if (count * BigInt(width) !== BigInt(bytes.length - 4 - 4 * rank)) return undefined
    const elements = Array.from({ length: Number(count) }, (_, index) => {
      const bits = unsigned(4 + 4 * rank + index * width, width)
      if (bytes[2] === 0x08) return Number(bits)
      if (bytes[2] === 0x0d) return new Float32Array(Uint32Array.of(Number(bits)).buffer)[0]!
      if (bytes[2] === 0x0e) return new Float64Array(BigUint64Array.of(bits).buffer)[0]!
      return Number(BigInt.asIntN(8 * width, bits))
    })
    return { shape: lengths.map(Number), elements }
  }

  it('give an IdxError or exactly what the bytes say', () => {
    let accepted = 0
    let refused = 0
    fc.assert(
      fc.property(sound, corruptions, (bytes, list) => {
        const damaged = corrupt(bytes, list)
        const expected = reference(damaged)
        try {
          const x = parseIdx(damaged)
          expect({ shape: x.shape, elements: [...x.data] }).toEqual(expected)
          accepted++
        } catch (error) {
          if (!(error instanceof IdxError)) throw error
          // Lengths too long to count are refused even where an axis of 0 leaves nothing to read.
          if (!error.message.includes('can hold')) expect(expected).toBeUndefined()
          refused++
        }
      }),
      { seed: 20_260_101, numRuns: 8000 },
    )
    expect(Math.min(accepted, refused)).toBeGreaterThan(500)
  })
})
