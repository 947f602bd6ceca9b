import {
  type AnyTensor,
  add,
  mul,
  normalizeAxes,
  reshape,
  type Shape,
  ShapeError,
  shapeText,
  type Tensor,
  ValueError,
} from '@cotangent/core'
import { div, sub } from './arithmetic.ts'
import { sqrt } from './power.ts'
import { mean, variance } from './reduce.ts'

export interface BatchNormOptions {
  /** The axes that statistics are taken over: [0] for [N, D] (per feature), [0, 2, 3] for [N, C, H, W] (per channel). Default [0]. */
  readonly axes?: readonly number[]
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number
}

/**
 * gamma · (x − mean) / √(variance + epsilon) + beta, with statistics, gamma and beta in the shape of the axes that are not in
 * `axes`.
 *
 * @throws ShapeError for statistics or parameters of another shape; ValueError for a negative epsilon.
 * @example
 * normalize(tensor([[1, 5], [3, 9]]), tensor([2, 7]), tensor([1, 4]), ones([2]), zeros([2]), { axes: [0], epsilon: 0 }) // [[-1. -1.] [ 1.  1.]]
 */
export function normalize(
  x: Tensor,
  average: AnyTensor,
  spread: AnyTensor,
  gamma: AnyTensor,
  beta: AnyTensor,
  options: BatchNormOptions = {},
): Tensor {
  return normalizeOver('normalize', x, { mean: average, variance: spread, gamma, beta }, options)
}

/**
 * Batch normalisation: {@link normalize} by the mean and biased variance of `x` over `axes`; gamma and beta have the shape of
 * the kept axes (Ioffe, Szegedy, 2015).
 *
 * @throws ShapeError for parameters of another shape; ValueError for a negative epsilon.
 * @example
 * batchNorm(ones([8, 3]), ones([3]), zeros([3]), { axes: [0] }).shape // [8, 3]
 */
export function batchNorm(x: Tensor, gamma: AnyTensor, beta: AnyTensor, options: BatchNormOptions = {}): Tensor {
  const axes = normalizeAxes('batchNorm', options.axes ?? [0], x.rank)
  const statistics = { mean: mean(x, { axis: axes }), variance: variance(x, { axis: axes }) }
  return normalizeOver('batchNorm', x, { ...statistics, gamma, beta }, options)
}

/**
 * Layer normalisation: each example by its own mean and biased variance over the trailing axes, those of the shape of gamma and
 * beta (Ba, Kiros, Hinton, 2016).
 *
 * @throws ShapeError when gamma's shape is not that of the last axes of `x`; ValueError for a negative epsilon.
 * @example
 * layerNorm(ones([8, 3]), ones([3]), zeros([3])).shape // [8, 3]
 */
export function layerNorm(
  x: Tensor,
  gamma: AnyTensor,
  beta: AnyTensor,
  { epsilon = 1e-5 }: { readonly epsilon?: number } = {},
): Tensor {
  checkEpsilon('layerNorm', epsilon)
  const trailing = x.shape.slice(x.rank - gamma.rank)
  for (const [name, parameter] of [
    ['gamma', gamma],
    ['beta', beta],
  ] as const) {
    if (gamma.rank === 0 || gamma.rank > x.rank || shapeText(parameter.shape) !== shapeText(trailing)) {
      throw new ShapeError(
        `layerNorm: ${name} has shape ${shapeText(parameter.shape)}, input ${shapeText(x.shape)}; gamma and beta need the shape of its last axes`,
      )
    }
  }
  const axis = trailing.map((_, back) => x.rank - 1 - back)
  const centred = sub(x, mean(x, { axis, keepDims: true }))
  const deviation = sqrt(add(variance(x, { axis, keepDims: true }), epsilon))
  return add(mul(div(centred, deviation), gamma), beta) as Tensor
}

type Parameters = Readonly<Record<'mean' | 'variance' | 'gamma' | 'beta', AnyTensor>>

function normalizeOver(
  operation: string,
  x: Tensor,
  parameters: Parameters,
  { axes = [0], epsilon = 1e-5 }: BatchNormOptions,
): Tensor {
  checkEpsilon(operation, epsilon)
  const folded = normalizeAxes(operation, axes, x.rank)
  const kept: Shape = x.shape.filter((_, axis) => !folded.includes(axis))
  const aligned = (name: keyof Parameters): AnyTensor => {
    const { shape } = parameters[name]
    if (shapeText(shape) !== shapeText(kept)) {
      throw new ShapeError(
        `${operation}: ${name} has shape ${shapeText(shape)}, input ${shapeText(x.shape)} over the axes ${shapeText(folded)} needs ${shapeText(kept)}`,
      )
    }
    return reshape(
      parameters[name],
      x.shape.map((length, axis) => (folded.includes(axis) ? 1 : length)),
    )
  }
  const scale = div(aligned('gamma'), sqrt(add(aligned('variance'), epsilon)))
  return add(mul(sub(x, aligned('mean')), scale), aligned('beta')) as Tensor
}

function checkEpsilon(operation: string, epsilon: number): void {
  if (!(epsilon >= 0))
    throw new ValueError(
      `${operation}: epsilon ${epsilon} is negative; it is added to a variance, so give a small positive number`,
    )
}
