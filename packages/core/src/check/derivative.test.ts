import { describe, expect, test } from 'vitest'
import { type Accuracy, judge } from './derivative.ts'

const ACCURACY: Accuracy = { epsilon: 2 ** -10, tolerance: 1e-7, scale: 1e-6 }

/** Judges `autodiff` as the derivative of f at x. */
const judged = (f: (x: number) => number, x: number, autodiff: number) =>
  judge((t) => Float64Array.of(f(x + t)), Float64Array.of(f(x)), Float64Array.of(1), autodiff, ACCURACY)

describe('smooth functions', () => {
  test.each([
    ['exp', Math.exp, 1, Math.E],
    ['sin', Math.sin, 0.3, Math.cos(0.3)],
    ['tanh', Math.tanh, -0.7, 1 - Math.tanh(-0.7) ** 2],
    ['sin of 100 x', (x: number) => Math.sin(100 * x), 0.2, 100 * Math.cos(20)],
    ['log near 0', Math.log, 2e-4, 5e3],
    ['1/x near its pole', (x: number) => 1 / x, 1e-3, -1e6],
    ['x⁵ at 0', (x: number) => x ** 5, 0, 0],
  ])('%s: the right derivative passes', (_, f, x, slope) => {
    const right = judged(f, x, slope)
    expect(right.ok).toBe(true)
    expect(Math.abs(right.numerical - slope)).toBeLessThanOrEqual(1e-7 * Math.max(Math.abs(slope), 1e-6))
  })

  test.each([
    ['exp', Math.exp, 1, Math.E],
    ['sin of 100 x', (x: number) => Math.sin(100 * x), 0.2, 100 * Math.cos(20)],
    ['log near 0', Math.log, 2e-4, 5e3],
  ])('%s: a derivative off by a millionth does not', (_, f, x, slope) => {
    const wrong = judged(f, x, slope * (1 + 1e-6))
    expect(wrong.ok).toBe(false)
    expect(wrong.kink).toBe(false)
    expect(wrong.relativeError).toBeGreaterThan(8e-7)
    expect(wrong.relativeError).toBeLessThan(1.2e-6)
  })

  test('reaches twelve digits where the function is calm', () => {
    expect(judged(Math.exp, 0.5, Math.exp(0.5)).relativeError).toBeLessThan(2e-12)
  })

  test('a derivative of NaN or infinity fails with an infinite error', () => {
    expect(judged(Math.exp, 0, Number.NaN)).toMatchObject({ ok: false, relativeError: Number.POSITIVE_INFINITY })
    expect(judged(Math.exp, 0, Number.POSITIVE_INFINITY)).toMatchObject({ ok: false, kink: false })
  })

  test('rounding of large values is not taken for an error', () => {
    const f = (x: number) => 1e9 + 1e-3 * x
    expect(judged(f, 0, 1e-3).ok).toBe(true)
  })

  test('outputs that do not move add no rounding', () => {
    // Beside a constant of 1e12, the small slope is still known to the last digits.
    const line = (t: number) => Float64Array.of(1e12, 1e-3 * t)
    const weights = Float64Array.of(1, 1)
    expect(judge(line, line(0), weights, 1e-3, ACCURACY).relativeError).toBeLessThan(1e-12)
    expect(judge(line, line(0), weights, 1.00001e-3, ACCURACY).ok).toBe(false)
  })
})

describe('kinks', () => {
  const relu = (x: number) => Math.max(x, 0)

  test.each([-1, -0.3, 0, 0.5, 1])('|x| at 0: %f lies between the slopes of both sides', (slope) => {
    expect(judged(Math.abs, 0, slope)).toMatchObject({ ok: true, kink: true, numerical: slope })
  })

  test('|x| at 0: a slope beyond both sides is wrong, and measured from the nearer one', () => {
    const { ok, kink, numerical } = judged(Math.abs, 0, 1.5)
    expect({ ok, kink }).toEqual({ ok: false, kink: true })
    expect(numerical).toBeCloseTo(1, 7)
  })

  test.each([2e-6, 1e-5, 2e-4, 4e-4, 6e-4, 9e-4])('relu at %f: a step that crosses the kink is taken smaller', (x) => {
    const right = judged(relu, x, 1)
    expect(right).toMatchObject({ ok: true, kink: true })
    expect(right.numerical).toBeCloseTo(1, 7)
    expect(judged(relu, x, 0)).toMatchObject({ ok: false, kink: true })
    expect(judged(relu, -x, 0)).toMatchObject({ ok: true, kink: true })
  })

  test('a point that cannot be told from the kink counts as at it', () => {
    expect(judged(relu, 1e-8, 1)).toMatchObject({ ok: true, kink: true })
    expect(judged(relu, 1e-8, 0)).toMatchObject({ ok: true, kink: true })
    expect(judged(relu, 1e-8, -0.01)).toMatchObject({ ok: false, kink: true })
  })

  test('far from it, it is not seen', () => {
    expect(judged(relu, 0.01, 1)).toMatchObject({ ok: true, kink: false })
    expect(judged(relu, -0.01, 0)).toMatchObject({ ok: true, kink: false })
  })

  test('a kink on a curved function', () => {
    const f = (x: number) => Math.exp(x) + 0.1 * Math.abs(x)
    expect(judged(f, 0, 1)).toMatchObject({ ok: true, kink: true })
    expect(judged(f, 5e-4, Math.exp(5e-4) + 0.1)).toMatchObject({ ok: true, kink: true })
  })

  test('two kinks around the point', () => {
    const f = (x: number) => Math.abs(x - 3e-4) + Math.abs(x + 1e-4)
    expect(judged(f, 0, 0)).toMatchObject({ ok: true, kink: true })
    expect(judged(f, 0, 1)).toMatchObject({ ok: false })
  })

  test('a jump: the slopes beside it count', () => {
    const f = (x: number) => 3 * x + (x > 0 ? 1 : 0)
    expect(judged(f, 0, 3)).toMatchObject({ ok: true, kink: true })
    expect(judged(f, 1e-5, 3)).toMatchObject({ ok: true, kink: true })
    expect(judged(f, 0, 5)).toMatchObject({ ok: false, kink: true })
  })

  test('the end of the domain', () => {
    expect(judged(Math.sqrt, 0, Number.POSITIVE_INFINITY)).toMatchObject({ ok: false, kink: true })
    expect(judged(Math.sqrt, 1e-4, 50)).toMatchObject({ ok: true, kink: false })
  })

  test('several outputs at a kink: any mixture of their sides passes, no more', () => {
    const line = (t: number) => Float64Array.of(Math.max(t, 0), Math.max(-t, 0))
    const weights = Float64Array.of(1, 1)
    expect(judge(line, line(0), weights, 0, ACCURACY)).toMatchObject({ ok: true, kink: true })
    expect(judge(line, line(0), weights, 1, ACCURACY).ok).toBe(true)
    expect(judge(line, line(0), weights, 1.01, ACCURACY).ok).toBe(false)
  })
})
