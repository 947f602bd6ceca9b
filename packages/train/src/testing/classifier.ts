import { arange, cast, type Tensor, type Tree, tensor, treeLeaves, zeros } from '@cotangent/core'
import { add, matmul, mul, normal, softmaxCrossEntropy } from '@cotangent/ops'
import { adam } from '../adam.ts'
import type { EndEvent, EpochEvent, FitEvent } from '../events.ts'
import { fitEvents } from '../fit.ts'
import { accuracy } from '../metrics.ts'
import type { FitOptions } from '../options.ts'

/** 23 samples of three classes: uint8 "images" of two pixels, class and index. */
export const count = 23
export const classes = Array.from({ length: count }, (_, at) => at % 3)
export const data = {
  images: tensor(
    classes.map((c, at) => [c === 0 ? 200 : 20 + at, c === 1 ? 180 : 40 - at]),
    { dtype: 'uint8' },
  ),
  labels: tensor(classes, { dtype: 'int32' }),
  index: arange(count),
}
export type Data = typeof data
export interface Params {
  readonly w: Tensor
  readonly b: Tensor
}
export interface NetState {
  readonly mean: Tensor
}

export const scoresOf = ({ w, b }: Params, images: Tensor<'uint8'>) =>
  add(matmul(mul(cast(images, 'float32'), 1 / 255), w), b)

/** A linear classifier with noise in its logits and a running mean in its state. */
export const base: FitOptions<Params, NetState, Data> = {
  loss: (params, { mean }, { images, labels }, key) => {
    const scores = scoresOf(params, images)
    const logits = add(scores, mul(normal(key, scores.shape), 0.1))
    return [softmaxCrossEntropy(logits, labels), { mean: add(mul(mean, 0.9), 0.1) }]
  },
  optimizer: adam({ learningRate: 0.1 }),
  params: { w: zeros([2, 3]), b: zeros([3]) },
  netState: { mean: zeros([]) },
  data,
  batchSize: 5,
  epochs: 3,
  seed: 7,
  evaluation: {
    accuracy: (params, _, { images, labels }) => accuracy(scoresOf(params, images), labels),
    train: data,
    test: { images: data.images, labels: data.labels, index: data.index },
    batchSize: 4,
  },
}

export const bits = (tree: Tree): number[][] => treeLeaves(tree).map((leaf) => [...leaf.data])
type Events = FitEvent<Params, NetState>[]

export async function collect(
  options: FitOptions<Params, NetState, Data>,
  each?: (event: FitEvent<Params, NetState>) => void,
) {
  const events: Events = []
  for await (const event of fitEvents(options)) {
    events.push(event)
    each?.(event)
  }
  const end = events.at(-1) as EndEvent<Params, NetState>
  return {
    events,
    end,
    epochs: events.filter((event): event is EpochEvent<Params, NetState> => event.type === 'epoch'),
  }
}
