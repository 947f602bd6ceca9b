import type { ReadonlyData } from '@cotangent/core'
import type { Distribution, Histogram } from './report.ts'

/** How many bins a histogram has. */
const BINS = 64

/**
 * How values are spread, over all the arrays together.
 *
 * @param scale `log10` counts magnitudes by their decimal logarithm, as suits gradients, whose sizes differ by orders of
 * magnitude.
 */
export function distributionOf(arrays: readonly ReadonlyData[], scale: Histogram['scale']): Distribution {
  let count = 0
  let zeros = 0
  let finite = 0
  let sum = 0
  let squares = 0
  for (const values of arrays) {
    count += values.length
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!
      if (!Number.isFinite(value)) continue
      finite++
      if (value === 0) zeros++
      sum += value
      squares += value * value
    }
  }
  const mean = finite === 0 ? 0 : sum / finite
  const deviation = finite === 0 ? 0 : Math.sqrt(Math.max(0, squares / finite - mean * mean))
  return { count, zeros, notFinite: count - finite, mean, deviation, histogram: histogramOf(arrays, scale) }
}

function histogramOf(arrays: readonly ReadonlyData[], scale: Histogram['scale']): Histogram {
  const places = placesOf(arrays, scale)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  // By index: typed arrays are walked much more slowly by an iterator, before the engine has optimised it.
  for (let at = 0; at < places.length; at++) {
    if (places[at]! < low) low = places[at]!
    if (places[at]! > high) high = places[at]!
  }
  if (low > high) return { scale, low: 0, high: 1, counts: [] }
  if (low === high) {
    // Values that are all equal get bins of some width around them.
    const margin = Math.abs(low) / 2 || 0.5
    low -= margin
    high += margin
  }
  const counts = new Array<number>(BINS).fill(0)
  const perUnit = BINS / (high - low)
  for (let at = 0; at < places.length; at++) {
    const bin = Math.min(BINS - 1, Math.floor((places[at]! - low) * perUnit))
    counts[bin] = counts[bin]! + 1
  }
  return { scale, low, high, counts }
}

/** Where each finite value other than zero is on the scale. */
function placesOf(arrays: readonly ReadonlyData[], scale: Histogram['scale']): Float64Array {
  const places = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let count = 0
  for (const values of arrays) {
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!
      if (value === 0 || !Number.isFinite(value)) continue
      places[count++] = scale === 'linear' ? value : Math.log10(Math.abs(value))
    }
  }
  return places.subarray(0, count)
}
