import { add, mul } from '@cotangent/core'
import { sub } from '@cotangent/ops'
import { checkShare } from './check.ts'
import { defineOptimizer, type Optimizer, type OptimizerOptions } from './optimizer.ts'

/**
 * Stochastic gradient descent: p ← p − η·g ("Deep Learning from Scratch", chapter 6.1.2). Default η = 0.01.
 *
 * @throws ValueError for a learning rate that is negative or not finite.
 * @example
 * const optimizer = sgd({ learningRate: 0.1 })
 * const start = { w: ones([2]) }
 * const [params, slots] = optimizer.update(start, { w: tensor([1, 2]) }, optimizer.init(start))
 * params.w // [0.9 0.8]
 */
export function sgd({ learningRate = 0.01, transforms }: OptimizerOptions = {}): Optimizer {
  return defineOptimizer({
    name: 'sgd',
    learningRate,
    transforms,
    keeps: [],
    rule: (p, g, _, { learningRate }) => [sub(p, mul(learningRate, g)), {}],
  })
}

export interface MomentumOptions extends OptimizerOptions {
  /** The share of the velocity that is kept at each step. Default: 0.9. */
  readonly momentum?: number
}

/**
 * Gradient descent with momentum: v ← µ·v − η·g, p ← p + v ("Deep Learning from Scratch", chapter 6.1.4). The learning rate is
 * inside the velocity, so a change of rate acts gradually. Defaults η = 0.01, µ = 0.9.
 *
 * @throws ValueError for a momentum outside [0, 1), or a learning rate that is negative or not finite.
 * @example
 * momentum({ learningRate: 0.01, momentum: 0.9 })
 */
export function momentum({ learningRate = 0.01, momentum = 0.9, transforms }: MomentumOptions = {}): Optimizer {
  checkShare('momentum', 'momentum', momentum)
  return defineOptimizer({
    name: 'momentum',
    learningRate,
    transforms,
    keeps: ['velocity'],
    rule: (p, g, kept, { learningRate }) => {
      const velocity = sub(mul(kept.velocity, momentum), mul(learningRate, g))
      return [add(p, velocity), { velocity }]
    },
  })
}

/**
 * Nesterov's accelerated gradient in the form of the book, where gradients are taken at the parameters themselves: with the old
 * v, p ← p + µ²·v − (1 + µ)·η·g and v ← µ·v − η·g, which is p ← p + µ·v − η·g with the new v. Y. Bengio, N.
 * Boulanger-Lewandowski and R. Pascanu, "Advances in Optimizing Recurrent Networks" (2012), equations 6 and 7. (Listings of the
 * book that renew v before they use µ²·v take another, shorter step.) Defaults η = 0.01, µ = 0.9.
 *
 * @throws ValueError for a momentum outside [0, 1), or a learning rate that is negative or not finite.
 * @example
 * nesterov({ learningRate: 0.01, momentum: 0.9 })
 */
export function nesterov({ learningRate = 0.01, momentum = 0.9, transforms }: MomentumOptions = {}): Optimizer {
  checkShare('nesterov', 'momentum', momentum)
  return defineOptimizer({
    name: 'nesterov',
    learningRate,
    transforms,
    keeps: ['velocity'],
    rule: (p, g, kept, { learningRate }) => {
      const step = mul(learningRate, g)
      const velocity = sub(mul(kept.velocity, momentum), step)
      return [sub(add(p, mul(velocity, momentum)), step), { velocity }]
    },
  })
}
