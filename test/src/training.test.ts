import { existsSync } from 'node:fs'
import { carry } from '@cotangent/compile'
import { arange, cast, type Float, randomKey, type Tensor, treeMap } from '@cotangent/core'
import { loadMnist, syntheticDigits } from '@cotangent/mnist'
import { simpleConvNet } from '@cotangent/models'
import { div, take } from '@cotangent/ops'
import { adam, initialState, trainStep } from '@cotangent/train'
import { expect, test } from 'vitest'

interface Split {
  readonly images: Tensor<'uint8'>
  readonly labels: Tensor<'int32'>
}

const STEPS = 60
const BATCH = 20

/** The losses of a fixed short run of SimpleConvNet. */
function losses({ images, labels }: Split, dtype: Float): number[] {
  const net = simpleConvNet()
  const optimizer = adam({ learningRate: 0.001 })
  // Drawn in float32 for both, so that they start at the same place.
  const [drawn, netState] = net.init(randomKey(0))
  const params = treeMap((leaf) => cast(leaf, dtype), drawn)
  const step = trainStep<typeof params, typeof netState, Tensor<'int32'>>(
    (p, s, indices, key) =>
      net.loss(p, s, div(take(images, indices), 255), take(labels, indices), { training: true, key }),
    optimizer,
  )
  const run = carry(initialState(params, netState, optimizer, randomKey(1))).step(step)
  return Array.from({ length: STEPS }, (_, at) => run(arange(at * BATCH, (at + 1) * BATCH)).loss.item())
}

function expectToLearnAlike(split: Split): void {
  const [single, double] = [losses(split, 'float32'), losses(split, 'float64')]
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  expect(meanOf(double.slice(-10))).toBeLessThan(0.6 * meanOf(double.slice(0, 10)))
  for (const [at, loss] of single.entries()) expect(Math.abs(loss - double[at]!)).toBeLessThan(1e-4)
}

test('SimpleConvNet learns in float32 as it does in float64, on synthetic digits', () => {
  expectToLearnAlike(syntheticDigits({ seed: 3, count: STEPS * BATCH, normalize: false, flatten: false }))
})

const mnist = process.env.MNIST_DIR ?? new URL('../../../shared/data/mnist', import.meta.url).pathname

test.skipIf(!existsSync(mnist))('SimpleConvNet learns in float32 as it does in float64, on MNIST', async () => {
  const { train } = await loadMnist({ dir: mnist, normalize: false, flatten: false })
  expectToLearnAlike(train)
})
