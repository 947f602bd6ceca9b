/** A point of a curve by iteration, counted from 1. */
export interface CurvePoint {
  readonly iteration: number
  readonly value: number
}

/**
 * At most about `most` points of the curve through `values`: all, or the least and the greatest of each of equal stretches, so
 * that no peak is lost. What is not finite is left out.
 */
export function thinned(values: readonly number[], most: number): CurvePoint[] {
  const finite: number[] = []
  for (let at = 0; at < values.length; at++) if (Number.isFinite(values[at])) finite.push(at)
  const pointAt = (at: number): CurvePoint => ({ iteration: at + 1, value: values[at]! })
  if (finite.length <= most) return finite.map(pointAt)
  const stretches = Math.max(1, Math.floor(most / 2))
  return Array.from({ length: stretches }, (_, index) => {
    const from = Math.floor((index * finite.length) / stretches)
    const to = Math.floor(((index + 1) * finite.length) / stretches)
    let least = finite[from]!
    let greatest = least
    for (let place = from; place < to; place++) {
      const at = finite[place]!
      if (values[at]! < values[least]!) least = at
      if (values[at]! > values[greatest]!) greatest = at
    }
    const ends = least === greatest ? [least] : [Math.min(least, greatest), Math.max(least, greatest)]
    return ends.map(pointAt)
  }).flat()
}

/**
 * The exponential moving average of the finite values, a value counting half as much about 0.35 · `span` iterations on; divided by
 * the sum of its weights so far, so that it does not start at zero (Kingma and Ba, "Adam", 2015, section 3). NaN before the
 * first finite value.
 */
export function smoothed(values: readonly number[], span: number): number[] {
  const keep = 1 - 2 / (span + 1)
  let sum = 0
  let weights = 0
  return values.map((value) => {
    if (Number.isFinite(value)) {
      sum = keep * sum + (1 - keep) * value
      weights = keep * weights + (1 - keep)
    }
    return sum / weights
  })
}

/** Over how many iterations a curve of so many is smoothed: a fiftieth of them, but no fewer than ten. */
export const smoothingSpan = (iterations: number): number => Math.max(10, Math.round(iterations / 50))
