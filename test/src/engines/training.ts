import { type CompileOptions, carry } from '@cotangent/compile'
import { arange, randomKey, type Tensor, tensor, treeLeaves, treeMap } from '@cotangent/core'
import { twoLayerNet } from '@cotangent/models'
import { div, take } from '@cotangent/ops'
import { initialState, sgd, trainStep } from '@cotangent/train'

/** What a few training steps gave: numbers that must be the same wherever they are made. */
export interface Trained {
  readonly losses: readonly number[]
  readonly params: readonly (readonly number[])[]
}

const [IMAGES, BATCH, STEPS] = [1000, 100, 12]

/**
 * Trains TwoLayerNet for a few steps. Weights and images come from integers: engines differ in the last bits of `Math.log` and
 * `Math.cos`, which the reference backend draws normal numbers with.
 */
export async function trainTwoLayerNet(options: CompileOptions): Promise<Trained> {
  const net = twoLayerNet()
  const [drawn, netState] = net.init(randomKey(0))
  const params = treeMap(
    (leaf) =>
      tensor(
        Float32Array.from(leaf.data, (_, at) => noise(at) / 2 ** 36 - 0.03),
        leaf,
      ),
    drawn,
  )
  const pixels = Uint8Array.from({ length: IMAGES * 784 }, (_, at) => noise(at) >>> 24)
  const images = tensor(pixels, { shape: [IMAGES, 784] })
  const labels = tensor(Int32Array.from({ length: IMAGES }, (_, at) => noise(at) % 10))

  const optimizer = sgd({ learningRate: 0.1 })
  const start = initialState(params, netState, optimizer, randomKey(1))
  const training = carry(start, options)
  const step = training.step(
    trainStep<typeof params, typeof netState, Tensor<'int32'>>(
      (p, s, indices, key) =>
        net.loss(p, s, div(take(images, indices), 255), take(labels, indices), { training: true, key }),
      optimizer,
    ),
  )
  const losses: number[] = []
  for (let at = 0; at < STEPS; at++) {
    const begin = (at * BATCH) % IMAGES
    losses.push(step(arange(begin, begin + BATCH)).loss.item())
    // Workers of a browser start once its event loop has a turn.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { losses, params: treeLeaves(training.snapshot().params).map((leaf) => [...leaf.data]) }
}

/** The 32 bits that an integer is scrambled to. */
function noise(integer: number): number {
  const mixed = Math.imul(integer ^ (integer >>> 15), 0x2c1b3c6d)
  const more = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39)
  return (more ^ (more >>> 15)) >>> 0
}
