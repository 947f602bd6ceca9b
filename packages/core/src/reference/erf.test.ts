import fc from 'fast-check'
import { expect, test } from 'vitest'
import { erf } from './erf.ts'

// From the Maclaurin series in 60 digits, at the exact value of each float64.
const TABLE = [
  [1e-10, 1.1283791670955126e-10],
  [1e-3, 1.1283787909692365e-3],
  [0.1, 0.1124629160182849],
  [0.25, 0.27632639016823696],
  [0.5, 0.5204998778130465],
  [0.75, 0.7111556336535152],
  [1, 0.8427007929497149],
  [1.25, 0.9229001282564582],
  [1.5, 0.9661051464753108],
  [2, 0.9953222650189527],
  [2.25, 0.9985372834133188],
  [2.5, 0.999593047982555],
  [2.75, 0.9998993780778803],
  [3, 0.9999779095030014],
  [3.5, 0.9999992569016276],
  [4, 0.9999999845827421],
  [5, 0.9999999999984626],
  [5.5, 0.9999999999999927],
] as const

test.each(TABLE)('erf(%f) to 1e-15, and odd', (x, expected) => {
  expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(1e-15 * expected)
  expect(erf(-x)).toBe(-erf(x))
})

test('the ends', () => {
  expect(erf(0)).toBe(0)
  expect(Object.is(erf(-0), -0)).toBe(true)
  expect([erf(6), erf(1e300), erf(Number.POSITIVE_INFINITY), erf(Number.NEGATIVE_INFINITY)]).toEqual([1, 1, 1, -1])
  expect(erf(Number.NaN)).toBeNaN()
})

test('rises, also where the two formulas meet', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.double({ min: 1e-6, max: 1, noNaN: true }),
      (x, step) => {
        expect(erf(x + step)).toBeGreaterThanOrEqual(erf(x))
      },
    ),
    { seed: 70, numRuns: 1000 },
  )
  expect(erf(2.5 + 1e-12)).toBeGreaterThanOrEqual(erf(2.5 - 1e-12))
})
