import { zeros } from '../create.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { grad, jvp } from '../transforms.ts'
import { type Judgement, judge } from './derivative.ts'
import { type Direction, lineAlong } from './line.ts'
import { concatenated, flatOutputs, multiIndex, type Problem, pointOf, scalarOf } from './problem.ts'
import { STREAM, seededSample, seededWeights } from './seeded.ts'

/** How the tape takes the derivative. */
export type DerivativeMode = 'reverse' | 'forward'

/** One derivative by both ways: by an element, or along a random direction. */
export interface DerivativeComparison extends Judgement {
  /** The element, one index an axis; `null` for a direction. */
  readonly index: readonly number[] | null
  /** The number of the random direction; `null` for an element. */
  readonly direction: number | null
}

export interface Sampling {
  readonly seed: number
  readonly epsilon: number
  readonly tolerance: number
  /** Relative errors of smaller derivatives are taken against this; by default a millionth of the largest one. */
  readonly scale: number | undefined
  /** Leaves of more elements are checked at so many of them. */
  readonly maxElements: number
  /** Random directions in each leaf that is not checked at all elements. */
  readonly directions: number
}

/**
 * Errors of derivatives below this share of the largest one are taken against that share: derivatives that cancel to 0 on the tape
 * carry its rounding.
 */
const SCALE_SHARE = 1e-6
const LEAST_SCALE = 1e-6

/** What the tape says about every leaf of `problem`, beside numerical differences: a list for each leaf. */
export function compareLeaves(problem: Problem, mode: DerivativeMode, sampling: Sampling): DerivativeComparison[][] {
  const directions = problem.leaves.map((leaf, which) => directionsOf(leaf.tensor, which, sampling))
  const autodiff =
    mode === 'reverse' ? reverseDerivatives(problem, directions) : forwardDerivatives(problem, directions)
  const center = flatOutputs(problem, pointOf(problem))
  const weights = concatenated(problem.cotangents)
  const scale = sampling.scale ?? scaleOf(autodiff.flat())
  return problem.leaves.map((leaf, which) => {
    let drawn = 0
    return directions[which]!.map((direction, at): DerivativeComparison => {
      const epsilon = sampling.epsilon * stepUnit(leaf.tensor, direction)
      const line = lineAlong(problem, which, direction)
      const judged = judge(line, center, weights, autodiff[which]![at]!, { ...sampling, scale, epsilon })
      return typeof direction === 'number'
        ? { index: multiIndex(direction, leaf.tensor.shape), direction: null, ...judged }
        : { index: null, direction: drawn++, ...judged }
    })
  })
}

/** The elements, and the random directions of length 1, along which a leaf is checked. */
function directionsOf(leaf: Tensor, which: number, { seed, maxElements, directions }: Sampling): Direction[] {
  const elements: Direction[] = seededSample(seed, [STREAM.elements, which], leaf.size, maxElements)
  if (leaf.size <= maxElements) return elements
  const vectors = Array.from({ length: directions }, (_, at) => {
    const vector = seededWeights(seed, [STREAM.direction, which * 2 ** 16 + at], leaf.size)
    const length = lengthOf(vector)
    return vector.map((value) => value / length)
  })
  return [...elements, ...vectors]
}

const lengthOf = (vector: Float64Array): number => Math.sqrt(vector.reduce((total, value) => total + value * value, 0))

/** The gradient once, multiplied with each direction. */
function reverseDerivatives(problem: Problem, directions: readonly Direction[][]): number[][] {
  // All leaves are floats, so that each has a gradient.
  const gradients = grad(scalarOf(problem))(pointOf(problem)) as readonly Tensor[]
  return directions.map((ofLeaf, which) => {
    const gradient = gradients[which]!.data
    return ofLeaf.map((direction) =>
      typeof direction === 'number'
        ? gradient[direction]!
        : direction.reduce((total, value, index) => total + value * gradient[index]!, 0),
    )
  })
}

/** One jvp for each direction. */
function forwardDerivatives(problem: Problem, directions: readonly Direction[][]): number[][] {
  const f = scalarOf(problem)
  const point = pointOf(problem)
  const still = point.map((leaf): Tensor => zeros(leaf.shape, { dtype: 'float64' }))
  return directions.map((ofLeaf, which) =>
    ofLeaf.map((direction) => {
      const tangents = still.with(which, tangentOf(direction, point[which]!))
      return jvp(f, [point], [tangents])[1].item()
    }),
  )
}

function tangentOf(direction: Direction, { shape, size }: Tensor): Tensor {
  if (typeof direction !== 'number') return tensor(direction, { shape })
  const values = new Float64Array(size)
  values[direction] = 1
  return tensor(values, { shape, adopt: true })
}

function scaleOf(derivatives: readonly number[]): number {
  const finite = derivatives.filter(Number.isFinite).map(Math.abs)
  return finite.reduce((largest, one) => Math.max(largest, SCALE_SHARE * one), LEAST_SCALE)
}

/** The power of two next below the size of what is moved, so that steps are exact; at least 1. */
function stepUnit({ data, size }: Tensor, direction: Direction): number {
  const magnitude =
    typeof direction === 'number' ? Math.abs(data[direction]!) : lengthOf(Float64Array.from(data)) / Math.sqrt(size)
  return Number.isFinite(magnitude) ? 2 ** Math.max(0, Math.floor(Math.log2(magnitude))) : 1
}
