import {
  type AnyTensor,
  compute,
  DTypeError,
  definePrimitive,
  isFloat,
  knownValues,
  mul,
  type Operation,
  promoteOperands,
  ShapeError,
  shapeText,
  sum,
  type Tensor,
  type TensorLike,
  ValueError,
} from '@cotangent/core'
import { softplus } from './activation.ts'
import { div, sub } from './arithmetic.ts'
import { asFloat } from './elementwise.ts'
import { oneHot } from './gather.ts'
import { square } from './power.ts'
import { mean } from './reduce.ts'
import { neg } from './sign.ts'
import { logSoftmax, softmax } from './softmax.ts'

/**
 * The mean over the batch of the cross entropy −Σ t log softmax(logits), from `logits` [N, C] and labels: int32 class indices
 * [N], or probabilities (also one-hot rows) [N, C]. Finite for logits of any size.
 *
 * @throws ShapeError for labels that do not fit the logits; ValueError for a class index outside 0 to C − 1, naming it.
 * @example
 * softmaxCrossEntropy(tensor([[2, 0], [0, 2]]), tensor([0, 1], { dtype: 'int32' })) // 0.12692805
 */
export function softmaxCrossEntropy(logits: Tensor, labels: AnyTensor): Tensor {
  if (logits.rank !== 2) {
    throw new ShapeError(
      `softmaxCrossEntropy: the logits have shape ${shapeText(logits.shape)}; they need two axes, [N, C]`,
    )
  }
  const [count, classes] = logits.shape as readonly [number, number]
  if (labels.rank === 1 && labels.shape[0] === count) return crossEntropy(logits, oneHotLabels(logits, labels, classes))
  if (shapeText(labels.shape) !== shapeText(logits.shape)) {
    throw new ShapeError(
      `softmaxCrossEntropy: labels of shape ${shapeText(labels.shape)} do not fit logits of shape ${shapeText(logits.shape)}; give class indices [${count}] or probabilities ${shapeText(logits.shape)}`,
    )
  }
  const [scores, probabilities] = promoteOperands('softmaxCrossEntropy', 'float', [logits, labels])
  return crossEntropy(scores!, probabilities!)
}

function oneHotLabels(logits: Tensor, labels: AnyTensor, classes: number): Tensor {
  if (labels.dtype !== 'int32' && labels.dtype !== 'uint8') {
    throw new DTypeError(
      `softmaxCrossEntropy: class indices are ${labels.dtype}; cast them to int32, or give probabilities ${shapeText(logits.shape)}`,
    )
  }
  const values = knownValues(labels) ?? []
  for (let at = 0; at < values.length; at++) {
    if (values[at]! < 0 || values[at]! >= classes) {
      throw new ValueError(
        `softmaxCrossEntropy: label ${values[at]} at index ${at} is not a class; ${classes} logits a row have the classes 0 to ${classes - 1}`,
      )
    }
  }
  return oneHot(labels, { classes, dtype: logits.dtype })
}

const crossEntropy: Operation = definePrimitive({
  name: 'softmaxCrossEntropy',
  shape: () => [],
  kernel: compute(([logits, t]) => neg(div(sum(mul(t, logSoftmax(logits))), logits.shape[0]!))),
  vjp: [
    // softmax − t, the well-known form, which cannot overflow; rows that do not sum to 1 scale their softmax.
    (g, [logits, t]) =>
      mul(div(g, logits.shape[0]!), sub(mul(softmax(logits), sum(t, { axis: -1, keepDims: true })), t)),
    (g, [logits]) => mul(div(g, -logits.shape[0]!), logSoftmax(logits)),
  ],
})

/**
 * The mean over all elements of (y − t)².
 *
 * @throws ShapeError when the shapes differ.
 * @example
 * meanSquaredError(tensor([1, 2]), tensor([1, 4])) // 2.0
 */
export function meanSquaredError(y: Tensor, t: AnyTensor): Tensor {
  checkAlike('meanSquaredError', y, t)
  return mean(square(sub(y, t)))
}

/**
 * The mean over all elements of the cross entropy −t log σ(x) − (1 − t) log(1 − σ(x)), for logits x and targets t in [0, 1].
 * Finite for logits of any size.
 *
 * @throws ShapeError when the shapes differ.
 * @example
 * binaryCrossEntropy(tensor([0, 100]), tensor([1, 1])) // 0.3465736
 */
export function binaryCrossEntropy(logits: Tensor, t: AnyTensor): Tensor {
  checkAlike('binaryCrossEntropy', logits, t)
  // softplus(x) − x·t
  return mean(sub(softplus(logits), mul(logits, asFloat<TensorLike>('binaryCrossEntropy', t))))
}

function checkAlike(operation: string, y: AnyTensor, t: AnyTensor): void {
  if (shapeText(y.shape) !== shapeText(t.shape)) {
    throw new ShapeError(
      `${operation}: shapes ${shapeText(y.shape)} and ${shapeText(t.shape)} differ; predictions and targets need one shape`,
    )
  }
  if (!isFloat(y.dtype)) throw new DTypeError(`${operation}: predictions are ${y.dtype}; cast them to a float dtype`)
}
