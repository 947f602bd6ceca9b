import { add, cast, mul, type Tensor } from '@cotangent/core'
import { div, pow, sqrt, square, sub } from '@cotangent/ops'
import { root } from './adaptive.ts'
import { checkFromZero, checkShare } from './check.ts'
import { defineOptimizer, type Optimizer, type OptimizerDefinition, type OptimizerOptions } from './optimizer.ts'
import type { Decays } from './transform.ts'

export interface AdamOptions extends OptimizerOptions {
  /** The share of the running average of gradients that is kept at each step. Default: 0.9. */
  readonly beta1?: number
  /** The share of the running average of squared gradients that is kept at each step. Default: 0.999. */
  readonly beta2?: number
  /** Added to the corrected root, outside it. Default: 1e-8. */
  readonly epsilon?: number
}

/**
 * Adam: m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², and with the averages corrected for their start at zero, m̂ = m / (1 − β₁ᵗ)
 * and v̂ = v / (1 − β₂ᵗ), p ← p − η·m̂ / (√v̂ + ε). D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization" (2015),
 * algorithm 1, with its defaults η = 0.001, β₁ = 0.9, β₂ = 0.999, ε = 1e-8. ("Deep Learning from Scratch" has the rearranged
 * form of the paper's section 2, which adds ε = 1e-7 to √v before the correction: the same step where gradients are well above ε.)
 *
 * @throws ValueError for a beta outside [0, 1), or an epsilon or a learning rate that is negative or not finite.
 * @example
 * adam({ learningRate: 0.001, transforms: [clipByGlobalNorm(1)] })
 */
export const adam = (options: AdamOptions = {}): Optimizer => defineOptimizer(adamDefinition('adam', options))

export interface AdamWOptions extends AdamOptions {
  /** λ. Default: 0.01. */
  readonly weightDecay?: number
  /** Which parameters decay. Default: all. `(p) => p.rank > 1` leaves out biases. */
  readonly decays?: Decays
}

/**
 * Adam with decoupled weight decay: besides Adam's step, p ← p − η·λ·p, which the running averages do not see. I. Loshchilov and
 * F. Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2, with the decay scaled by the learning rate, as
 * implementations do, so that a schedule acts on both. Default λ = 0.01; the others as in {@link adam}.
 *
 * @throws ValueError for a beta outside [0, 1), or an epsilon, a decay or a learning rate that is negative or not finite.
 * @example
 * adamW({ learningRate: 0.001, weightDecay: 0.01, decays: (p) => p.rank > 1 })
 */
export function adamW({ weightDecay = 0.01, decays = () => true, ...options }: AdamWOptions = {}): Optimizer {
  checkFromZero('adamW', 'weightDecay', weightDecay)
  const definition = adamDefinition('adamW', options)
  return defineOptimizer({
    ...definition,
    rule: (p, g, kept, context) => {
      const decayed = decays(p, context.path) ? sub(p, mul(mul(context.learningRate, weightDecay), p)) : p
      return definition.rule(decayed, g, kept, context)
    },
  })
}

function adamDefinition(name: string, options: AdamOptions): OptimizerDefinition<'mean' | 'squares'> {
  const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, transforms } = options
  checkShare(name, 'beta1', beta1)
  checkShare(name, 'beta2', beta2)
  checkFromZero(name, 'epsilon', epsilon)
  return {
    name,
    learningRate,
    transforms,
    keeps: ['mean', 'squares'],
    rule: (p, g, kept, { learningRate, step }) => {
      const mean = add(mul(kept.mean, beta1), mul(g, 1 - beta1))
      const squares = add(mul(kept.squares, beta2), mul(square(g), 1 - beta2))
      // The corrections are scalars: dividing η and √v by them costs no pass over the parameters.
      const rate = cast(div(learningRate, correction(beta1, step)), p.dtype)
      const spread = div(root(squares), cast(sqrt(correction(beta2, step)), p.dtype))
      return [sub(p, mul(rate, div(mean, add(spread, epsilon)))), { mean, squares }]
    },
  }
}

/** 1 − βᵗ, in float64: in float32, 1 − 0.999 has but four digits. */
const correction = (beta: number, step: Tensor<'int32'>): Tensor<'float64'> =>
  sub(1, pow(beta, cast(step, 'float64'))) as Tensor<'float64'>
