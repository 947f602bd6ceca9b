import { twoLayerNet } from '@cotangent/models'
import { sgd } from '@cotangent/train'
import type { Command } from 'commander'
import { numberOption, type TrainingOptions, withExample, withTraining } from './shared/options.ts'
import { trainAndReport } from './shared/report.ts'
import { trainingOf } from './shared/session.ts'

interface Options extends TrainingOptions {
  readonly learningRate: number
  readonly hiddenSize: number
  readonly weightInitStd: number
}

/** The training program of chapters 4 and 5 of "Deep Learning from Scratch"; its `backward` is the tape. */
export function configure(command: Command): void {
  withExample(
    withTraining(command, { iterations: 10_000, batchSize: 100 })
      .addOption(numberOption('--learning-rate <rate>', 'of gradient descent', 'positive', 0.1))
      .addOption(numberOption('--hidden-size <n>', 'units of the hidden layer', 'count', 50))
      .addOption(numberOption('--weight-init-std <std>', 'spread of the first weights', 'fromZero', 0.01)),
    'pnpm example two-layer --epochs 5 --hidden-size 100 --seed 1',
    'pnpm example two-layer --out runs/first       # Ctrl-C stops it',
    'pnpm example two-layer --resume runs/first    # goes on from there',
  ).action(
    trainingOf<Options>(
      { flatten: true },
      ({ hiddenSize, weightInitStd }) => twoLayerNet({ hiddenSize, weightInitStd }),
      (session, options, net) =>
        trainAndReport(session, options, {
          title: `TwoLayerNet 784-${options.hiddenSize}-10`,
          net,
          optimizer: sgd({ learningRate: options.learningRate }),
        }),
    ),
  )
}
