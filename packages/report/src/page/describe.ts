import { setImmediate } from 'node:timers/promises'
import { type AnyTensor, randomKey, ShapeError, shapeText, sizeOf, type Tensor } from '@cotangent/core'
import { type Net, summaryRows, type TensorTree } from '@cotangent/models'
import { slice, softmaxCrossEntropy } from '@cotangent/ops'
import type { TrainingRecord } from '@cotangent/train'
import { firstLayerPictures, isImage } from './firstLayer.ts'
import { thisMachine } from './machine.ts'
import type { Configuration, EpochAccuracies, ImageShape, RunReport, Training } from './report.ts'
import { type Classifier, classifierOf, firstBatch, isLittle, testResults } from './results.ts'
import { type Probe, probeOf, signalsOf } from './signals.ts'

/** Samples with their labels: int32 or uint8 classes [n], or one-hot rows [n, classes]. */
export interface Samples {
  /** [n, …]. */
  readonly x: AnyTensor
  readonly t: AnyTensor
}

/** A training run to report on. */
export interface RunDescription {
  /** The page's title, such as `two-layer`. */
  readonly name: string
  readonly net: Net
  /** What `fit` reached: its `state` will do. */
  readonly state: { readonly params: TensorTree; readonly netState: TensorTree }
  readonly record: Pick<TrainingRecord<TensorTree, TensorTree>, 'position' | 'history'>
  /** For the confusion matrix and the worst mistakes of a classifier. Default: the page has none. */
  readonly test?: Samples
  /** Of these, the first 100 show what flows through the layers. Default: those of `test`. */
  readonly train?: Samples
  /** From samples to what the net takes, made from operations: such as bytes to numbers from 0 to 1. Default: as they are. */
  readonly prepare?: (x: AnyTensor) => AnyTensor
  /** The loss that was trained with, of the net's output. Default: softmax cross-entropy; weight decay is not counted. */
  readonly loss?: (output: Tensor, t: AnyTensor) => Tensor
  /** What the loss is, with its unit. Default: `cross-entropy, nats`, or `loss` for another loss. */
  readonly lossName?: string
  /**
   * What pixels a sample consists of. Default: the net's input where it is an image of 1 or 3 channels, [1, 28, 28] for an
   * input of [784]; else samples are no pictures.
   */
  readonly image?: ImageShape
  /** Default: the numbers from 0. */
  readonly classes?: readonly string[]
  /** What the samples are, such as `MNIST`. */
  readonly data?: string
  /** The options that the run was started with. */
  readonly configuration?: Configuration
  readonly seed?: number
  /** How long training took. */
  readonly seconds?: number
  /** Default: now. */
  readonly finished?: Date
}

/**
 * Gathers what a report shows: it predicts the test samples, and looks at what flows through the layers for a batch. Takes a
 * second or two for 10,000 images and a small net. It draws nothing: `reportPage` and `writeReport` do.
 *
 * @throws ShapeError for samples that do not fit the net; ValueError for class names that do not fit.
 * @example
 * const net = chain(input([4]), layer.dense(3))
 * const [params, netState] = net.init(randomKey(0))
 * const { state, record } = await fit({
 *   loss: (params, netState, { x, t }) => net.loss(params, netState, x, t),
 *   optimizer: sgd({ learningRate: 0.1 }),
 *   params,
 *   netState,
 *   data: { x: ones([20, 4]), t: zeros([20], { dtype: 'int32' }) },
 *   batchSize: 10,
 *   epochs: 2,
 * })
 * const report = describeRun({ name: 'ones', net, state, record, test: { x: ones([5, 4]), t: tensor([0, 0, 0, 1, 2], { dtype: 'int32' }) } })
 * report.test?.correct // 3
 */
export const describeRun = (run: RunDescription): RunReport => describe(run, looksAt(run))

/** What is known of runs before they are: their net, and how it is looked at. */
export type Expected = Pick<RunDescription, 'net' | 'prepare' | 'loss'>

/** Parameters and samples of the shapes and dtypes of those to come. */
export type Like = Pick<RunDescription, 'state' | 'test' | 'train'>

/**
 * {@link describeRun} for runs of one net, with what it computes for them compiled before, which takes longer than to run it: for
 * when there is time, as while data is read.
 *
 * @throws as describeRun, for samples that do not fit the net.
 * @example
 * const net = chain(input([4]), layer.dense(3))
 * const [params, netState] = net.init(randomKey(0))
 * const like = { state: { params, netState }, test: { x: zeros([5, 4]), t: zeros([5], { dtype: 'int32' }) } }
 * const describe = await prepareReport({ net }, like)
 * const position = { iteration: 0, epoch: 0, count: 5, batchSize: 5, orderKey: randomKey(0) }
 * describe({ name: 'untrained', record: { position, history: [] }, ...like }).test?.count // 5
 */
export async function prepareReport(
  expected: Expected,
  { state: { params, netState }, test, train = test }: Like,
): Promise<(run: Omit<RunDescription, keyof Expected>) => RunReport> {
  const looks = looksAt(expected)
  const samples = test ?? train
  // Large nets are trained for so long that this saves nothing, and other threads would be started for them.
  if (samples && isLittle(expected.net, samples.x)) {
    if (test) looks.classifier(test.x)(params, netState, firstBatch(test.x))
    // What else waits for this thread has its turn.
    await setImmediate()
    if (train) looks.probe?.(params, netState, ...firstSamples(train), randomKey(0))
  }
  return (run) => describe({ ...run, ...expected }, looks)
}

/** What a net is looked at with; compiled at the first looks. */
interface Looks {
  /** For a number of samples, of which the first that is asked for decides. */
  readonly classifier: (x: AnyTensor) => Classifier
  /** Absent where there are no layers. */
  readonly probe: Probe | undefined
}

function looksAt({ net, prepare = (x) => x, loss = softmaxCrossEntropy }: Expected): Looks {
  let classify: Classifier | undefined
  return {
    classifier: (x) => {
      classify ??= classifierOf(net, prepare, x)
      return classify
    },
    probe: net.layers.length > 0 ? probeOf(net, prepare, loss) : undefined,
  }
}

function describe(run: RunDescription, { classifier, probe }: Looks): RunReport {
  const { net, state, record, test, train = test, loss, seed } = run
  const image = run.image ?? imageOf(net)
  if (image !== null && sizeOf(image) !== sizeOf(net.input)) {
    throw new ShapeError(
      `report: an image of ${shapeText(image)} has not as many pixels as the net's input ${shapeText(net.input)} has numbers; give the shape of one sample`,
    )
  }
  return {
    name: run.name,
    data: run.data ?? null,
    finished: run.finished ?? new Date(),
    seconds: run.seconds ?? null,
    seed: seed ?? null,
    configuration: run.configuration ?? {},
    machine: thisMachine(),
    net: summaryRows(net.layers),
    training: trainingOf(record, run.lossName ?? (loss ? 'loss' : 'cross-entropy, nats')),
    test: test
      ? testResults({ net, ...state, ...test, classify: classifier(test.x), classes: run.classes ?? null, image })
      : null,
    firstLayer: firstLayerPictures(net.layers, state.params, image),
    signals:
      probe && train
        ? signalsOf(net, probe(state.params, state.netState, ...firstSamples(train), randomKey(seed ?? 0)))
        : [],
  }
}

function imageOf({ input }: Net): ImageShape | null {
  if (isImage(input)) return input
  return input.length === 1 && input[0] === 784 ? [1, 28, 28] : null
}

/** How many samples are looked at, layer by layer. */
const LOOKED_AT = 100

function firstSamples({ x, t }: Samples): [x: AnyTensor, t: AnyTensor] {
  const first = { begin: [0], end: [LOOKED_AT] }
  return [slice(x, first), slice(t, first)]
}

function trainingOf({ position, history }: RunDescription['record'], lossName: string): Training {
  const iterationsPerEpoch = Math.ceil(position.count / position.batchSize)
  return {
    lossName,
    losses: history.flatMap(({ losses }) => losses),
    iterationsPerEpoch,
    samples: position.count,
    batchSize: position.batchSize,
    accuracies: history.flatMap(({ epoch, trainAccuracy: train, testAccuracy: test }): EpochAccuracies[] =>
      train === null && test === null
        ? []
        : [{ epoch, iteration: Math.min(epoch * iterationsPerEpoch, position.iteration), train, test }],
    ),
  }
}
