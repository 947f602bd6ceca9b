import { compile } from '@cotangent/compile'
import {
  type AnyTensor,
  knownValues,
  ShapeError,
  shapeText,
  sizeOf,
  type Tensor,
  type TypedArray,
  tensor,
  ValueError,
} from '@cotangent/core'
import { type Net, summaryRows, summaryTotal, type TensorTree } from '@cotangent/models'
import { argMax, concat, slice, softmax } from '@cotangent/ops'
import { confusionMatrix } from '@cotangent/train'
import type { ImageShape, Mistake, Picture, TestResults } from './report.ts'

/** How many samples go through the net at once. */
const BATCH = 250

/** Fewer multiplications and additions than one thread makes in a tenth of a second. */
const LITTLE = 2e9

/** How many of the worst mistakes are shown. */
const MOST_MISTAKES = 24

/** From samples to the probabilities of classes, and the most probable one of each. */
export type Classifier = (
  params: TensorTree,
  netState: TensorTree,
  x: AnyTensor,
) => readonly [probabilities: Tensor, predicted: Tensor<'int32'>]

/** Whether a net makes so little of samples that it is not worth the start of other threads. */
export const isLittle = ({ layers }: Net, { shape: [count = 0] }: AnyTensor): boolean =>
  count * summaryTotal(summaryRows(layers), 'multiplyAdds') < LITTLE

/** What a net makes of such samples, batch by batch; compiled at its first call. */
export const classifierOf = (net: Net, prepare: (x: AnyTensor) => AnyTensor, x: AnyTensor): Classifier =>
  compile(
    (params: TensorTree, netState: TensorTree, x: AnyTensor) => {
      const probabilities = softmax(net.predict(params, netState, prepare(x)))
      return [probabilities, argMax(probabilities, { axis: 1 })] as const
    },
    isLittle(net, x) ? { threads: 1 } : {},
  )

/** A net, and what it is tested with. */
export interface Test {
  readonly net: Net
  readonly params: TensorTree
  readonly netState: TensorTree
  readonly x: AnyTensor
  readonly t: AnyTensor
  readonly classify: Classifier
  readonly classes: readonly string[] | null
  readonly image: ImageShape | null
}

/**
 * What a classifier makes of test samples.
 *
 * @throws ShapeError for a net whose output is not [classes], or labels that do not fit; ValueError for a number of class names
 * other than that of the classes.
 */
export function testResults(test: Test): TestResults {
  const names = classNames(test)
  const [probabilities, predicted] = classified(test)
  const confusion = confusionMatrix(predicted, test.t, { classes: names.length }).toArray() as number[][]
  const labels = test.t.rank === 2 ? argMax(test.t, { axis: 1 }) : test.t
  return {
    count: labels.size,
    correct: confusion.reduce((sum, row, index) => sum + row[index]!, 0),
    classes: names,
    confusion,
    mistakes: worstMistakes(probabilities, predicted, labels).map((mistake) => ({
      ...mistake,
      picture: test.image && pictureOf(test.x, mistake.index, test.image),
    })),
  }
}

function classNames({ net, classes }: Test): readonly string[] {
  const [count = 0] = net.output
  if (net.output.length !== 1 || count < 2) {
    throw new ShapeError(
      `report: the net gives ${shapeText(net.output)} for a sample, where a test needs scores [classes]; leave the test samples out`,
    )
  }
  if (classes === null) return Array.from({ length: count }, (_, index) => String(index))
  if (classes.length !== count)
    throw new ValueError(`report: ${classes.length} class names for ${count} classes; give one for each`)
  return classes
}

/** The probabilities [N, classes] and the most probable classes [N], computed batch by batch. */
function classified({ params, netState, x, classify }: Test): ReturnType<Classifier> {
  const [count = 0] = x.shape
  if (count === 0) throw new ShapeError(`report: the test samples have shape ${shapeText(x.shape)}; give at least one`)
  const parts = Array.from(batchesOf(x), (batch) => classify(params, netState, batch))
  return [concat(parts.map(([probabilities]) => probabilities)), concat(parts.map(([, predicted]) => predicted))]
}

/** The first samples as {@link batchesOf} gives them: a batch, or all where there are not so many. */
export const firstBatch = (x: AnyTensor): AnyTensor => slice(x, { begin: [0], end: [Math.min(BATCH, x.shape[0] ?? 0)] })

/**
 * The samples batch by batch, each where the one before was, which is then no more: to touch fresh memory takes longer than to
 * compute on it.
 */
function* batchesOf(x: AnyTensor): Generator<AnyTensor> {
  const [count = 0, ...sample] = x.shape
  const size = sizeOf(sample)
  // The elements of a tensor are a typed array.
  const values = knownValues(x) as TypedArray
  const room = values.slice(0, Math.min(BATCH, count) * size)
  for (let begin = 0; begin < count; begin += BATCH) {
    const rows = Math.min(BATCH, count - begin)
    room.set(values.subarray(begin * size, (begin + rows) * size))
    yield tensor(room.subarray(0, rows * size), {
      shape: [rows, ...sample],
      dtype: x.dtype as 'float32',
      adopt: true,
    })
  }
}

/** The samples that were taken for another class, those first whose own class was given the least probability. */
function worstMistakes(
  probabilities: Tensor,
  { data: predicted }: Tensor<'int32'>,
  { data: own }: AnyTensor,
): Omit<Mistake, 'picture'>[] {
  const rows = probabilities.data
  const classes = probabilities.shape[1]!
  const given = (index: number): number => rows[index * classes + own[index]!]!
  const wrong: number[] = []
  for (let index = 0; index < own.length; index++) if (predicted[index] !== own[index]) wrong.push(index)
  return wrong
    .sort((a, b) => given(a) - given(b) || a - b)
    .slice(0, MOST_MISTAKES)
    .map((index) => ({
      index,
      label: own[index]!,
      predicted: predicted[index]!,
      probabilities: Array.from(rows.slice(index * classes, (index + 1) * classes)),
    }))
}

/** Bytes as they are; other values from 0 to 1, or from the sample's least to its greatest where they go beyond. */
function pictureOf(x: AnyTensor, index: number, shape: ImageShape): Picture {
  const { data, dtype } = slice(x, { begin: [index], end: [index + 1] })
  const values = Array.from(data)
  if (dtype === 'uint8') return { shape, levels: values }
  const [low, high] = [Math.min(0, ...values), Math.max(1, ...values)]
  return { shape, levels: values.map((value) => Math.round(((value - low) / (high - low)) * 255)) }
}
