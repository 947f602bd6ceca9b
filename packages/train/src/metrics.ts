import {
  type AnyTensor,
  add,
  arange,
  cast,
  DTypeError,
  knownValues,
  mul,
  ones,
  reshape,
  ShapeError,
  shapeText,
  sum,
  type Tensor,
  ValueError,
  zeros,
} from '@cotangent/core'
import { argMax, equal, expandDims, less, lessEqual, mean, scatterAdd, takeAlongAxis, where } from '@cotangent/ops'

/**
 * The fraction of rows whose largest score (the first of equal ones) is that of the label: a float32 scalar, NaN without rows.
 *
 * @param scores [N, C], such as logits or probabilities.
 * @param labels class indices [N], int32 or uint8; or one-hot rows or probabilities [N, C], whose largest entry counts.
 * @throws ShapeError for labels that do not fit the scores; DTypeError for class indices that are no integers; ValueError for a
 * label outside 0 to C − 1, naming it.
 * @example
 * accuracy(tensor([[2, 1], [0, 3]]), tensor([0, 0], { dtype: 'int32' })).item() // 0.5
 */
export function accuracy(scores: AnyTensor, labels: AnyTensor): Tensor<'float32'> {
  const classes = classesOf('accuracy', rowsAndClasses('accuracy', scores), labels)
  return mean(equal(argMax(scores, { axis: 1 }), classes))
}

/**
 * The fraction of rows where the label's score is among the `k` largest: a float32 scalar, NaN without rows. Of equal scores
 * those of lower class indices come first, so that k = 1 is {@link accuracy}; a NaN comes before all numbers.
 *
 * @param scores [N, C].
 * @param labels as in {@link accuracy}.
 * @throws ValueError for a k that is not a whole number from 1 to C; else as {@link accuracy}.
 * @example
 * topK(tensor([[3, 2, 1]]), tensor([1], { dtype: 'int32' }), { k: 2 }).item() // 1
 */
export function topK(scores: AnyTensor, labels: AnyTensor, { k }: { readonly k: number }): Tensor<'float32'> {
  const [rows, count] = rowsAndClasses('topK', scores)
  const classes = expandDims(classesOf('topK', [rows, count], labels), { axis: 1 })
  if (!(Number.isInteger(k) && k >= 1 && k <= count))
    throw new ValueError(`topK: k is ${k}; give a whole number from 1 to the number of classes, ${count}`)
  const own = takeAlongAxis(scores, classes, { axis: 1 })
  const earlier = cast(less(arange(count), classes), 'int32')
  // How many scores of the row come before the label's own. A comparison with NaN is false, which puts it ahead.
  const ahead = where(lessEqual(scores, own), where(equal(scores, own), earlier, 0), 1)
  return mean(less(sum(ahead, { axis: 1 }), k))
}

/**
 * How often each class was taken for each: int32 [C, C], where row i, column j counts the samples of class i whose largest score
 * (the first of equal ones) was j's.
 *
 * @param scores [N, C]; or, where `classes` says how many there are, the classes [N] that were chosen, int32.
 * @param labels as in {@link accuracy}.
 * @throws as {@link accuracy}; DTypeError or ValueError for chosen classes that are none.
 * @example
 * confusionMatrix(tensor([[2, 1], [0, 3]]), tensor([0, 0], { dtype: 'int32' })) // [[1 1] [0 0]]
 * @example
 * const [chosen, labels] = [tensor([0, 1], { dtype: 'int32' }), tensor([0, 0], { dtype: 'int32' })]
 * confusionMatrix(chosen, labels, { classes: 2 }) // [[1 1] [0 0]]
 */
export function confusionMatrix(
  scores: AnyTensor,
  labels: AnyTensor,
  options: { readonly classes?: number } = {},
): Tensor<'int32'> {
  const metric = 'confusionMatrix'
  const chosen = options.classes === undefined ? undefined : chosenClasses(metric, scores, options.classes)
  const [rows, count] = chosen ? [chosen.size, options.classes!] : rowsAndClasses(metric, scores)
  const classes = classesOf(metric, [rows, count], labels)
  const cells = add(mul(classes, count), chosen ?? argMax(scores, { axis: 1 }))
  const counts = scatterAdd(zeros([count * count], { dtype: 'int32' }), cells, ones(cells.shape, { dtype: 'int32' }))
  return reshape(counts, [count, count])
}

/** Of scores [N, C]. */
function rowsAndClasses(metric: string, { rank, shape }: AnyTensor): readonly [rows: number, classes: number] {
  if (rank !== 2 || shape[1] === 0)
    throw new ShapeError(`${metric}: the scores have shape ${shapeText(shape)}; they need two axes, [N, C]`)
  return [shape[0]!, shape[1]!]
}

/** Classes [N] in place of scores. */
function chosenClasses(metric: string, chosen: AnyTensor, count: number): Tensor<'int32'> {
  if (!Number.isInteger(count) || count < 1)
    throw new ValueError(`${metric}: the number of classes is ${count}; give a whole number from 1 on`)
  if (chosen.rank !== 1)
    throw new ShapeError(
      `${metric}: the chosen classes have shape ${shapeText(chosen.shape)}; they need one axis, [N]; leave \`classes\` out to give scores [N, C]`,
    )
  if (chosen.dtype !== 'int32')
    throw new DTypeError(`${metric}: the chosen classes are ${chosen.dtype}; cast them to int32`)
  checkClasses(metric, 'chosen class', chosen, count)
  return chosen as Tensor<'int32'>
}

/** The class of each row's label, int32 [N]; checks that they fit scores of a shape. */
function classesOf(metric: string, [rows, count]: readonly [number, number], labels: AnyTensor): Tensor<'int32'> {
  const shape = [rows, count]
  if (shapeText(labels.shape) === shapeText(shape)) return argMax(labels, { axis: 1 })
  if (labels.rank !== 1 || labels.shape[0] !== rows) {
    throw new ShapeError(
      `${metric}: labels of shape ${shapeText(labels.shape)} do not fit scores of shape ${shapeText(shape)}; give class indices [${rows}] or one-hot rows ${shapeText(shape)}`,
    )
  }
  if (labels.dtype !== 'int32' && labels.dtype !== 'uint8')
    throw new DTypeError(`${metric}: class indices are ${labels.dtype}; cast them to int32, or give one-hot rows`)
  checkClasses(metric, 'label', labels, count)
  return cast(labels, 'int32')
}

function checkClasses(metric: string, what: string, labels: AnyTensor, count: number): void {
  const values = knownValues(labels) ?? []
  for (let at = 0; at < values.length; at++) {
    if (values[at]! < 0 || values[at]! >= count) {
      throw new ValueError(
        `${metric}: ${what} ${values[at]} at index ${at} is not a class; ${count} scores a row have the classes 0 to ${count - 1}`,
      )
    }
  }
}
