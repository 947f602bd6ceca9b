/** Compiled programs at the edges of each dtype: NaN, infinities, zeros of either sign, the ends of the integers, keys. */
import { compile } from '@cotangent/compile'
import {
  type AnyTensor,
  type DType,
  isFloat,
  randomKey,
  splitKey,
  type Tensor,
  type TypedArray,
  tensor,
} from '@cotangent/core'
import {
  abs,
  add,
  argMax,
  argMin,
  bernoulli,
  cast,
  concat,
  cos,
  div,
  equal,
  erf,
  exp,
  expm1,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  log1p,
  max,
  maximum,
  min,
  minimum,
  mul,
  neg,
  notEqual,
  permutation,
  reciprocal,
  relu,
  reshape,
  sigmoid,
  sign,
  sin,
  slice,
  softplus,
  sqrt,
  square,
  stack,
  sub,
  sum,
  take,
  tanh,
  uniform,
  where,
} from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { agree, agreeExactly } from './agreement.ts'

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number
const SPECIAL = [
  NAN,
  INF,
  -INF,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  -2.5,
  3,
  255,
  256,
  -129,
  1e-40,
  3e38,
  2 ** 31,
  -(2 ** 31),
  2 ** 24 + 1,
  5,
]
const VALUES: Record<Exclude<DType, 'key'>, TypedArray> = {
  float32: Float32Array.from(SPECIAL),
  float64: Float64Array.from([...SPECIAL, 1e308, -1e-310]),
  int32: Int32Array.from([0, 1, -1, 2, -7, 255, 256, -256, 65_536, 2 ** 31 - 1, -(2 ** 31), 123_456_789, 3]),
  uint8: Uint8Array.from([0, 1, 2, 7, 127, 128, 200, 254, 255]),
  bool: Uint8Array.from([0, 1, 1, 0, 1, 0, 0]),
}
const DTYPES = Object.keys(VALUES) as (keyof typeof VALUES)[]

const special = (dtype: keyof typeof VALUES): AnyTensor => tensor(VALUES[dtype], { dtype })

/** Compiled for all values at once, and for each alone: vectors and single elements. */
function everywhere(f: (...xs: AnyTensor[]) => unknown, inputs: readonly AnyTensor[], compare = agreeExactly): void {
  const compiled = compile(f, { threads: 1 })
  compare('all', compiled(...inputs), f(...inputs))
  if (inputs.length > 1) return
  const [x] = inputs as [AnyTensor]
  for (const value of x.data) {
    const one = tensor([value], { dtype: x.dtype as 'float64' })
    compare(`${value} alone`, compiled(one), f(one))
  }
}

/** What both give, or that the operation refuses this dtype. */
const accepts = (f: () => unknown): boolean => {
  try {
    f()
    return true
  } catch (error) {
    expect((error as Error).name).not.toBe('InternalError')
    return false
  }
}

const EXACT = { neg, abs, sign, square, sqrt, relu }
const FUNCTIONS = { exp, expm1, log, log1p, sin, cos, tanh, erf, sigmoid, softplus, reciprocal }
const FOLDS = { max, min, argMax, argMin, sum }
const BINARY = { add, sub, mul, div, maximum, minimum, equal, notEqual, less, lessEqual, greater, greaterEqual }

describe.each(DTYPES)('%s', (dtype) => {
  const x = special(dtype)

  test.each(Object.entries(EXACT))('%s', (_, operation) => {
    const f = operation as (x: AnyTensor) => AnyTensor
    if (accepts(() => f(x))) everywhere(f, [x])
  })

  test.each(Object.entries(FUNCTIONS))('%s', (_, operation) => {
    const f = operation as (x: AnyTensor) => AnyTensor
    // Large results are far apart: each element is held to its own size.
    if (accepts(() => f(x))) everywhere(f, [x], agree)
  })

  test.each(Object.entries(BINARY))('%s of all pairs, and with a number', (_, operation) => {
    const f = operation as (x: AnyTensor, y: AnyTensor | number) => AnyTensor
    const [rows, columns] = [tensor(VALUES[dtype], { dtype, shape: [x.size, 1] }), x]
    if (accepts(() => f(rows, columns))) everywhere(f, [rows, columns])
    if (accepts(() => f(x, 1))) everywhere((y) => f(y, 1), [x])
  })

  test.each(DTYPES)('cast to %s', (to) => everywhere((y) => cast(y, to), [x]))

  test.each(DTYPES)('with %s: the wider dtype', (other) => {
    const y = tensor(VALUES[other], { dtype: other, shape: [VALUES[other].length, 1] })
    everywhere((a, b) => [add(a as Tensor, b as Tensor), less(a as Tensor, b as Tensor)], [x, y])
  })

  test('where', () => {
    const condition = tensor(
      Array.from({ length: x.size }, (_, at) => (at % 3 === 0 ? 1 : 0)),
      { dtype: 'bool' },
    )
    everywhere(
      (c, a) => where(c as Tensor<'bool'>, a as Tensor, cast(notEqual(a as Tensor, a as Tensor), dtype) as Tensor),
      [condition, x],
    )
  })

  test.each(Object.entries(FOLDS))('%s along either axis of all rotations', (name, operation) => {
    const fold = operation as (x: AnyTensor, options?: { axis: number }) => AnyTensor
    const values = [...VALUES[dtype]]
    const rotations = values.flatMap((_, by) => values.map((_, at) => values[(at + by) % values.length]!))
    const square = tensor(rotations, { dtype, shape: [values.length, values.length] })
    if (!accepts(() => fold(square, { axis: 0 }))) return
    // A maximum of 0 and −0 is either of them.
    const compare = isFloat(dtype) ? agree : agreeExactly
    const f = (y: AnyTensor) => [fold(y, { axis: 0 }), fold(y, { axis: 1 })]
    compare(name, compile(f, { threads: 1 })(square), f(square))
  })
})

test('keys go through views, gathers, choices and draws', () => {
  const keys = stack(splitKey(randomKey(7), 6))
  const f = (given: Tensor<'key'>) => {
    const some = slice(given, { begin: [1], end: [4] })
    const picked = take(given, tensor([5, 0], { dtype: 'int32' }), { axis: 0 })
    return [some, reshape(given, [2, 3]), picked, concat([some, given])]
  }
  agreeExactly('keys', compile(f, { threads: 1 })(keys), f(keys))
})

test('a key that is split inside gives the numbers it gives outside', () => {
  const f = (key: Tensor<'key'>) => {
    const [one, other] = splitKey(key, 2)
    const drawn = [uniform(one, [7, 3]), uniform(other, [5], { dtype: 'float64' })]
    return [one, other, drawn, permutation(one, 40), bernoulli(other, [33], { p: 0.3 })]
  }
  const compiled = compile(f, { threads: 1 })
  for (const seed of [1, 2]) agreeExactly(`seed ${seed}`, compiled(randomKey(seed)), f(randomKey(seed)))
})
