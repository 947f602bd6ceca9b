import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomKey, splitKey } from '../random/key.ts'
import { threefry2x32 } from '../random/threefry.ts'
import { type Tensor, valuesOf } from '../tensor.ts'
import type { Operand } from './operand.ts'
import { listOf, operandOf } from './operands.fixtures.ts'
import { evaluateRandom } from './random.ts'

const keyOf = (seed: number): Operand => operandOf('key', [], valuesOf(randomKey(seed))!)
const operandOfKey = (key: Tensor<'key'>): Operand => operandOf('key', [], valuesOf(key)!)

const draw = (
  kind: 'bits' | 'uniform' | 'permutation',
  key: Operand,
  shape: number[],
  dtype: 'float32' | 'float64' | 'int32',
) => evaluateRandom(kind, key, undefined, { shape, dtype })

const words = (key: Operand, counter: number): [number, number] => {
  const out = new Uint32Array(2)
  threefry2x32(key.array[0]!, key.array[1]!, 0, counter, out, 0)
  return [out[0]!, out[1]!]
}

describe('uniform', () => {
  test('gives the numbers that the documentation of JAX prints', () => {
    const [value] = draw('uniform', keyOf(0), [], 'float32')
    expect(value).toBeCloseTo(0.947667, 6)
    const [, subkey] = splitKey(randomKey(0))
    expect(draw('uniform', operandOfKey(subkey), [], 'float32')[0]).toBeCloseTo(0.00729382, 8)
  })

  test('float32 has the upper 23 bits of the exclusive or of both words', () => {
    const key = keyOf(9)
    listOf(draw('uniform', key, [50], 'float32')).forEach((value, index) => {
      const [first, second] = words(key, index)
      expect(value * 2 ** 23).toBe((first ^ second) >>> 9)
    })
  })

  test('float64 has 52 bits of both words', () => {
    const key = keyOf(9)
    listOf(draw('uniform', key, [50], 'float64')).forEach((value, index) => {
      const [first, second] = words(key, index)
      expect(BigInt(value * 2 ** 52)).toBe((BigInt(first) << 20n) | BigInt(second >>> 12))
    })
  })

  test.each(['float32', 'float64'] as const)('lies in [0, 1), evenly, in %s', (dtype) => {
    const count = 20_000
    const numbers = listOf(draw('uniform', keyOf(1), [count], dtype))
    expect(numbers.every((value) => value >= 0 && value < 1)).toBe(true)
    const bins = new Array<number>(10).fill(0)
    for (const value of numbers) bins[Math.floor(value * 10)]!++
    // 2000 expected each, with a deviation of √(20000 · 0.1 · 0.9) = 42.4: five of them.
    for (const bin of bins) expect(Math.abs(bin - count / 10)).toBeLessThan(212)
  })

  test('element i does not depend on how many are drawn, nor on the shape', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 1, max: 40 }), (seed, count) => {
        const key = keyOf(seed)
        expect(listOf(draw('uniform', key, [count], 'float32'))).toEqual(
          listOf(draw('uniform', key, [50], 'float32')).slice(0, count),
        )
      }),
      { seed: 80, numRuns: 100 },
    )
    expect(draw('uniform', keyOf(3), [4, 5], 'float32')).toEqual(draw('uniform', keyOf(3), [20], 'float32'))
  })
})

test('bits are the exclusive or of both words, as int32', () => {
  const key = keyOf(4)
  expect(listOf(draw('bits', key, [20], 'int32'))).toEqual(
    Array.from({ length: 20 }, (_, index) => words(key, index)[0] ^ words(key, index)[1]),
  )
})

test('different keys give different numbers', () => {
  const [a, b] = splitKey(randomKey(0))
  const drawn = [keyOf(0), keyOf(1), keyOf(2 ** 32), operandOfKey(a), operandOfKey(b)].map((key) =>
    String(draw('uniform', key, [4], 'float32')),
  )
  expect(new Set(drawn).size).toBe(drawn.length)
})

describe('permutation', () => {
  test('holds every number once, for any key and length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), fc.integer({ min: 0, max: 200 }), (seed, count) => {
        const order = listOf(draw('permutation', keyOf(seed), [count], 'int32'))
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index))
      }),
      { seed: 81, numRuns: 200 },
    )
  })

  test('repeats by key, and differs between keys', () => {
    expect(draw('permutation', keyOf(5), [100], 'int32')).toEqual(draw('permutation', keyOf(5), [100], 'int32'))
    expect(draw('permutation', keyOf(5), [100], 'int32')).not.toEqual(draw('permutation', keyOf(6), [100], 'int32'))
  })

  test('every one of the orders of four is as likely', () => {
    const counts = new Map<string, number>()
    for (let seed = 0; seed < 4800; seed++) {
      const order = String(draw('permutation', keyOf(seed), [4], 'int32'))
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    // 200 expected each, with a deviation of 13.8: five of them.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(70)
  })
})

test('fold makes a key of both words, one for each integer', () => {
  const key = keyOf(7)
  const data = operandOf('int32', [3], [0, 5, -1])
  const folded = evaluateRandom('fold', key, data, { shape: [3], dtype: 'key' })
  expect(listOf(folded)).toEqual([...words(key, 0), ...words(key, 5), ...words(key, 2 ** 32 - 1)])
})
