import { multiLayerNet } from '@cotangent/models'
import { adaGrad, adam, adamW, momentum, nesterov, rmsProp, sgd } from '@cotangent/train'
import type { Command } from 'commander'
import { compareRuns } from './shared/compare.ts'
import { type TrainingOptions, withExample, withTraining } from './shared/options.ts'
import { training } from './shared/session.ts'

/** The book's learning rates; RMSprop, Nesterov and AdamW, which it does not compare here, have those of their kin. */
const OPTIMIZERS = [
  sgd({ learningRate: 0.01 }),
  momentum({ learningRate: 0.01 }),
  nesterov({ learningRate: 0.01 }),
  adaGrad({ learningRate: 0.01 }),
  rmsProp({ learningRate: 0.001 }),
  adam({ learningRate: 0.001 }),
  adamW({ learningRate: 0.001 }),
]

/** Seven optimisers, one net, one start, as chapter 6.1 compares four of them. */
export function configure(command: Command): void {
  withExample(
    withTraining(command, { iterations: 600, batchSize: 100 }),
    'pnpm example optimizers --iterations 150 --seed 1',
    'pnpm example optimizers --iterations 2000    # the full comparison of the book',
  ).action(
    training<TrainingOptions>({ flatten: true }, (session, options) => {
      const net = multiLayerNet({ hiddenSizes: [100, 100, 100, 100] })
      session.screen.print(`MultiLayerNet 784-100-100-100-100-10 on ${session.digits.name}, seed ${options.seed}`)
      session.screen.print('accuracies are those of the first 1,000 images of each')
      return compareRuns(session, options, {
        runs: OPTIMIZERS.map((optimizer) => ({
          name: `${optimizer.name} ${optimizer.learningRate}`,
          net,
          optimizer,
          measured: 1000,
        })),
        titles: ['optimizer', 'loss'],
        curve: ({ losses }) => losses,
        top: 2.5,
        full: { iterations: 2000 },
      })
    }),
  )
}
