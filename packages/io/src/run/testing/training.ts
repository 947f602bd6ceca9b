import { arange, cast, randomKey, type Tensor, type Tree, tensor, treeLeaves } from '@cotangent/core'
import { add, matmul, mul, normal, softmaxCrossEntropy } from '@cotangent/ops'
import { accuracy, adam, type FitOptions, initialState, type TrainState } from '@cotangent/train'

const classes = Array.from({ length: 23 }, (_, at) => at % 3)
const data = {
  images: tensor(
    classes.map((one, at) => [one === 0 ? 200 : 20 + at, one === 1 ? 180 : 40 - at]),
    { dtype: 'uint8' },
  ),
  labels: tensor(classes, { dtype: 'int32' }),
  index: arange(classes.length),
}

export interface Params {
  readonly layers: readonly { readonly w: Tensor; readonly b: Tensor }[]
}
export interface NetState {
  readonly mean: Tensor
}

const scoresOf = ({ layers }: Params, images: Tensor<'uint8'>) =>
  layers.reduce<Tensor>((x, { w, b }) => add(matmul(x, w), b), mul(cast(images, 'float32'), 1 / 255))

/** A small classifier with noise in its logits, a running mean, and Adam: all that a checkpoint holds. An epoch has 5 iterations. */
export const training: FitOptions<Params, NetState, typeof data> = {
  loss: (params, { mean }, { images, labels }, key) => {
    const scores = scoresOf(params, images)
    const logits = add(scores, mul(normal(key, scores.shape), 0.1))
    return [softmaxCrossEntropy(logits, labels), { mean: add(mul(mean, 0.9), 0.1) }]
  },
  optimizer: adam({ learningRate: 0.03 }),
  params: { layers: [{ w: normal(randomKey(1), [2, 3]), b: normal(randomKey(2), [3]) }] },
  netState: { mean: tensor(0) },
  data,
  batchSize: 5,
  epochs: 4,
  seed: 7,
  engine: 'reference',
  evaluation: {
    accuracy: (params, _, { images, labels }) => accuracy(scoresOf(params, images), labels),
    train: data,
    test: { images: data.images, labels: data.labels, index: data.index },
  },
}

/** Long enough to be killed in the middle of it, and writing all the while. */
export const manyCheckpoints: typeof training = { ...training, epochs: 60, snapshotEvery: 25, engine: 'compiled' }

/** What states of it are like. */
export const like: TrainState<Params, NetState> = initialState(
  training.params,
  { mean: tensor(0) },
  training.optimizer,
  randomKey(0),
)

export const bits = (tree: Tree): number[][] => treeLeaves(tree).map((leaf) => [...leaf.data])
