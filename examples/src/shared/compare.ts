import { DivergenceError } from '@cotangent/train'
import { type Full, fullText, lengthOf } from './length.ts'
import type { TrainingOptions } from './options.ts'
import { printKept } from './report.ts'
import type { TrainingSession } from './session.ts'
import { sparkline } from './sparkline.ts'
import { countText, durationText, percentText } from './text.ts'
import { lastMeasured, type Outcome, type Run, trainNet } from './train.ts'

/** Several runs, and what is shown of each. */
export interface Compared {
  readonly runs: readonly (Run & { readonly name: string })[]
  /** What the runs differ in, and the values drawn as a curve from 0 to `top`, one for each iteration or epoch. */
  readonly titles: readonly [name: string, curve: string]
  readonly curve: (outcome: Outcome) => readonly number[]
  readonly top: number
  /** The full length of a run, where the example's own is shorter. */
  readonly full?: Full
}

/** Trains one net after the other, and prints a row for each: its curve, and its accuracies in the end. */
export async function compareRuns(
  session: TrainingSession,
  options: TrainingOptions,
  compared: Compared,
): Promise<void> {
  const { screen, digits } = session
  const { runs, titles, curve, top, full } = compared
  const begin = performance.now()
  const length = lengthOf(options, digits)
  const name = Math.max(titles[0].length, ...runs.map((run) => run.name.length))
  const width = Math.max(8, Math.min(30, screen.width - name - 18))
  const line = (...[first = '', second = '', train = '', test = '']: readonly string[]): string =>
    [first.padEnd(name), second.padEnd(width), train.padStart(6), test.padStart(6)].join('  ').trimEnd()
  const row = (...cells: readonly string[]): void => screen.print(line(...cells))

  screen.print(line(titles[0], titles[1], 'train', 'test'), 'dim')
  const outcomes: Outcome[] = []
  for (const [index, run] of runs.entries()) {
    const outcome = await settled(trainNet(session, options, { ...run, place: { index, of: runs.length } }))
    if (typeof outcome === 'number') {
      screen.emit({ type: 'end', run: run.name, reason: 'diverged', iterations: outcome - 1 })
      row(run.name, `diverged at iteration ${countText(outcome)}`)
      continue
    }
    const { trainAccuracy, testAccuracy } = lastMeasured(outcome)
    const drawn = curve(outcome)
    if (drawn.length > 0)
      row(run.name, sparkline(drawn, width, top), percentText(trainAccuracy), percentText(testAccuracy))
    if (!outcome.complete) {
      const reached = `after ${countText(outcome.iterations)} of its ${countText(length.iterations)} iterations`
      screen.print(`stopped in run ${index + 1} of ${runs.length}, ${reached}`)
      return printKept(session, outcome)
    }
    outcomes.push(outcome)
  }
  screen.print(
    `${runs.length} runs of ${countText(length.iterations)} iterations in ${durationText((performance.now() - begin) / 1000)}`,
  )
  if (full) for (const line of fullText(full, outcomes, length)) screen.print(line)
  if (session.kept)
    screen.print(`kept in ${session.kept.path}; the folder of each run has a report.html to open in a browser`)
}

/** What a run came to; where it diverged, the iteration at which it did. */
const settled = (running: Promise<Outcome>): Promise<Outcome | number> =>
  running.catch((error: unknown) => {
    if (error instanceof DivergenceError) return error.iteration
    throw error
  })
