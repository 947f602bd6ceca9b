import { expect, test } from 'vitest'
import { BLOCK, evaluate, unaryNames } from './evaluate.fixtures.ts'
import { exact, type Fixed, ulps } from './exact.fixtures.ts'
import type { UnaryName } from './functions.ts'

/** The greatest errors measured, in ulp, as the functions document them. */
const BOUNDS = { exp: 1, expm1: 2.1, log: 0.85, log1p: 0.85, sin: 0.8, cos: 0.8, tanh: 2.6, erf: 1.45, pow: 1.45 }

const COUNT = process.env.LAWS === 'full' ? 1_000_000 : 100_000

test.each(unaryNames)('float64 %s at seeded arguments', (name) => {
  const draw = seeded(5)
  const x = Float64Array.from({ length: COUNT }, () => oneOf(DOMAINS[name], draw))
  expectWithin(BOUNDS[name], (x) => evaluate(name, x), exact[name], x)
})

test('float64 pow at seeded arguments', () => {
  const draw = seeded(6)
  const y = new Float64Array(COUNT)
  const x = y.map((_, i) => {
    const x = oneOf([anyPositive, nearOne, uniform(0, 4)], draw)
    // Small exponents, and those that take the power over its whole range.
    const wide = uniform(-745, 709)(draw) / Math.log(x)
    y[i] = oneOf([(draw) => Math.round(uniform(-20, 20)(draw)) / 4, () => wide], draw)
    if (!(Math.abs(y[i]! * Math.log(x)) < 745)) y[i] = 0.25
    return x
  })
  expectWithin(BOUNDS.pow, (x, y) => evaluate('pow', x, y), exact.pow, x, y)
})

test('float64 at arguments whose results are subnormal, or barely finite, or near zeros', () => {
  const check = (name: UnaryName, values: readonly number[]) => {
    const x = new Float64Array(values.flatMap((value) => neighbours(value, 50)).filter(Number.isFinite))
    expectWithin(BOUNDS[name], (x) => evaluate(name, x), exact[name], x)
  }
  const steps = (from: number, to: number, count: number) =>
    Array.from({ length: count }, (_, i) => from + ((to - from) * i) / count)
  check('exp', [...steps(-745.1, -708, 100), 709.78, 708, -708, ...steps(-10.5, 10.5, 21).map((n) => n * Math.LN2)])
  check('expm1', [709.78, -40, -37.5, 0.3466, -0.3466, 5e-324, 2 ** -1022, 2 ** -54, 2 ** -27])
  check('log', [2 ** -1022, 2 ** -1050, Math.SQRT1_2, Math.SQRT2, 1, Number.MAX_VALUE / 2])
  check('log1p', [-0.999999, Math.SQRT1_2 - 1, Math.SQRT2 - 1, 5e-324, 2 ** -54, 2 ** 53, Number.MAX_VALUE / 2])
  const quarters = steps(1, 200, 199).map((n) => (n * Math.PI) / 2)
  check('sin', [...quarters, 2 ** 20, ...steps(21, 1023, 300).map((n) => 2 ** Math.round(n)), 5e-324, 2 ** -27])
  check('cos', [...quarters, 2 ** 20, ...steps(21, 1023, 300).map((n) => 2 ** Math.round(n)), 5e-324, 2 ** -27])
  // The float64 nearest to a multiple of π/2 (Kahan; Muller, Elementary Functions, section 11.1).
  check('sin', [6381956970095103 * 2 ** 797])
  check('cos', [6381956970095103 * 2 ** 797])
  check('tanh', [5e-324, 2 ** -27, 0.1733, 0.55, 18.7, 20, 22])
  check('erf', [5e-324, 2 ** -27, 1, 2, 5.9, 6])
})

// Computed with mpmath to 60 digits and rounded.
test.each([
  ['exp', [-700.5], 598019611863979120641210733n, -331],
  ['expm1', [2 ** -20], 9536747711537454467882495569n, -34],
  ['log', [1e300], 6907755278982137052579021967n, -25],
  ['log', [1 + 2 ** -52], 2220446049250312834328230455n, -43],
  ['log1p', [-0.75], -1386294361119890618834464243n, -27],
  ['sin', [2 ** 1000], -1592017030862424382400486308n, -28],
  ['sin', [Math.PI], 1224646799147353177226065932n, -43],
  ['cos', [1e22], 5232147853951389454975944734n, -28],
  ['tanh', [0.5], 4621171572600097585023184836n, -28],
  ['erf', [2.5], 9995930479825550410604357843n, -28],
  ['erf', [2 ** -30], 1050884991041862008692623363n, -36],
  ['pow', [1.5, -1000.25], 7323490618444601206667321046n, -204],
] as const)('the exact %s of %j', (name, [x, y = 0], digits, exponent) => {
  const { value, bits } = exact[name](x, y)
  const scaled = value * 10n ** BigInt(-exponent)
  const difference = scaled - (digits << BigInt(bits))
  expect(Math.abs(Number((difference * 10n ** 28n) / scaled))).toBeLessThan(1000)
})

type Draw = () => number

const oneOf = (choices: readonly ((draw: Draw) => number)[], draw: Draw) =>
  choices[Math.floor(draw() * choices.length)]!(draw)

const uniform = (from: number, to: number) => (draw: Draw) => from + (to - from) * draw()

/** 1 ± a number of any size from 1/2 down. */
const nearOne = (draw: Draw) => 1 + nearZero(draw) / 2

/** Of any size from 1 down to 2^−60. */
const nearZero = (draw: Draw) => (draw() < 0.5 ? -1 : 1) * 2 ** (-60 * draw())

/** All exponents, subnormal ones too. */
const anyPositive = (draw: Draw) => Math.max(2 ** uniform(-1074, 1024)(draw), 5e-324)

const any = (draw: Draw) => (draw() < 0.5 ? -1 : 1) * anyPositive(draw)

const nearQuarters = (draw: Draw) => (Math.round(uniform(-(2 ** 21), 2 ** 21)(draw)) * Math.PI) / 2

/** Where each function does more than round its argument or give a limit. */
const DOMAINS: { readonly [N in UnaryName]: readonly ((draw: Draw) => number)[] } = {
  exp: [nearZero, uniform(-2, 2), uniform(-745, 709.7), uniform(-745, -708)],
  expm1: [nearZero, uniform(-1, 1), uniform(-40, 40), uniform(-40, 709.7)],
  log: [anyPositive, nearOne, uniform(0, 4)],
  log1p: [(draw) => Math.abs(any(draw)), nearZero, (draw) => -1 + 2 ** uniform(-53, 0)(draw), uniform(-1, 4)],
  sin: [any, nearQuarters, nearZero, uniform(-10, 10)],
  cos: [any, nearQuarters, nearZero, uniform(-10, 10)],
  tanh: [nearZero, uniform(-1, 1), uniform(-25, 25)],
  erf: [nearZero, uniform(-1.5, 1.5), uniform(-6.2, 6.2)],
}

function expectWithin(
  bound: number,
  function_: (x: Float64Array, y?: Float64Array) => Float64Array,
  truth: (x: number, y: number) => Fixed,
  x: Float64Array,
  y: Float64Array = x,
): void {
  const worst = { error: 0, at: [0, 0] }
  for (let from = 0; from < x.length; from += BLOCK) {
    const results = function_(x.subarray(from, from + BLOCK), y.subarray(from, from + BLOCK))
    results.forEach((result, i) => {
      const at = [x[from + i]!, y[from + i]!] as const
      const error = ulps(result, truth(...at))
      if (!(error <= worst.error)) Object.assign(worst, { error, at })
    })
  }
  expect(worst.error, `at ${worst.at}`).toBeLessThanOrEqual(bound)
}

function neighbours(value: number, count: number): number[] {
  const float = new Float64Array([value])
  const bits = new BigInt64Array(float.buffer)
  const middle = bits[0]!
  return Array.from({ length: 2 * count + 1 }, (_, i) => {
    bits[0] = middle + BigInt(i - count)
    return float[0]!
  })
}

/** 53 random bits from 0 to 1 (mulberry32). */
function seeded(seed: number): Draw {
  let state = seed
  const word = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return () => (word() + word() * 2 ** -32) * 2 ** -32
}
