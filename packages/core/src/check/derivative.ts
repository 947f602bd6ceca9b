import { findKink, slopesBeside } from './kink.ts'
import { type Line, ROUNDINGS } from './line.ts'

/** A derivative along a line as the tape and as differences give it. */
export interface Judgement {
  readonly autodiff: number
  /** By differences; at a kink the number nearest to `autodiff` between the two one-sided derivatives. */
  readonly numerical: number
  readonly absoluteError: number
  /** The absolute error over the larger of both magnitudes, or over the scale where that is larger still. */
  readonly relativeError: number
  /** The function bends sharply, jumps or ends here, or so near that a step crossed it. */
  readonly kink: boolean
  readonly ok: boolean
}

export interface Accuracy {
  /** The first step. */
  readonly epsilon: number
  /** The largest relative error that passes. */
  readonly tolerance: number
  /** Relative errors of smaller derivatives are taken against this magnitude. */
  readonly scale: number
}

/** A numerical derivative, and what is known of its error. */
interface Estimate {
  readonly value: number
  /** What rounding may have added. */
  readonly noise: number
}

/** An estimate from central differences at two steps. */
interface CentralEstimate extends Estimate {
  /** By how much the extrapolation moved the value. */
  readonly change: number
  /** The second differences at the step and at half of it, over the step: the latter is half the former where all is smooth. */
  readonly bend: readonly [number, number]
}

/**
 * Judges the derivative `autodiff` of Σ weights · line(t) at t = 0, where the line's outputs are `center`.
 *
 * Central differences D at the steps h and h/2 are extrapolated, R = (4·D(h/2) − D(h))/3, which leaves an error of O(h⁴)
 * (L. F. Richardson, 1911; W. H. Press et al., Numerical Recipes, 3rd ed., section 5.7). Where R and `autodiff` differ, or the
 * second difference does not shrink with the step, the neighbourhood is searched for a kink; then steps that stay clear of it, or
 * finer ones, decide.
 */
export function judge(
  line: Line,
  center: Float64Array,
  weights: Float64Array,
  autodiff: number,
  accuracy: Accuracy,
): Judgement {
  const settled = (one: Estimate): boolean => judgement(autodiff, one, accuracy, false).ok
  let step = accuracy.epsilon
  let estimate = differences(line, weights, center, step)
  let kink = false
  while (!settled(estimate) || bends(estimate, autodiff, accuracy)) {
    const found = findKink(line, weights, step, magnitude(autodiff, estimate, accuracy) * accuracy.tolerance)
    if (found === undefined) break
    if (Math.abs(found.at) <= found.resolution) {
      return judgement(autodiff, nearestSlope(line, weights, autodiff, accuracy.epsilon / 256), accuracy, true)
    }
    // A step that leaves the domain says nothing against the point.
    kink ||= !found.end
    step = Math.abs(found.at) / 2
    estimate = differences(line, weights, center, step)
  }
  for (const finer of [step / 8, step / 64]) {
    if (settled(estimate)) break
    const next = differences(line, weights, center, finer)
    // Of two estimates, the one that extrapolation moved less is nearer to the derivative; NaN is far from everything.
    if (!(next.change + next.noise > estimate.change + estimate.noise)) estimate = next
  }
  return judgement(autodiff, estimate, accuracy, kink)
}

function judgement(autodiff: number, estimate: Estimate, accuracy: Accuracy, kink: boolean): Judgement {
  const numerical = estimate.value
  const absoluteError = autodiff === numerical ? 0 : orInfinity(Math.abs(autodiff - numerical))
  const relativeError = absoluteError === 0 ? 0 : orInfinity(absoluteError / magnitude(autodiff, estimate, accuracy))
  return { autodiff, numerical, absoluteError, relativeError, kink, ok: relativeError <= accuracy.tolerance }
}

const orInfinity = (error: number): number => (Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)

/** What relative errors are taken against; never so small that rounding alone would exceed the tolerance. */
const magnitude = (autodiff: number, { value, noise }: Estimate, { tolerance, scale }: Accuracy): number =>
  Math.max(Math.abs(autodiff), Math.abs(value), scale, noise / tolerance)

function bends({ bend: [full, half], ...estimate }: CentralEstimate, autodiff: number, accuracy: Accuracy): boolean {
  const significant = magnitude(autodiff, estimate, accuracy) * accuracy.tolerance
  return half > 0.6 * full && half > significant && half > 8 * estimate.noise
}

function differences(line: Line, weights: Float64Array, center: Float64Array, step: number): CentralEstimate {
  const [below, lower, upper, above] = [line(-step), line(-step / 2), line(step / 2), line(step)]
  let full = 0
  let half = 0
  let fullBend = 0
  let halfBend = 0
  let rounding = 0
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k]!
    const size = Math.abs(weight)
    const [a, b, m, c, d] = [below[k]!, lower[k]!, center[k]!, upper[k]!, above[k]!]
    // Outputs that the line leaves alone have no rounding either.
    if (a === m && b === m && c === m && d === m) continue
    full += weight * (d - a)
    half += weight * (c - b)
    fullBend += size * Math.abs(a - 2 * m + d)
    halfBend += size * Math.abs(b - 2 * m + c)
    rounding += size * Math.max(Math.abs(a), Math.abs(b), Math.abs(m), Math.abs(c), Math.abs(d))
  }
  const [coarse, fine] = [full / (2 * step), half / step]
  const value = (4 * fine - coarse) / 3
  return {
    value,
    noise: (3 * ROUNDINGS * Number.EPSILON * rounding) / step,
    change: Math.abs(value - fine),
    bend: [fullBend / step, (2 * halfBend) / step],
  }
}

/** The derivative between those of the two sides that is nearest to `autodiff`. */
function nearestSlope(line: Line, weights: Float64Array, autodiff: number, step: number): Estimate {
  const { low, high, noise } = slopesBeside(line, weights, step)
  return { value: Math.min(Math.max(autodiff, low), high), noise }
}
