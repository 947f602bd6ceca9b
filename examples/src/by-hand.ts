import { randomKey, splitKey, type Tensor, treeZip, valueAndGrad, zeros } from '@cotangent/core'
import { randomBatch, syntheticDigits } from '@cotangent/mnist'
import { add, matmul, mul, normal, relu, softmaxCrossEntropy, sub, take } from '@cotangent/ops'
import { accuracy } from '@cotangent/train'
import type { Command } from 'commander'
import { numberOption, type OutputOptions, withExample, withJson, withSeed } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

/** Lesson 5. TwoLayerNet with nothing but operations: its parameters are a tree of tensors, and the net is a function of them. */
type Params = Record<'W1' | 'b1' | 'W2' | 'b2', Tensor>

const predict = ({ W1, b1, W2, b2 }: Params, x: Tensor): Tensor => add(matmul(relu(add(matmul(x, W1), b1)), W2), b2)

const loss = (params: Params, x: Tensor, t: Tensor<'int32'>): Tensor => softmaxCrossEntropy(predict(params, x), t)

interface Options extends OutputOptions {
  readonly iterations: number
  readonly seed: number
}

function run({ iterations, seed, json }: Options): void {
  const screen = openScreen({ json })
  const train = syntheticDigits({ seed: 0, count: 5000 })
  const test = syntheticDigits({ seed: 1, count: 500 })
  const [k1, k2, order] = splitKey(randomKey(seed), 3)
  let params: Params = {
    W1: normal(k1, [784, 50], { std: 0.01 }),
    b1: zeros([50]),
    W2: normal(k2, [50, 10], { std: 0.01 }),
    b2: zeros([10]),
  }
  for (let iteration = 1; iteration <= iterations; iteration++) {
    const batch = randomBatch({ count: 5000, size: 100, key: order, iteration })
    const [x, t] = [take(train.images, batch, { axis: 0 }), take(train.labels, batch, { axis: 0 })]
    // The gradients have the structure of the parameters: gradients.W1 is by W1.
    const [value, gradients] = valueAndGrad(loss)(params, x, t)
    params = treeZip((p, g) => sub(p, mul(0.1, g)), params, gradients)
    if (iteration % Math.ceil(iterations / 5) === 0) {
      const right = accuracy(predict(params, test.images), test.labels).item()
      screen.print(
        `iteration ${iteration}  loss ${value.item().toFixed(3)}  test accuracy ${(100 * right).toFixed(1)}%`,
      )
      screen.emit({ type: 'iteration', iteration, loss: value.item(), testAccuracy: right })
    }
  }
}

export const configure = (command: Command): Command =>
  withExample(
    withJson(withSeed(command)).addOption(numberOption('--iterations <n>', 'steps of gradient descent', 'count', 300)),
    'pnpm example by-hand --iterations 600',
  ).action(run)
