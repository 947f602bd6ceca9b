import { adam, adamW } from '../adam.ts'
import { adaGrad, rmsProp } from '../adaptive.ts'
import { momentum, nesterov, sgd } from '../descent.ts'
import type { Optimizer } from '../optimizer.ts'

/** One number's update: its gradients in order, to its values in order. */
type Scalar = (start: number, gradients: readonly number[]) => number[]

const each = (
  start: number,
  gradients: readonly number[],
  next: (p: number, g: number, t: number) => number,
): number[] => {
  const values: number[] = []
  let p = start
  gradients.forEach((g, index) => {
    p = next(p, g, index + 1)
    values.push(p)
  })
  return values
}

export const scalarAdam =
  (rate: number, b1: number, b2: number, epsilon: number, decay = 0): Scalar =>
  (start, gradients) => {
    let m = 0
    let v = 0
    return each(start, gradients, (p, g, t) => {
      m = b1 * m + (1 - b1) * g
      v = b2 * v + (1 - b2) * g * g
      const corrected = m / (1 - b1 ** t)
      return p - rate * decay * p - (rate * corrected) / (Math.sqrt(v / (1 - b2 ** t)) + epsilon)
    })
  }

interface Case {
  readonly name: string
  readonly optimizer: Optimizer
  readonly scalar: Scalar
  /** Learning rates to begin with on the way down two known functions. */
  readonly rates: { readonly bowl: number; readonly valley: number }
}

export const cases: readonly Case[] = [
  {
    name: 'sgd',
    rates: { bowl: 0.05, valley: 0.03 },
    optimizer: sgd({ learningRate: 0.3 }),
    scalar: (start, gradients) => each(start, gradients, (p, g) => p - 0.3 * g),
  },
  {
    name: 'momentum',
    rates: { bowl: 0.05, valley: 0.01 },
    optimizer: momentum({ learningRate: 0.3, momentum: 0.8 }),
    scalar: (start, gradients) => {
      let v = 0
      return each(start, gradients, (p, g) => {
        v = 0.8 * v - 0.3 * g
        return p + v
      })
    },
  },
  {
    // The two lines of the paper, with the old velocity first.
    name: 'nesterov',
    rates: { bowl: 0.05, valley: 0.01 },
    optimizer: nesterov({ learningRate: 0.3, momentum: 0.8 }),
    scalar: (start, gradients) => {
      let v = 0
      return each(start, gradients, (p, g) => {
        const moved = p + 0.8 * 0.8 * v - (1 + 0.8) * 0.3 * g
        v = 0.8 * v - 0.3 * g
        return moved
      })
    },
  },
  {
    name: 'adaGrad',
    rates: { bowl: 0.3, valley: 0.5 },
    optimizer: adaGrad({ learningRate: 0.3, epsilon: 1e-3 }),
    scalar: (start, gradients) => {
      let h = 0
      return each(start, gradients, (p, g) => {
        h += g * g
        return p - (0.3 * g) / (Math.sqrt(h) + 1e-3)
      })
    },
  },
  {
    name: 'rmsProp',
    rates: { bowl: 0.3, valley: 0.1 },
    optimizer: rmsProp({ learningRate: 0.3, decayRate: 0.7, epsilon: 1e-3 }),
    scalar: (start, gradients) => {
      let h = 0
      return each(start, gradients, (p, g) => {
        h = 0.7 * h + 0.3 * g * g
        return p - (0.3 * g) / (Math.sqrt(h) + 1e-3)
      })
    },
  },
  {
    name: 'adam',
    rates: { bowl: 0.3, valley: 0.1 },
    optimizer: adam({ learningRate: 0.3, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }),
    scalar: scalarAdam(0.3, 0.8, 0.95, 1e-3),
  },
  {
    name: 'adamW',
    rates: { bowl: 0.3, valley: 0.1 },
    optimizer: adamW({ learningRate: 0.3, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 }),
    scalar: scalarAdam(0.3, 0.8, 0.95, 1e-3, 0.1),
  },
]
