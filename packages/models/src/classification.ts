import { type AnyTensor, add, mul, ShapeError, shapeText, sum, Tensor, ValueError } from '@cotangent/core'
import { argMax, div, equal, slice, softmaxCrossEntropy, square } from '@cotangent/ops'
import type { Placed, TensorTree } from './layer.ts'

interface Decay {
  readonly placed: readonly Placed[]
  readonly params: TensorTree
  readonly weightDecay: number
}

/** The mean softmax cross-entropy, plus ½ · weightDecay · Σ W² over the weights that decay. */
export function classificationLoss(logits: Tensor, labels: AnyTensor, { placed, params, weightDecay }: Decay): Tensor {
  checkLogits('loss', logits)
  const loss = softmaxCrossEntropy(logits, labels)
  if (weightDecay === 0) return loss
  const squares = decayingWeights(placed, params).map((weight) => sum(square(weight)))
  return squares.reduce((total, one) => add(total, mul(one, weightDecay / 2)), loss)
}

function decayingWeights(placed: readonly Placed[], params: TensorTree): Tensor[] {
  return placed.flatMap(({ name, layer: { kind, options }, input }) => {
    const own = params[name]
    if (own === undefined || own instanceof Tensor) return []
    const inside = kind.inside?.(input, options)
    if (inside) return decayingWeights(inside, own)
    return Object.entries(kind.parameters?.(input, options) ?? {}).flatMap(([parameter, { decays }]) => {
      const weight = own[parameter]
      return decays && weight instanceof Tensor ? [weight] : []
    })
  })
}

export interface AccuracyOptions {
  /** How many samples go through the net at once, which bounds the memory it takes. Default: 1000. */
  readonly batch?: number
}

/** The share of samples for which the largest logit is that of the label. */
export function accuracy(
  predict: (x: AnyTensor) => Tensor,
  x: AnyTensor,
  labels: AnyTensor,
  { batch = 1000 }: AccuracyOptions = {},
): Tensor {
  const count = x.shape[0] ?? 0
  checkSamples(count, labels, batch)
  const classes = labels.rank === 2 ? argMax(labels, { axis: 1 }) : labels
  let correct: AnyTensor | undefined
  for (let begin = 0; begin < count; begin += batch) {
    const part = { begin: [begin], end: [Math.min(begin + batch, count)] }
    const logits = predict(count > batch ? slice(x, part) : x)
    checkLogits('accuracy', logits)
    const hits = sum(equal(argMax(logits, { axis: 1 }), count > batch ? slice(classes, part) : classes))
    correct = correct === undefined ? hits : add(correct, hits)
  }
  return div(correct ?? 0, count)
}

function checkSamples(count: number, labels: AnyTensor, batch: number): void {
  if (!Number.isInteger(batch) || batch < 1)
    throw new ValueError(`accuracy: batch is ${batch}; give an integer from 1 up`)
  if (count === 0) throw new ValueError('accuracy: there is no sample; the share of none is not a number')
  if (labels.rank < 1 || labels.rank > 2 || labels.shape[0] !== count) {
    throw new ShapeError(
      `accuracy: labels of shape ${shapeText(labels.shape)} do not fit ${count} samples; give classes [${count}] or probabilities [${count}, classes]`,
    )
  }
}

function checkLogits(operation: string, logits: Tensor): void {
  if (logits.rank !== 2) {
    throw new ShapeError(
      `${operation}: the net gives ${shapeText(logits.shape.slice(1))} for a sample, where logits [classes] are needed; end it with layer.flatten() and layer.dense(classes)`,
    )
  }
}
