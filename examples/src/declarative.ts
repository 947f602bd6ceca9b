import { randomKey } from '@cotangent/core'
import { syntheticDigits } from '@cotangent/mnist'
import { chain, init, input, layer } from '@cotangent/models'
import { argMax, slice } from '@cotangent/ops'
import { adam, fit } from '@cotangent/train'
import type { Command } from 'commander'
import { numberOption, type OutputOptions, withExample, withJson, withSeed } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

/** Lesson 6. The same net as data. Each layer's shape is in its type: one that does not fit does not compile, and says why. */
const net = chain(
  input([784]),
  layer.dense(50, { weight: init.he() }),
  layer.relu(),
  layer.dense(10, { weight: init.xavier() }),
)

interface Options extends OutputOptions {
  readonly epochs: number
  readonly seed: number
}

async function run({ epochs, seed, json }: Options): Promise<void> {
  const screen = openScreen({ json })
  for (const line of net.summary().split('\n')) screen.print(line)
  screen.emit({ type: 'net', net })
  const train = syntheticDigits({ seed: 0, count: 5000 })
  const test = syntheticDigits({ seed: 1, count: 500 })

  // A net holds no weights. `init` draws them, everything else is given them, and training returns new ones.
  const [params, netState] = net.init(randomKey(seed))
  const { state } = await fit({
    loss: (params, netState, { images, labels }) => net.loss(params, netState, images, labels),
    optimizer: adam(),
    params,
    netState,
    data: train,
    batchSize: 100,
    epochs,
    seed,
    evaluation: {
      accuracy: (params, netState, { images, labels }) => net.accuracy(params, netState, images, labels),
      test,
    },
    onEvent: (event) => {
      if (event.type !== 'epoch') return
      const { epoch, meanLoss, testAccuracy } = event
      screen.emit({ type: 'epoch', epoch, loss: meanLoss, testAccuracy })
      screen.print(
        `epoch ${epoch}  mean loss ${meanLoss.toFixed(3)}  test accuracy ${(100 * (testAccuracy ?? 0)).toFixed(1)}%`,
      )
    },
  })
  const five = { begin: [0], end: [5] }
  const read = argMax(net.predict(state.params, state.netState, slice(test.images, five)), { axis: 1 })
  const labels = slice(test.labels, five)
  screen.print(`the first five test images read ${read}; they are ${labels}`)
  screen.emit({ type: 'end', read: read.toArray(), labels: labels.toArray() })
}

export const configure = (command: Command): Command =>
  withExample(
    withJson(withSeed(command)).addOption(numberOption('--epochs <n>', 'times through the images', 'count', 5)),
    'pnpm example declarative --epochs 10',
  ).action(run)
