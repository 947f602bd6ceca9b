import { foldIn, type Tensor, valueAndGrad } from '@cotangent/core'
import type { Optimizer, Slots } from './optimizer.ts'

/**
 * What training minimises, made from operations: from the parameters, the net's state (running statistics; `{}` where there is
 * none), a batch, and a random key for this step (dropout) to the scalar loss and the net's new state.
 *
 * @example
 * const loss: LossFunction<{ w: Tensor }, object, { x: Tensor; t: Tensor }> = (params, netState, { x, t }) =>
 *   [meanSquaredError(matmul(x, params.w), t), netState]
 */
export type LossFunction<P, S, B> = (params: P, netState: S, batch: B, key: Tensor<'key'>) => readonly [Tensor, S]

/** All that a training step carries to the next one: one tree. */
export interface TrainState<P, S> {
  readonly params: P
  readonly slots: Slots
  readonly netState: S
  /** Where each step's key comes from: it is folded with the number of steps made. */
  readonly key: Tensor<'key'>
}

/** What a training step measures. */
export interface StepMetrics {
  /** Of the batch, before the update. */
  readonly loss: Tensor
}

/** A pure function from the state and a batch to the next state, and what was measured. */
export type TrainStep<P, S, B> = (state: TrainState<P, S>, batch: B) => [state: TrainState<P, S>, metrics: StepMetrics]

/**
 * The training step for a loss and an optimiser: the gradient of the loss by the parameters, and an update with it. It reads no
 * values, so it is one tape from the batch to the new parameters.
 *
 * @throws GradientError on a call, if the loss is no float scalar or the parameters hold no float tensor.
 * @example
 * const loss: LossFunction<{ w: Tensor }, object, { x: Tensor; t: Tensor }> = (params, netState, { x, t }) =>
 *   [meanSquaredError(matmul(x, params.w), t), netState]
 * const step = trainStep(loss, adam())
 * const first = initialState({ w: zeros([4, 1]) }, {}, adam(), randomKey(0))
 * const [second, metrics] = step(first, { x: ones([8, 4]), t: ones([8, 1]) })
 * metrics.loss // 1.0
 */
export function trainStep<P, S, B>(loss: LossFunction<P, S, B>, optimizer: Optimizer): TrainStep<P, S, B> {
  const lossAndGradients = valueAndGrad(loss, { hasAux: true })
  return (state, batch) => {
    const key = foldIn(state.key, state.slots.step)
    const [[value, netState], gradients] = lossAndGradients(state.params, state.netState, batch, key)
    const [params, slots] = optimizer.update(state.params, gradients, state.slots)
    return [{ params, slots, netState, key: state.key }, { loss: value }]
  }
}

/** The state before the first step. */
export const initialState = <P, S>(
  params: P,
  netState: S,
  optimizer: Optimizer,
  key: Tensor<'key'>,
): TrainState<P, S> => ({ params, slots: optimizer.init(params), netState, key })
