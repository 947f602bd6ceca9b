import type { Float } from '@cotangent/core'
import { dropout } from './dropout.ts'
import { calls } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'
import { bernoulli, normal, permutation, uniform } from './random.ts'

type Key = readonly [number, number]

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
]

/** Threefry-2x32 with 20 rounds, word by word as the paper's Table 1 has it (Salmon, Moraes, Dror, Shaw, 2011). */
function threefry([k0, k1]: Key, counter: readonly [number, number]): Key {
  const keys = [k0, k1, (0x1bd11bda ^ k0 ^ k1) >>> 0]
  let [x0, x1] = [(counter[0] + k0) >>> 0, (counter[1] + k1) >>> 0]
  for (let round = 0; round < 20; round++) {
    const distance = ROTATIONS[Math.floor(round / 4) % 2]![round % 4]!
    x0 = (x0 + x1) >>> 0
    x1 = (((x1 << distance) | (x1 >>> (32 - distance))) ^ x0) >>> 0
    if (round % 4 === 3) {
      const injection = (round + 1) / 4
      x0 = (x0 + keys[injection % 3]!) >>> 0
      x1 = (x1 + keys[(injection + 1) % 3]! + injection) >>> 0
    }
  }
  return [x0, x1]
}

/** Element `index` of the numbers in [0, 1) that a key gives: the upper 23 bits of both words together, or 52 of them side by side. */
function unit(key: Key, index: number, dtype: Float): number {
  const [high, low] = threefry(key, [0, index])
  if (dtype === 'float32') return ((high ^ low) >>> 9) / 2 ** 23
  return (high * 2 ** 20 + Math.floor(low / 2 ** 12)) / 2 ** 52
}

const keyOf = (key: Dense): Key => [key.data[0]!, key.data[1]!]

function drawn(shape: readonly number[], f: (index: number) => number): Dense {
  const size = shape.reduce((product, length) => product * length, 1)
  return { shape, data: Array.from({ length: size }, (_, index) => f(index)) }
}

interface Drawing {
  readonly shape: readonly number[]
  readonly dtype?: Float
}

export const laws = {
  uniform: law({
    calls: calls((draw) => ({
      inputs: [draw.key()],
      options: {
        shape: draw.shape(),
        ...draw.one({}, { dtype: 'float64' }, { dtype: 'float32' }),
        ...draw.one({}, { low: -2, high: 0.5 }, { low: -1 }, { high: 3 }),
      },
    })),
    apply: ([key], { shape, ...options }: Drawing & { low?: number; high?: number }) => uniform(key, shape, options),
    definition: ([key], { shape, low = 0, high = 1, dtype = 'float32' }) => {
      const rounded = dtype === 'float32' ? Math.fround : (x: number) => x
      return drawn(shape, (index) => rounded(rounded(unit(keyOf(key), index, dtype) * (high - low)) + low))
    },
    orders: 0,
  }),
  normal: law({
    // In float64, where the last digit of a library's cosine is far from a law's tolerance.
    calls: calls((draw) => ({
      inputs: [draw.key()],
      options: { shape: draw.shape(), dtype: 'float64' as const, ...draw.one({}, { mean: 2, std: 0.5 }, { std: 0 }) },
    })),
    apply: ([key], { shape, ...options }: Drawing & { mean?: number; std?: number }) => normal(key, shape, options),
    definition: ([key], { shape, mean = 0, std = 1 }) => {
      const [first, second] = [0, 1].map((index) => threefry(keyOf(key), [0, index]))
      return drawn(shape, (index) => {
        const radius = Math.sqrt(-2 * Math.log(1 - unit(first!, index, 'float64')))
        return mean + std * radius * Math.cos(2 * Math.PI * unit(second!, index, 'float64'))
      })
    },
    orders: 0,
  }),
  bernoulli: law({
    calls: calls((draw) => ({
      inputs: [draw.key()],
      options: { shape: draw.shape(), ...draw.one({}, { p: 0.25 }, { p: 0.9 }, { p: 0 }, { p: 1 }) },
    })),
    apply: ([key], { shape, ...options }: { shape: readonly number[]; p?: number }) => bernoulli(key, shape, options),
    definition: ([key], { shape, p = 0.5 }) =>
      drawn(shape, (index) => Number(unit(keyOf(key), index, 'float32') < Math.fround(p))),
    orders: 0,
  }),
  permutation: law({
    calls: calls((draw) => ({ inputs: [draw.key()], options: { count: draw.integer(0, 12) } })),
    apply: ([key], { count }) => permutation(key, count),
    definition: ([key], { count }) => {
      const order = Array.from({ length: count }, (_, index) => index)
      for (let at = count - 1; at > 0; at--) {
        const [high, low] = threefry(keyOf(key), [0, at])
        const other = Number((BigInt((high ^ low) >>> 0) * BigInt(at + 1)) >> 32n)
        ;[order[at], order[other]] = [order[other]!, order[at]!]
      }
      return { shape: [count], data: order }
    },
    orders: 0,
  }),
  dropout: law({
    calls: calls((draw) => ({
      inputs: [draw.floats(draw.shape()), draw.key()],
      options: { rate: draw.one(0, 0.25, 0.5, 0.9) },
    })),
    apply: ([x, key], options) => dropout(x, key, options),
    definition: ([x, key], { rate }) => {
      const kept = (index: number) => rate === 0 || unit(keyOf(key), index, 'float32') < Math.fround(1 - rate)
      return { shape: x.shape, data: x.data.map((element, index) => (kept(index) ? element / (1 - rate) : 0)) }
    },
  }),
} satisfies Record<string, Law>
