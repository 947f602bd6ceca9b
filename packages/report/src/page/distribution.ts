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
  const count = arrays.reduce((sum, { length }) => sum + length, 0)
  /** Where each finite value other than zero is on the scale. */
  const places = new Float64Array(count)
  let [placed, zeros, sum, squares] = [0, 0, 0, 0]
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  // In one pass, and by index: before the engine has optimised it, either is what it takes time for.
  for (const values of arrays) {
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!
      if (value === 0) zeros++
      else if (Number.isFinite(value)) {
        sum += value
        squares += value * value
        const place = scale === 'linear' ? value : Math.log10(Math.abs(value))
        if (place < low) low = place
        if (place > high) high = place
        places[placed++] = place
      }
    }
  }
  const finite = placed + zeros
  const mean = finite === 0 ? 0 : sum / finite
  const deviation = finite === 0 ? 0 : Math.sqrt(Math.max(0, squares / finite - mean * mean))
  const histogram = histogramOf(places.subarray(0, placed), { scale, low, high })
  return { count, zeros, notFinite: count - finite, mean, deviation, histogram }
}

/** How many places are in each of the bins from the lowest to the highest of them. */
function histogramOf(places: Float64Array, { scale, ...ends }: Omit<Histogram, 'counts'>): Histogram {
  if (places.length === 0) return { scale, low: 0, high: 1, counts: [] }
  // Values that are all equal get bins of some width around them.
  const margin = ends.low < ends.high ? 0 : Math.abs(ends.low) / 2 || 0.5
  const [low, high] = [ends.low - margin, ends.high + margin]
  const counts = new Array<number>(BINS).fill(0)
  const perUnit = BINS / (high - low)
  for (let at = 0; at < places.length; at++) {
    const bin = Math.min(BINS - 1, Math.floor((places[at]! - low) * perUnit))
    counts[bin] = counts[bin]! + 1
  }
  return { scale, low, high, counts }
}
