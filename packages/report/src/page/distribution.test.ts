import { randomKey } from '@cotangent/core'
import { normal } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { distributionOf } from './distribution.ts'

const sample = normal(randomKey(3), [20_000], { mean: 2, std: 0.5 }).data

test('mean and deviation are those of the values, over all arrays', () => {
  const { count, mean, deviation, zeros } = distributionOf([sample.slice(0, 5000), sample.slice(5000)], 'linear')
  expect([count, zeros]).toEqual([20_000, 0])
  expect(mean).toBeCloseTo(2, 1)
  expect(deviation).toBeCloseTo(0.5, 1)
})

test('each value is in the bin where it lies', () => {
  const { low, high, counts } = distributionOf([sample], 'linear').histogram
  const wide = (high - low) / counts.length
  for (const [at, count] of counts.entries()) {
    const last = at === counts.length - 1
    const within = Array.from(sample).filter((value) => {
      const place = (value - low) / wide
      return place >= at && (place < at + 1 || last)
    })
    expect(Math.abs(within.length - count)).toBeLessThanOrEqual(1)
  }
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20_000)
})

test('a logarithmic histogram counts magnitudes, without zeros', () => {
  const { zeros, histogram } = distributionOf([new Float32Array([0, 0, -0.001, 1000])], 'log10')
  expect(zeros).toBe(2)
  expect([histogram.low, histogram.high]).toEqual([expect.closeTo(-3), expect.closeTo(3)])
  expect([histogram.counts[0], histogram.counts.at(-1)]).toEqual([1, 1])
})

test('what is not finite is counted apart', () => {
  const { count, notFinite, mean } = distributionOf(
    [new Float32Array([1, Number.NaN, Number.POSITIVE_INFINITY, 3])],
    'linear',
  )
  expect([count, notFinite, mean]).toEqual([4, 2, 2])
})

test('equal values fill one bin, zeros none', () => {
  const equal = distributionOf([new Float32Array([5, 5, 5])], 'linear').histogram
  expect(equal.low).toBeLessThan(5)
  expect(equal.high).toBeGreaterThan(5)
  expect(Math.max(...equal.counts)).toBe(3)
  expect(distributionOf([new Float32Array(4)], 'log10').histogram.counts).toEqual([])
})
