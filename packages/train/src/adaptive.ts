import { add, mul, type Tensor } from '@cotangent/core'
import { div, maximum, sqrt, square, sub } from '@cotangent/ops'
import { checkFromZero, checkShare } from './check.ts'
import { defineOptimizer, type Optimizer, type OptimizerOptions, SMALLEST } from './optimizer.ts'

export interface AdaGradOptions extends OptimizerOptions {
  /** Added to the root, outside it. Default: 1e-7. */
  readonly epsilon?: number
}

/**
 * AdaGrad: h ← h + g², p ← p − η·g / (√h + ε) ("Deep Learning from Scratch", chapter 6.1.5; J. Duchi, E. Hazan and Y. Singer,
 * "Adaptive Subgradient Methods", 2011). Defaults η = 0.01, ε = 1e-7, as in the book.
 *
 * @throws ValueError for an epsilon or a learning rate that is negative or not finite.
 * @example
 * adaGrad({ learningRate: 0.01 })
 */
export function adaGrad({ learningRate = 0.01, epsilon = 1e-7, transforms }: AdaGradOptions = {}): Optimizer {
  checkFromZero('adaGrad', 'epsilon', epsilon)
  return defineOptimizer({
    name: 'adaGrad',
    learningRate,
    transforms,
    keeps: ['squares'],
    rule: (p, g, kept, { learningRate }) => {
      const squares = add(kept.squares, square(g))
      return [sub(p, div(mul(learningRate, g), add(root(squares), epsilon))), { squares }]
    },
  })
}

export interface RmsPropOptions extends OptimizerOptions {
  /** The share of the running average of squares that is kept at each step. Default: 0.99. */
  readonly decayRate?: number
  /** Added to the root, outside it. Default: 1e-7. */
  readonly epsilon?: number
}

/**
 * RMSProp: h ← ρ·h + (1 − ρ)·g², p ← p − η·g / (√h + ε), T. Tieleman and G. Hinton, "Neural Networks for Machine Learning",
 * lecture 6.5 (2012). Defaults η = 0.01, ρ = 0.99, ε = 1e-7, as in the code of "Deep Learning from Scratch", chapter 6.
 *
 * @throws ValueError for a decay rate outside [0, 1), or an epsilon or a learning rate that is negative or not finite.
 * @example
 * rmsProp({ learningRate: 0.001, decayRate: 0.99 })
 */
export function rmsProp(options: RmsPropOptions = {}): Optimizer {
  const { learningRate = 0.01, decayRate = 0.99, epsilon = 1e-7, transforms } = options
  checkShare('rmsProp', 'decayRate', decayRate)
  checkFromZero('rmsProp', 'epsilon', epsilon)
  return defineOptimizer({
    name: 'rmsProp',
    learningRate,
    transforms,
    keeps: ['squares'],
    rule: (p, g, kept, { learningRate }) => {
      const squares = add(mul(kept.squares, decayRate), mul(square(g), 1 - decayRate))
      return [sub(p, div(mul(learningRate, g), add(root(squares), epsilon))), { squares }]
    },
  })
}

/**
 * √x, at least 2⁻⁶³, which any useful ε outweighs. √ itself has an infinite derivative at 0, so that derivatives through an update
 * would be NaN for every parameter whose gradients have all been 0.
 */
export const root = (x: Tensor): Tensor => sqrt(maximum(x, SMALLEST.float32))
