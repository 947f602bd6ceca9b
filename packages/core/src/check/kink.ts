import { type Line, ROUNDINGS } from './line.ts'

/** Grids of 9 points, each spanning the two neighbours of the sharpest point of the one before. */
const HALF = 4
const ROUNDS = 6
/** A jump, a pole or an end of the domain is not blurred by rounding, and can be found more precisely. */
const ROUNDS_TO_BREAK = 16

export interface Kink {
  /** Where on the line. */
  readonly at: number
  /** How precisely that is known. */
  readonly resolution: number
  /** Beyond it the function is not defined. */
  readonly end: boolean
}

/**
 * A kink, a jump or an end of the domain within `reach` of t = 0, or `undefined` where the outputs are smooth.
 *
 * Where a function is smooth, the second difference over the step, |y(t − δ) − 2y(t) + y(t + δ)|/δ, shrinks with δ; at a kink it
 * stays near the difference of the one-sided derivatives, and at a jump it grows. So the search follows the largest one down four
 * times finer grids. Bends below `significant` are none.
 */
export function findKink(line: Line, weights: Float64Array, reach: number, significant: number): Kink | undefined {
  const sharpness: number[] = []
  let at = 0
  let spacing = reach / HALF
  let resolution = spacing
  let broken = false
  for (let round = 0; round < (broken ? ROUNDS_TO_BREAK : ROUNDS); round++) {
    const sharpest = sharpestOf(line, weights, at, spacing)
    if (sharpest.bend <= 8 * sharpest.noise) break
    broken = sharpest.bend === Number.POSITIVE_INFINITY || sharpest.bend > 2 * (sharpness.at(-1) ?? sharpest.bend)
    sharpness.push(sharpest.bend)
    at = sharpest.at
    resolution = spacing
    spacing /= HALF
  }
  const [before, , last] = sharpness.slice(-3)
  if (before === undefined || last === undefined) return undefined
  const end = last === Number.POSITIVE_INFINITY
  // Two rounds make a smooth bend 16 times smaller.
  return end || (last > 0.4 * before && last > significant) ? { at, resolution, end } : undefined
}

interface Bend {
  readonly at: number
  readonly bend: number
  readonly noise: number
}

/** The sharpest bend among the inner points of a grid around `at`, the one nearest to 0 among equals. */
function sharpestOf(line: Line, weights: Float64Array, at: number, spacing: number): Bend {
  const outputs = Array.from({ length: 2 * HALF + 1 }, (_, index) => line(at + (index - HALF) * spacing))
  const bends = Array.from({ length: 2 * HALF - 1 }, (_, index): Bend => {
    const [left, middle, right] = [outputs[index]!, outputs[index + 1]!, outputs[index + 2]!]
    let bend = 0
    let rounding = 0
    for (let k = 0; k < weights.length; k++) {
      const [a, b, c] = [left[k]!, middle[k]!, right[k]!]
      if (a === b && b === c) continue
      const size = Math.abs(weights[k]!)
      const ends = [a, b, c].filter(Number.isFinite).length
      // The end of the domain is the sharpest of all; beyond it there is nothing to see.
      bend += ends === 3 ? size * Math.abs(a - 2 * b + c) : ends === 0 ? 0 : Number.POSITIVE_INFINITY
      rounding += ends === 3 ? size * Math.max(Math.abs(a), Math.abs(b), Math.abs(c)) : 0
    }
    return {
      at: at + (index + 1 - HALF) * spacing,
      bend: bend / spacing,
      noise: (4 * ROUNDINGS * Number.EPSILON * rounding) / spacing,
    }
  })
  return bends.reduce((best, one) =>
    one.bend > best.bend || (one.bend === best.bend && Math.abs(one.at) < Math.abs(best.at)) ? one : best,
  )
}

/**
 * The range of Σ weights · slope, each output's slope free between those of its two sides at t = 0; where an output is defined on one
 * side alone, its slope there. The output at 0 itself does not count, so that at a jump the slopes are those beside it.
 */
export function slopesBeside(
  line: Line,
  weights: Float64Array,
  step: number,
): { low: number; high: number; noise: number } {
  const left = [line(-step), line(-2 * step), line(-3 * step)] as const
  const right = [line(step), line(2 * step), line(3 * step)] as const
  let low = 0
  let high = 0
  let rounding = 0
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k]!
    const slopes = [(-weight * slopeTo(left, k)) / step, (weight * slopeTo(right, k)) / step].filter(Number.isFinite)
    low += slopes.length > 0 ? Math.min(...slopes) : Number.NaN
    high += slopes.length > 0 ? Math.max(...slopes) : Number.NaN
    if (left[0][k] !== right[0][k]) rounding += Math.abs(weight * (slopes.length > 1 ? left[0][k]! : right[0][k]!))
  }
  return { low, high, noise: (8 * ROUNDINGS * Number.EPSILON * orZero(rounding)) / step }
}

/** The slope at 0 of the parabola through the outputs at 1, 2 and 3: 2.5 times the first difference less 1.5 times the second. */
const slopeTo = ([one, two, three]: readonly [Float64Array, Float64Array, Float64Array], k: number): number =>
  2.5 * (two[k]! - one[k]!) - 1.5 * (three[k]! - two[k]!)

const orZero = (value: number): number => (Number.isFinite(value) ? value : 0)
