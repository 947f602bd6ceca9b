import {
  type AnyTensor,
  add,
  cast,
  mul,
  ShapeError,
  sum,
  Tensor,
  type Tree,
  treeLeaves,
  treeMap,
} from '@cotangent/core'
import { div, greater, sqrt, square, where } from '@cotangent/ops'
import { placesBeside, withLeaves } from './beside.ts'
import { checkFromZero } from './check.ts'

/** A function from the gradients (and the parameters they belong to) to the gradients that the optimiser uses. */
export type GradientTransform = (gradients: Tree, params: Tree) => Tree

/** Which parameters weight decay applies to: is given the parameter, and its place in the tree, as in `.hidden.w`. */
export type Decays = (parameter: AnyTensor, path: string) => boolean

export interface WeightDecayOptions {
  /** Default: all parameters. `(p) => p.rank > 1` leaves out biases, as the book does. */
  readonly decays?: Decays
}

/**
 * Adds `rate` · parameter to each gradient: the gradient of the penalty ½ · rate · ‖parameter‖² ("Deep Learning from Scratch",
 * chapter 6.4). With adaptive optimisers the penalty is scaled like the gradient; {@link adamW} has the decoupled form.
 *
 * @throws ValueError for a rate that is negative or not finite.
 * @example
 * sgd({ learningRate: 0.1, transforms: [weightDecay(1e-4, { decays: (p) => p.rank > 1 })] })
 */
export function weightDecay(rate: number, { decays = () => true }: WeightDecayOptions = {}): GradientTransform {
  checkFromZero('weightDecay', 'the rate', rate)
  return (gradients, params) => {
    const decayed = placesBeside(gradients, params).map(({ leaf: gradient, path, others: [parameter] }) => {
      if (!(parameter instanceof Tensor))
        throw new ShapeError(`weightDecay: the gradient ${path} has no parameter; pass the parameters it was taken by`)
      return decays(parameter, path) ? add(gradient, mul(cast(parameter, gradient.dtype), rate)) : gradient
    })
    return withLeaves(gradients, decayed)
  }
}

/**
 * Scales all gradients by one factor so that their global norm is at most `maxNorm`; smaller gradients pass unchanged.
 * R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1. Gradients
 * that are NaN or infinite do not become finite by it.
 *
 * @throws ValueError for a norm that is negative or not finite.
 * @example
 * adam({ transforms: [clipByGlobalNorm(1)] })
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransform {
  checkFromZero('clipByGlobalNorm', 'the norm', maxNorm)
  return (gradients) => {
    const total = sumOfSquares(gradients)
    if (total === undefined) return gradients
    const above = greater(total, maxNorm ** 2)
    // The root of what is not above is never taken: its derivative at 0 is infinite.
    const scale = where(above, div(maxNorm, sqrt(where(above, total, 1))), 1)
    return treeMap((gradient) => mul(gradient, cast(scale, gradient.dtype)), gradients)
  }
}

/**
 * The Euclidean norm of all tensors of a tree taken together, as one vector: a float64 scalar, 0 for a tree without tensors.
 *
 * @example
 * globalNorm({ w: tensor([3]), b: tensor([4]) }).item() // 5
 */
export function globalNorm(gradients: Tree): Tensor<'float64'> {
  return sqrt(sumOfSquares(gradients) ?? 0) as Tensor<'float64'>
}

const sumOfSquares = (gradients: Tree): Tensor<'float64'> | undefined =>
  treeLeaves(gradients)
    .map((gradient) => cast(sum(square(gradient)), 'float64'))
    .reduce<Tensor<'float64'> | undefined>((total, part) => (total === undefined ? part : add(total, part)), undefined)
