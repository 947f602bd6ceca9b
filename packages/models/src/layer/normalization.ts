import { cast, type Shape, shapeText, stopGradient, type Tensor, ValueError } from '@cotangent/core'
import { add, mean, mul, normalize, layerNorm as normalizeLayer, variance } from '@cotangent/ops'
import * as init from '../init.ts'
import { kindOf } from '../kind.ts'
import { type Layer, layerOf, type SameShape } from '../layer.ts'
import { numberOption } from '../option.ts'

export interface BatchNormOptions {
  /** The share of the running statistics that a training step keeps: running = momentum · running + (1 − momentum) · batch. Default: 0.9. */
  readonly momentum?: number
  /** Added to the variance. Default: 1e-5. */
  readonly epsilon?: number
  /** Keep the running variance with n − 1 in its denominator, as PyTorch and TensorFlow do, instead of n. Default: false. */
  readonly unbiased?: boolean
}

/**
 * Batch normalisation (Ioffe and Szegedy, 2015) of each feature of a flat input, or each channel of an image: in training by the
 * mean and biased variance of the batch, in inference by the running ones, which are the layer's state and start at 0 and 1.
 * Then scaled by gamma and shifted by beta, which are learnt.
 *
 * @throws ValueError for a momentum outside [0, 1) or a negative epsilon.
 * @example
 * layer.batchNorm({ momentum: 0.99, epsilon: 1e-3 })
 */
export const batchNorm = (options: BatchNormOptions = {}): Layer<SameShape> => layerOf(batchNormKind, options)

export const batchNormKind = kindOf({
  name: 'batchNorm',
  options: ({ momentum = 0.9, epsilon = 1e-5, unbiased = false }: BatchNormOptions) => ({
    momentum: numberOption('batchNorm', 'momentum', momentum, { low: 0, high: 1 }),
    epsilon: numberOption('batchNorm', 'epsilon', epsilon, { low: 0 }),
    unbiased,
  }),
  output: (input) => (input.length > 0 ? input : 'batchNorm: needs an input with features or channels, got []'),
  parameters: ([channels = 0]) => scaleAndShift([channels]),
  state: ([channels = 0]) => ({
    mean: { shape: [channels], initializer: init.zeros() },
    variance: { shape: [channels], initializer: init.ones() },
  }),
  apply(x, { params: { gamma, beta }, state, options: { momentum, epsilon, unbiased }, training }) {
    const axes = [...x.shape.keys()].filter((axis) => axis !== 1)
    if (!training) return normalize(x, state.mean, state.variance, gamma, beta, { axes, epsilon })
    const batch = { mean: mean(x, { axis: axes }), variance: variance(x, { axis: axes }) }
    const running = (before: Tensor, now: Tensor): Tensor =>
      add(mul(before, momentum), mul(cast(stopGradient(now), before.dtype), 1 - momentum))
    return [
      normalize(x, batch.mean, batch.variance, gamma, beta, { axes, epsilon }),
      {
        mean: running(state.mean, batch.mean),
        variance: running(state.variance, unbiased ? mul(batch.variance, besselCorrection(x.shape)) : batch.variance),
      },
    ]
  },
})

/** n / (n − 1) for the n values of a feature in the batch. */
function besselCorrection(shape: Shape): number {
  const count = shape.reduce((product, length, axis) => (axis === 1 ? product : product * length), 1)
  if (count < 2)
    throw new ValueError(
      `batchNorm: one value of each feature, in a batch of shape ${shapeText(shape)}, has no unbiased variance; train on larger batches`,
    )
  return count / (count - 1)
}

/**
 * Layer normalisation (Ba, Kiros and Hinton, 2016): each sample by its own mean and biased variance over all its elements, then
 * scaled by gamma and shifted by beta, which have the sample's shape and are learnt.
 *
 * @throws ValueError for a negative epsilon.
 * @example
 * layer.layerNorm()
 */
export const layerNorm = (
  options: { /** Added to the variance. Default: 1e-5. */ readonly epsilon?: number } = {},
): Layer<SameShape> => layerOf(layerNormKind, options)

export const layerNormKind = kindOf({
  name: 'layerNorm',
  options: ({ epsilon = 1e-5 }: { readonly epsilon?: number }) => ({
    epsilon: numberOption('layerNorm', 'epsilon', epsilon, { low: 0 }),
  }),
  output: (input) => (input.length > 0 ? input : 'layerNorm: needs an input with features, got []'),
  parameters: (input) => scaleAndShift(input),
  apply: (x, { params: { gamma, beta }, options }) => normalizeLayer(x, gamma, beta, options),
})

const scaleAndShift = (shape: Shape) => ({
  gamma: { shape, initializer: init.ones() },
  beta: { shape, initializer: init.zeros() },
})
