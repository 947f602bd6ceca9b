import { deepConvNet } from '@cotangent/models'
import { adam } from '@cotangent/train'
import type { Command } from 'commander'
import { numberOption, type TrainingOptions, withExample, withTraining } from './shared/options.ts'
import { trainAndReport } from './shared/report.ts'
import { trainingOf } from './shared/session.ts'

interface Options extends TrainingOptions {
  readonly learningRate: number
  readonly dropoutRate: number
}

/** DeepConvNet of chapter 8: six convolutions, pooling after each two, dropout. */
export function configure(command: Command): void {
  withExample(
    withTraining(command, { iterations: 100, batchSize: 100 })
      .addOption(numberOption('--learning-rate <rate>', 'of Adam', 'positive', 0.001))
      .addOption(numberOption('--dropout-rate <rate>', 'share of units dropped in training', 'share', 0.5)),
    'pnpm example deep-cnn --iterations 150 --batch-size 50',
    'pnpm example deep-cnn --epochs 20    # the full training of the book',
  ).action(
    trainingOf<Options>(
      { flatten: false },
      ({ dropoutRate }) => deepConvNet({ dropoutRate }),
      (session, options, net) =>
        trainAndReport(session, options, {
          title: 'DeepConvNet',
          net,
          optimizer: adam({ learningRate: options.learningRate }),
          measured: 200,
          full: { epochs: 20 },
        }),
    ),
  )
}
