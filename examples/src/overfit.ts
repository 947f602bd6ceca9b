import { multiLayerNet } from '@cotangent/models'
import { momentum } from '@cotangent/train'
import type { Command } from 'commander'
import { compareRuns } from './shared/compare.ts'
import { numberOption, type TrainingOptions, withExample, withTraining } from './shared/options.ts'
import { training } from './shared/session.ts'

interface Options extends TrainingOptions {
  readonly weightDecay: number
  readonly dropoutRate: number
}

/** A net that learns 300 images by heart, and what weight decay and dropout do against it, as in chapter 6.4. */
export function configure(command: Command): void {
  withExample(
    withTraining(command, { iterations: 600, batchSize: 100 })
      .addOption(numberOption('--weight-decay <lambda>', 'λ of ½ λ Σ W² in the loss', 'fromZero', 0.1))
      .addOption(numberOption('--dropout-rate <rate>', 'share of units dropped in training', 'share', 0.2)),
    'pnpm example overfit --weight-decay 0.03 --epochs 100',
  ).action(
    training<Options>({ flatten: true, train: 300, test: 1000 }, (session, options) => {
      const { weightDecay, dropoutRate } = options
      const hiddenSizes = [100, 100, 100, 100, 100, 100]
      const optimizer = momentum({ learningRate: 0.01 })
      session.screen.print(
        `MultiLayerNet of six hidden layers, 300 images of ${session.digits.name}, seed ${options.seed}`,
      )
      return compareRuns(session, options, {
        runs: [
          { name: 'nothing', net: multiLayerNet({ hiddenSizes }), optimizer },
          {
            name: `decay ${weightDecay}`,
            net: multiLayerNet({ hiddenSizes, weightDecay }),
            optimizer,
            lossName: 'cross-entropy + ½ λ Σ W², nats',
          },
          { name: `dropout ${dropoutRate}`, net: multiLayerNet({ hiddenSizes, dropoutRate }), optimizer },
        ],
        titles: ['against it', 'test curve'],
        curve: ({ accuracies }) => accuracies.map(({ testAccuracy }) => testAccuracy ?? 0),
        top: 1,
      })
    }),
  )
}
