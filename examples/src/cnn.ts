import { simpleConvNet } from '@cotangent/models'
import { adam } from '@cotangent/train'
import type { Command } from 'commander'
import { numberOption, type TrainingOptions, withExample, withTraining } from './shared/options.ts'
import { trainAndReport } from './shared/report.ts'
import { trainingOf } from './shared/session.ts'

interface Options extends TrainingOptions {
  readonly learningRate: number
  readonly filters: number
  readonly hiddenSize: number
}

/** Lesson 7. SimpleConvNet of chapter 7: convolution, relu, pooling, dense, relu, dense. */
export function configure(command: Command): void {
  withExample(
    withTraining(command, { iterations: 600, batchSize: 100 })
      .addOption(numberOption('--learning-rate <rate>', 'of Adam', 'positive', 0.001))
      .addOption(numberOption('--filters <n>', 'filters of the convolution', 'count', 30))
      .addOption(numberOption('--hidden-size <n>', 'units of the hidden layer', 'count', 100)),
    'pnpm example cnn --iterations 200 --filters 16',
    'pnpm example cnn --epochs 20    # the full training of the book',
  ).action(
    trainingOf<Options>(
      { flatten: false },
      ({ filters, hiddenSize }) => simpleConvNet({ filters, hiddenSize }),
      (session, options, net) =>
        trainAndReport(session, options, {
          title: `SimpleConvNet, ${options.filters} filters of 5×5`,
          net,
          optimizer: adam({ learningRate: options.learningRate }),
          measured: 1000,
          full: { epochs: 20 },
        }),
    ),
  )
}
