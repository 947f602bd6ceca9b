import { type Digits, sizeOf } from './data.ts'
import { type Full, fullText, lengthOf } from './length.ts'
import type { TrainingOptions } from './options.ts'
import type { TrainingSession } from './session.ts'
import { sparkline } from './sparkline.ts'
import { countText, durationText, lossText, percentText, plural } from './text.ts'
import { lastMeasured, type Outcome, type Run, trainNet } from './train.ts'

/** The run of an example that trains one net. */
export interface Reported extends Run {
  /** What is trained, as in `TwoLayerNet 784-50-10`. */
  readonly title: string
  /** The length of a full training, where the example's own is shorter. */
  readonly full?: Full
}

/** Trains one net with a table of its epochs, and says in the end what was reached. */
export async function trainAndReport(session: TrainingSession, options: TrainingOptions, run: Reported): Promise<void> {
  const { digits, screen } = session
  const { batchSize, seed } = options
  const { iterations, perEpoch } = lengthOf(options, digits)
  screen.print(`${run.title} on ${digits.name} (${sizesText(digits)})`, 'bold')
  screen.print(
    `${plural(iterations, 'iteration')} of ${plural(batchSize, 'image')} (${epochsText(iterations / perEpoch)}), ${run.optimizer.name} ${run.optimizer.learningRate}, seed ${seed}`,
  )
  if (run.measured) screen.print(`accuracies are those of the first ${countText(run.measured)} images of each`)
  const row = (iteration: number, epoch: number, loss: number, train: string, test: string): void =>
    screen.print(
      [
        countText(iteration).padStart(9),
        `${epoch}`.padStart(5),
        lossText(loss).padStart(6),
        train.padStart(6),
        test.padStart(6),
      ]
        .join('  ')
        .trimEnd(),
    )

  // Where no bar is drawn, a tenth of the run is told of even if no epoch ends in it.
  const tenth = screen.drawn ? perEpoch : Math.ceil(iterations / 10)
  let since: number[] = []
  const outcome = await trainNet(session, options, {
    ...run,
    onBegin: (before) => {
      if (before > 0) screen.print(`goes on from iteration ${countText(before)}`)
      if (before < iterations) screen.print('iteration  epoch    loss   train    test', 'dim')
    },
    onEvent: (event) => {
      if (event.type === 'iteration') {
        since.push(event.loss)
        const evaluated = event.iteration === iterations || event.iteration % perEpoch === 0
        if (evaluated || tenth >= perEpoch || event.iteration % tenth !== 0) return
        row(event.iteration, event.epoch, mean(since), '', '')
      } else if (event.type === 'epoch') {
        const { iteration, epoch, trainAccuracy, testAccuracy } = event
        row(iteration, epoch, mean(since), percentText(trainAccuracy), percentText(testAccuracy))
      } else return
      since = []
    },
  })
  for (const line of conclusion(outcome, iterations, session)) screen.print(line)
  if (outcome.complete && run.full) {
    for (const line of fullText(run.full, [outcome], { iterations, perEpoch })) screen.print(line)
  }
  printKept(session, outcome)
}

const sizesText = ({ train, test }: Digits): string =>
  `${countText(sizeOf(train))} to train, ${countText(sizeOf(test))} to test`

const epochsText = (epochs: number): string =>
  `${Number.isInteger(epochs) ? epochs : epochs.toFixed(epochs < 1 ? 2 : 1)} ${epochs === 1 ? 'epoch' : 'epochs'}`

const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length

function conclusion(outcome: Outcome, length: number, { digits, screen }: TrainingSession): string[] {
  const { complete, iterations, before, losses, seconds } = outcome
  const { iteration, trainAccuracy, testAccuracy } = lastMeasured(outcome)
  const accuracies = `train accuracy ${percentText(trainAccuracy)}, test accuracy ${percentText(testAccuracy)} on ${digits.name}`
  const reached = iteration > 0 ? `${accuracies} at iteration ${countText(iteration)}` : 'no accuracy was measured yet'
  const share = before > 0 ? `, ${countText(iterations - before)} of them` : ''
  const now = before > 0 && iterations === before ? ' as before' : `${share} in ${durationText(seconds)}`
  const curve = `${lossText(losses[0] ?? 0)} ${sparkline(losses, Math.min(30, screen.width - 20))} ${lossText(losses.at(-1) ?? 0)}`
  return [
    ...(losses.length > 1 ? [`loss ${curve}`] : []),
    complete
      ? `${plural(iterations, 'iteration')}${now}: ${accuracies}`
      : `stopped after ${countText(iterations)} of ${plural(length, 'iteration')}${now}: ${reached}`,
  ]
}

/** Says where what was trained is kept, and how to go on with it where it is not complete. */
export function printKept({ screen, kept }: TrainingSession, { complete, page }: Outcome): void {
  if (kept === undefined) {
    if (!complete) screen.print('nothing of it was kept: with --out <folder>, training can be stopped and resumed')
  } else if (complete) screen.print(`kept in ${kept.path}; open ${page} in a browser`)
  else {
    screen.print(`kept in ${kept.path}; to go on:`)
    screen.print(`  ${kept.resumeCommand}`)
  }
}
