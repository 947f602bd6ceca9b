import { expect, test } from 'vitest'
import { smoothed, smoothingSpan, thinned } from './curves.ts'

const wave = Array.from({ length: 12_000 }, (_, at) => Math.sin(at / 7) + (at === 7777 ? 100 : 0))

test('a thinned curve keeps its peak, its order and its ends in sight', () => {
  const points = thinned(wave, 800)
  expect(points.length).toBeLessThanOrEqual(800)
  expect(points.length).toBeGreaterThan(700)
  expect(points.every(({ iteration, value }) => wave[iteration - 1] === value)).toBe(true)
  expect(points.every(({ iteration }, at) => at === 0 || iteration > points[at - 1]!.iteration)).toBe(true)
  expect(points.some(({ iteration }) => iteration === 7778)).toBe(true)
})

test('a short curve keeps all its points but those that are no numbers', () => {
  expect(thinned([3, Number.NaN, 1, Number.POSITIVE_INFINITY], 800)).toEqual([
    { iteration: 1, value: 3 },
    { iteration: 3, value: 1 },
  ])
})

test('smoothing leaves a constant as it is, from its start on', () => {
  for (const value of smoothed([4, 4, Number.NaN, 4, 4], 10)) expect(value).toBeCloseTo(4, 12)
})

test('smoothing is the weighted mean of what was before', () => {
  // Span 3 keeps a half: weights 1/2, 1/4, 1/8 from the latest back.
  expect(smoothed([8, 4, 2], 3)[2]).toBeCloseTo((2 / 2 + 4 / 4 + 8 / 8) / (7 / 8), 12)
})

test('half the weight of a smoothed curve is on the last 0.35 spans', () => {
  const span = 1000
  const step = Array.from({ length: 8000 }, (_, at) => (at < 6000 ? 0 : 1))
  expect(smoothed(step, span)[6000 + Math.round(0.35 * span)]).toBeCloseTo(0.5, 1)
})

test('the span grows with the run', () => expect([50, 12_000].map(smoothingSpan)).toEqual([10, 240]))
