/** A point of a curve by iteration, counted from 1. */
export interface CurvePoint {
  readonly iteration: number
  readonly value: number
}

/** A curve that is drawn smoothed as well. */
export interface Trend {
  /** Over how many iterations it is smoothed. */
  readonly span: number
  /** As {@link smoothed} gives them. */
  readonly values: readonly number[]
}

/** The losses of a run, smoothed as suits its length. */
export function trendOf(losses: readonly number[]): Trend {
  const span = smoothingSpan(losses.length)
  return { span, values: smoothed(losses, span) }
}

// Thousands of values are walked through once: plain loops take half the time here that functions of each value do.

/**
 * At most about `most` points of the curve through `values`: all, or the least and the greatest of each of equal stretches, so
 * that no peak is lost. What is not finite is left out.
 */
export function thinned(values: readonly number[], most: number): CurvePoint[] {
  const stretch = values.length <= most ? 1 : Math.ceil((2 * values.length) / most)
  const places: number[] = []
  for (let from = 0; from < values.length; from += stretch) {
    const end = Math.min(from + stretch, values.length)
    let [least, greatest] = [-1, -1]
    for (let at = from; at < end; at++) {
      const value = values[at]!
      if (!Number.isFinite(value)) continue
      if (least < 0 || value < values[least]!) least = at
      if (greatest < 0 || value > values[greatest]!) greatest = at
    }
    if (least >= 0) places.push(Math.min(least, greatest))
    if (least !== greatest) places.push(Math.max(least, greatest))
  }
  return places.map((at) => ({ iteration: at + 1, value: values[at]! }))
}

/**
 * The exponential moving average of the finite values, a value counting half as much about 0.35 · `span` iterations on; divided by
 * the sum of its weights so far, so that it does not start at zero (Kingma and Ba, "Adam", 2015, section 3). NaN before the
 * first finite value.
 */
export function smoothed(values: readonly number[], span: number): number[] {
  const keep = 1 - 2 / (span + 1)
  const means: number[] = []
  let sum = 0
  let weights = 0
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!
    if (Number.isFinite(value)) {
      sum = keep * sum + (1 - keep) * value
      weights = keep * weights + (1 - keep)
    }
    means.push(sum / weights)
  }
  return means
}

/** Over how many iterations a curve of so many is smoothed: a fiftieth of them, but no fewer than ten. */
export const smoothingSpan = (iterations: number): number => Math.max(10, Math.round(iterations / 50))
