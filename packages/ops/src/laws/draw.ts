import type { AnyTensor } from '@cotangent/core'
import { randomKey, type Tensor, tensor } from '@cotangent/core'
import fc from 'fast-check'
import type { Call } from '../laws.ts'

/** Where the numbers of a tensor lie. */
export interface Domain {
  readonly min?: number
  readonly max?: number
  /** Kinks that no number comes nearer to than {@link GAP}. */
  readonly away?: readonly number[]
}

/** What is kept between numbers and kinks, and between the numbers of a tensor without ties: far more than numerical derivatives step. */
export const GAP = 0.1

/** Random choices, from which fast-check shrinks a failing call to a small one. */
export interface Draw {
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number
  boolean(): boolean
  one<const T>(...choices: readonly T[]): T
  /** The length of an axis, up to `most`, seldom 0. */
  length(most: number): number
  /** A shape of up to three axes (or `rank`), seldom with an axis of length 0 unless `empty` is false. */
  shape(options?: {
    readonly rank?: number
    readonly minRank?: number
    readonly maxRank?: number
    readonly empty?: boolean
  }): number[]
  /** `count` shapes that broadcast with each other. */
  broadcast(count: number, options?: { readonly maxRank?: number }): number[][]
  /** An axis of a tensor of this rank, counted from either end. */
  axis(rank: number): number
  /** `axis` and `keepDims` of a reduction. */
  reduction(rank: number): { axis?: number | readonly number[]; keepDims?: boolean }
  permutation(count: number): number[]
  floats(shape: readonly number[], domain?: Domain): Tensor<'float64'>
  /** Numbers that are all different, by `gap` (default: {@link GAP}) at least. */
  distinct(shape: readonly number[], gap?: number): Tensor<'float64'>
  /** float64 numbers that are integers, so that equal ones are frequent. */
  whole(shape: readonly number[], min: number, max: number): Tensor<'float64'>
  integers(shape: readonly number[], min: number, max: number): Tensor<'int32'>
  booleans(shape: readonly number[]): Tensor<'bool'>
  key(): Tensor<'key'>
}

/** Calls made by `make` from random choices. */
export const calls = <const I extends readonly AnyTensor[], O>(
  make: (draw: Draw) => Call<I, O>,
): fc.Arbitrary<Call<I, O>> => fc.gen().map((g) => make(drawFrom(g)))

/** Calls with no options on float tensors made by `make`. */
export const inputs = <const I extends readonly AnyTensor[]>(
  make: (draw: Draw) => I,
): fc.Arbitrary<Call<I, undefined>> => calls((draw) => ({ inputs: make(draw), options: undefined }))

/** `shape` with no axis of length 0 among `axes` (default: all), so that there is something to take a mean or a maximum of. */
export function filled(shape: readonly number[], axes?: number | readonly number[]): number[] {
  const named = axes === undefined ? [...shape.keys()] : [axes].flat()
  const places = named.map((axis) => (axis < 0 ? axis + shape.length : axis))
  return shape.map((length, axis) => (places.includes(axis) ? Math.max(1, length) : length))
}

function drawFrom(g: fc.GeneratorValue): Draw {
  const integer = (min: number, max: number): number => g(fc.integer, { min, max })
  const boolean = (): boolean => integer(0, 1) === 1
  const one = <T>(...choices: readonly T[]): T => choices[integer(0, choices.length - 1)]!
  const random = (): (() => number) => mulberry32(integer(0, 2 ** 31 - 1))
  const length = (most: number): number => (integer(0, 19) === 19 ? 0 : integer(1, most))
  const lengths = (rank: number, empty: boolean): number[] =>
    Array.from({ length: rank }, () => (empty ? length(4) : integer(1, 4)))
  const permutation = (count: number): number[] => shuffled(count, random())
  const axis = (rank: number): number => integer(-rank, rank - 1)
  return {
    integer,
    boolean,
    one,
    permutation,
    axis,
    length,
    shape: ({ rank, minRank = 0, maxRank = 3, empty = true } = {}) => lengths(rank ?? integer(minRank, maxRank), empty),
    broadcast(count, { maxRank = 3 } = {}) {
      const shape = lengths(integer(0, maxRank), true)
      const operands = Array.from({ length: count }, () => shape.map((length) => (integer(0, 3) === 3 ? 1 : length)))
      return operands.map((operand) => operand.slice(integer(0, 2) === 2 ? integer(0, operand.length) : 0))
    },
    reduction(rank) {
      const keepDims = boolean()
      if (rank === 0 || integer(0, 3) === 3) return { keepDims }
      if (boolean()) return { keepDims, axis: axis(rank) }
      return {
        keepDims,
        axis: permutation(rank)
          .slice(0, integer(0, rank))
          .map((one) => (boolean() ? one : one - rank)),
      }
    },
    floats(shape, { min = -2, max = 2, away = [] } = {}) {
      const next = random()
      const fill = (): number => {
        const value = min + (max - min) * next()
        return away.some((kink) => Math.abs(value - kink) < GAP) ? fill() : value
      }
      return tensor(Float64Array.from({ length: product(shape) }, fill), { shape, adopt: true })
    },
    distinct(shape, gap = GAP) {
      const next = random()
      const size = product(shape)
      const ranks = shuffled(size, next)
      const values = Float64Array.from(ranks, (rank) => 2 * gap * (rank - size / 2 + next() / 2))
      return tensor(values, { shape, adopt: true })
    },
    integers: (shape, min, max) =>
      tensor(Int32Array.from(integersFrom(random(), product(shape), min, max)), { shape, adopt: true }),
    whole: (shape, min, max) =>
      tensor(Float64Array.from(integersFrom(random(), product(shape), min, max)), { shape, adopt: true }),
    booleans(shape) {
      const next = random()
      const values = Uint8Array.from({ length: product(shape) }, () => (next() < 0.5 ? 0 : 1))
      return tensor<'bool'>(values, { shape, dtype: 'bool' })
    },
    key: () => randomKey(integer(0, 2 ** 31 - 1)),
  }
}

const integersFrom = (next: () => number, count: number, min: number, max: number): number[] =>
  Array.from({ length: count }, () => min + Math.floor(next() * (max - min + 1)))

const product = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1)

function shuffled(count: number, next: () => number): number[] {
  const places = Array.from({ length: count }, (_, place) => place)
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(next() * (at + 1))
    ;[places[at], places[other]] = [places[other]!, places[at]!]
  }
  return places
}

/** T. Ettinger's 32-bit generator: small, and independent of the project's own random numbers. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
}
