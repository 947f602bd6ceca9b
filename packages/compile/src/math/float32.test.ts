import { expect, test } from 'vitest'
import { BLOCK, evaluate, unaryNames } from './evaluate.fixtures.ts'
import type { UnaryName } from './functions.ts'

/** The greatest errors measured, in ulp, as the functions document them. */
const BOUNDS = { exp: 1.01, expm1: 1.73, log: 0.84, log1p: 0.85, sin: 1.6, cos: 1.6, tanh: 1.51, erf: 1.32, pow: 0.51 }

/** So many consecutive float32 are represented by one of them. */
const STRIDE_BITS = process.env.LAWS === 'full' ? 6 : 10

test.each(unaryNames)('float32 %s over all arguments', (name) => {
  const bits = new Uint32Array(BLOCK)
  const worst = new Worst()
  for (let from = 0; from < 2 ** (32 - STRIDE_BITS); from += BLOCK) {
    // Somewhere among them, not always at the first.
    for (let i = 0; i < BLOCK; i++) {
      bits[i] = ((from + i) << STRIDE_BITS) + (Math.imul(from + i, 0x9e3779b1) >>> (32 - STRIDE_BITS))
    }
    worst.addAll(name, new Float32Array(bits.buffer))
  }
  worst.expectWithin(BOUNDS[name])
})

test.each(unaryNames)('float32 %s around its turning points', (name) => {
  const quarters = Array.from({ length: 400 }, (_, i) => ((i + 1) * Math.PI) / 2)
  const halfSteps = Array.from({ length: 300 }, (_, i) => (i - 150.5) * Math.LN2)
  const powers = Array.from({ length: 277 }, (_, i) => 2 ** (i - 149))
  const near = [
    ...[
      0,
      0.3466,
      Math.SQRT1_2,
      Math.SQRT2,
      Math.SQRT2 - 1,
      Math.SQRT1_2 - 1,
      0.625,
      3,
      3.9192,
      4,
      9.0109,
      10,
      17.33,
      20,
    ],
    ...[87, 87.3365, 88.7228, 88.9, 103.2789, 103.9721, 104, 2 ** 20, 3.4028235e38],
    ...[...quarters, ...halfSteps, ...powers],
  ]
  const worst = new Worst()
  const x = new Float32Array(BLOCK)
  const bits = new Uint32Array(x.buffer)
  const block = near.flatMap((value) => [value, -value])
  for (let from = 0; from < block.length; from += BLOCK / 64) {
    x.fill(0)
    block.slice(from, from + BLOCK / 64).forEach((value, i) => {
      x[64 * i] = value
      const middle = bits[64 * i]!
      for (let k = 0; k < 64; k++) bits[64 * i + k] = middle + k - 32
    })
    worst.addAll(name, x)
  }
  worst.expectWithin(BOUNDS[name])
})

test('float32 pow over powers of all sizes', () => {
  const x = new Float32Array(BLOCK)
  const y = new Float32Array(BLOCK)
  const bits = new Uint32Array(x.buffer)
  const worst = new Worst()
  for (let round = 0; round < (process.env.LAWS === 'full' ? 160 : 10); round++) {
    for (let i = 0; i < BLOCK; i++) {
      const n = round * BLOCK + i
      bits[i] = Math.imul(n, 0x9e3779b1)
      // Every other base is about 1, where the exponents are large; every fourth exponent is an integer.
      if (n % 2 === 0) x[i] = 1 + (bits[i]! / 2 ** 32 - 0.5) / (1 + (n % 999))
      const exponent = ((Math.imul(n, 0x85ebca6b) >>> 0) / 2 ** 32) * 285 - 152
      y[i] = exponent / Math.log2(Math.abs(x[i]!))
      if (n % 4 === 0) y[i] = Math.round(y[i]!)
    }
    const results = evaluate('pow', x, y)
    for (let i = 0; i < BLOCK; i++) worst.add(results[i]!, x[i]! ** y[i]!, [x[i]!, y[i]!])
  }
  worst.expectWithin(BOUNDS.pow)
})

class Worst {
  #error = 0
  #at: unknown
  readonly #wide = new Float64Array(BLOCK)

  addAll(name: UnaryName, x: Float32Array): void {
    // `Math` is a few ulp of float64 off at most. It has no erf; ours of float64 is measured in its own test.
    const reference = name === 'erf' ? undefined : Math[name]
    this.#wide.set(x)
    const truths = reference ? this.#wide : new Float64Array(evaluate('erf', this.#wide))
    const results = evaluate(name, x)
    for (let i = 0; i < x.length; i++) this.add(results[i]!, reference ? reference(x[i]!) : truths[i]!, x[i]!)
  }

  add(result: number, truth: number, at: unknown): void {
    const error = ulps(result, truth)
    if (error <= this.#error) return
    this.#error = error
    this.#at = at
  }

  expectWithin(bound: number): void {
    expect(this.#error, `at ${this.#at}`).toBeLessThanOrEqual(bound)
  }
}

const scratch = new Float64Array(1)
const words = new Uint32Array(scratch.buffer)

/**
 * |result − truth| in units in the last place of a float32 as large as the truth; infinite where NaN or the sign is
 * wrong.
 */
function ulps(result: number, truth: number): number {
  if (Object.is(result, truth)) return 0
  if (Number.isNaN(result) || Number.isNaN(truth) || Object.is(truth, 0) || Object.is(truth, -0)) return Infinity
  if (result === 0 && Object.is(result, -0) !== truth < 0) return Infinity
  scratch[0] = truth
  const exponent = ((words[1]! >>> 20) & 0x7ff) - 1023
  if (!Number.isFinite(result) && exponent >= 128) return result === Math.sign(truth) * Infinity ? 0 : Infinity
  const value = Number.isFinite(result) ? result : Math.sign(result) * 2 ** 128
  return Math.abs(value - truth) / 2 ** (Math.min(Math.max(exponent, -126), 127) - 23)
}
