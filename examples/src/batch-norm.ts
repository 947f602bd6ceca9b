import { multiLayerNet } from '@cotangent/models'
import { sgd } from '@cotangent/train'
import type { Command } from 'commander'
import { compareRuns } from './shared/compare.ts'
import { numberOption, type TrainingOptions, withExample, withTraining } from './shared/options.ts'
import { training } from './shared/session.ts'

interface Options extends TrainingOptions {
  readonly learningRate: number
}

/** Batch normalisation lets a net learn whatever its weights start with, as in chapter 6.3. */
export function configure(command: Command): void {
  withExample(
    withTraining(command, { iterations: 200, batchSize: 100 }).addOption(
      numberOption('--learning-rate <rate>', 'of gradient descent', 'positive', 0.01),
    ),
    'pnpm example batch-norm --learning-rate 0.02 --epochs 5',
  ).action(
    training<Options>({ flatten: true, train: 1000, test: 500 }, (session, options) => {
      const hiddenSizes = [100, 100, 100, 100, 100]
      const optimizer = sgd({ learningRate: options.learningRate })
      session.screen.print(
        `MultiLayerNet of five hidden layers, 1,000 images of ${session.digits.name}, seed ${options.seed}`,
      )
      return compareRuns(session, options, {
        runs: [1, 0.1, 0.01, 0.001].flatMap((weightInitStd) => [
          {
            name: `${weightInitStd} norm`,
            net: multiLayerNet({ hiddenSizes, weightInitStd, batchNorm: true }),
            optimizer,
          },
          { name: `${weightInitStd} plain`, net: multiLayerNet({ hiddenSizes, weightInitStd }), optimizer },
        ]),
        titles: ['first std', 'train curve'],
        curve: ({ accuracies }) => accuracies.map(({ trainAccuracy }) => trainAccuracy ?? 0),
        top: 1,
      })
    }),
  )
}
