/** Training runs, step by step: compiled as by the reference backend, and in float32 as in float64. */
import { existsSync } from 'node:fs'
import { carry } from '@cotangent/compile'
import { arange, cast, type Float, randomKey, type Tensor, treeMap } from '@cotangent/core'
import { loadMnist, syntheticDigits } from '@cotangent/mnist'
import { type Net, simpleConvNet, twoLayerNet } from '@cotangent/models'
import { div, take } from '@cotangent/ops'
import { adam, initialState, type Optimizer, sgd, trainStep } from '@cotangent/train'
import { expect, test } from 'vitest'

interface Work {
  readonly net: Net
  readonly optimizer: Optimizer
  readonly steps: number
  readonly batch: number
}

interface Split {
  readonly images: Tensor<'uint8'>
  readonly labels: Tensor<'int32'>
}

const twoLayer: Work = { net: twoLayerNet(), optimizer: sgd({ learningRate: 0.1 }), steps: 300, batch: 100 }
const simpleConv: Work = { net: simpleConvNet(), optimizer: adam({ learningRate: 0.001 }), steps: 30, batch: 100 }

/** The reference backend takes minutes for all of it: a part, but with `LAWS=full`. */
const sampled = (work: Work, part: Partial<Work>): Work => (process.env.LAWS === 'full' ? work : { ...work, ...part })

const mnist = process.env.MNIST_DIR ?? new URL('../../../shared/data/mnist', import.meta.url).pathname
const dataSets = ['synthetic digits', ...(existsSync(mnist) ? ['MNIST'] : [])]

async function digits(name: string, { net, steps, batch }: Work): Promise<Split> {
  const shape = { normalize: false, flatten: net.input.length === 1 } as const
  if (name === 'MNIST') return (await loadMnist({ dir: mnist, ...shape })).train
  return syntheticDigits({ seed: 3, count: steps * batch, ...shape })
}

type Engine = 'compiled' | 'reference'

/** The losses of a run from one fixed start, over the samples in their order. */
function losses(work: Work, { images, labels }: Split, dtype: Float, engine: Engine = 'compiled'): number[] {
  const { net, optimizer, steps, batch } = work
  // Drawn in float32 for both dtypes, so that they start at the same place.
  const [drawn, netState] = net.init(randomKey(0))
  const params = treeMap((leaf) => cast(leaf, dtype), drawn)
  const step = trainStep<typeof params, typeof netState, Tensor<'int32'>>(
    (p, s, indices, key) =>
      net.loss(p, s, div(take(images, indices), 255), take(labels, indices), { training: true, key }),
    optimizer,
  )
  let state = initialState(params, netState, optimizer, randomKey(1))
  const byReference = (indices: Tensor<'int32'>) => {
    const [next, metrics] = step(state, indices)
    state = next
    return metrics
  }
  const run = engine === 'compiled' ? carry(state).step(step) : byReference
  return Array.from({ length: steps }, (_, at) => run(arange(at * batch, (at + 1) * batch)).loss.item())
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** The largest difference, relative to the second of the two. */
const apart = (losses: readonly number[], from: readonly number[]): number =>
  Math.max(...losses.map((loss, at) => Math.abs(loss - from[at]!) / Math.abs(from[at]!)))

test.each([
  ['TwoLayerNet', sampled(twoLayer, { steps: 40 })],
  ['SimpleConvNet', sampled(simpleConv, { steps: 4, batch: 20 })],
])(`%s has the losses of the reference backend, on ${dataSets.at(-1)}`, { timeout: 600_000 }, async (_, work) => {
  const split = await digits(dataSets.at(-1)!, work)
  const [compiled, reference] = [losses(work, split, 'float64'), losses(work, split, 'float64', 'reference')]
  expect(apart(compiled, reference)).toBeLessThan(1e-9)
  expect(apart(losses(work, split, 'float32'), compiled)).toBeLessThan(1e-3)
})

test.each(dataSets)('SimpleConvNet learns in float32 as it does in float64, on %s', async (name) => {
  const work = { ...simpleConv, steps: 60, batch: 20 }
  const split = await digits(name, work)
  const [single, double] = [losses(work, split, 'float32'), losses(work, split, 'float64')]
  expect(meanOf(double.slice(-10))).toBeLessThan(0.6 * meanOf(double.slice(0, 10)))
  for (const [at, loss] of single.entries()) expect(Math.abs(loss - double[at]!)).toBeLessThan(1e-4)
})
