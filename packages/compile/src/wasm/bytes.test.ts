import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteWriter } from './bytes.ts'

/** LEB128 as its definition reads: seven bits a byte, the lowest first, the last byte without the top bit. */
function decoded(bytes: Uint8Array, signed: boolean): bigint {
  const bits = bytes.reduce((sum, byte, i) => sum | (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n)
  bytes.forEach((byte, i) => {
    expect(byte >> 7).toBe(i < bytes.length - 1 ? 1 : 0)
  })
  return signed ? BigInt.asIntN(7 * bytes.length, bits) : bits
}

function written(write: (to: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(1)
  write(writer)
  return writer.toBytes()
}

/** Integers around the powers of two, where encodings change their length. */
const near = (bits: number, lowest: bigint, highest: bigint) =>
  fc
    .tuple(fc.integer({ min: 0, max: bits }), fc.bigInt({ min: -2n, max: 2n }), fc.constantFrom(1n, -1n))
    .map(([power, offset, sign]) => sign * (1n << BigInt(power)) + offset)
    .filter((value) => value >= lowest && value <= highest)

const unsigned = { seed: 20, examples: [[0n], [127n], [128n], [2n ** 32n - 1n]] as [bigint][], numRuns: 500 }
const signed = (bits: bigint) => ({
  seed: 21,
  examples: [[0n], [-1n], [63n], [64n], [-64n], [-65n], [2n ** (bits - 1n) - 1n], [-(2n ** (bits - 1n))]] as [bigint][],
  numRuns: 500,
})

test('u32 reads back, in as few bytes as there can be', () => {
  const max = 2n ** 32n - 1n
  const values = fc.oneof(near(32, 0n, max), fc.bigInt({ min: 0n, max }))
  fc.assert(
    fc.property(values, (value) => {
      const bytes = written((to) => to.u32(Number(value)))
      expect(decoded(bytes, false)).toBe(value)
      expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)))
    }),
    unsigned,
  )
})

test.each([32n, 64n])('s%d reads back, in as few bytes as there can be', (bits) => {
  const [min, max] = [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
  const values = fc.oneof(near(Number(bits) - 1, min, max), fc.bigInt({ min, max }))
  fc.assert(
    fc.property(values, (value) => {
      const bytes = written((to) => (bits === 32n ? to.s32(Number(value)) : to.s64(value)))
      expect(decoded(bytes, true)).toBe(value)
      // One byte less would not hold it.
      expect(bytes.length === 1 || BigInt.asIntN(7 * (bytes.length - 1), value) !== value).toBe(true)
    }),
    signed(bits),
  )
})

test('values that do not fit are refused', () => {
  expect(() => written((to) => to.u32(-1))).toThrow('-1 is not an unsigned 32-bit integer')
  expect(() => written((to) => to.u32(2 ** 32))).toThrow('4294967296 is not')
  expect(() => written((to) => to.s32(2 ** 31))).toThrow('2147483648 is not')
  expect(() => written((to) => to.s64(2n ** 63n))).toThrow('9223372036854775808n is not')
})

test('grows as it is written, texts and parts after their length in bytes', () => {
  const part = new ByteWriter(1)
  for (let i = 0; i < 300; i++) part.byte(i)
  const bytes = written((to) => {
    to.text('tensör')
    to.sized(part)
  })
  expect([...bytes.subarray(0, 10)]).toEqual([7, ...new TextEncoder().encode('tensör'), 0xac, 0x02])
  expect([...bytes.subarray(10)]).toEqual(Array.from({ length: 300 }, (_, i) => i & 0xff))
})
