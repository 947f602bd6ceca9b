import { randomKey, splitKey, type Tensor } from '@cotangent/core'
import type { Net, TensorTree } from '@cotangent/models'
import { div } from '@cotangent/ops'
import { type FitEvent, fit, type Optimizer } from '@cotangent/train'
import { firstOf } from './data.ts'
import { lengthOf } from './length.ts'
import type { TrainingOptions } from './options.ts'
import type { Session } from './session.ts'
import { lossText, percentText } from './text.ts'

/** A training run: one of several where it has a name. */
export interface Run {
  readonly net: Net
  readonly optimizer: Optimizer
  readonly name?: string
  /** Which of the runs this is, from 0, and how many there are: for the progress bar. */
  readonly place?: { readonly index: number; readonly of: number }
  /** How many of the images, from the first, accuracies are measured on. Default: all. */
  readonly measured?: number
  readonly onEvent?: (event: FitEvent<TensorTree, TensorTree>) => void
}

/** What a run came to. */
export interface Outcome {
  readonly complete: boolean
  readonly iterations: number
  /** Of each iteration. */
  readonly losses: readonly number[]
  /** After each epoch that was completed, and after the last iteration. */
  readonly accuracies: readonly Accuracies[]
  /** In all, and of these, those that measuring took. */
  readonly seconds: number
  readonly measuring: number
}

export interface Accuracies {
  readonly iteration: number
  readonly trainAccuracy: number | null
  readonly testAccuracy: number | null
}

/** Trains a net on the session's digits; shows the progress, and writes the JSON lines. */
export async function trainNet(session: Session, options: TrainingOptions, run: Run): Promise<Outcome> {
  const { digits, screen, signal } = session
  const { net, optimizer, name, place = { index: 0, of: 1 }, measured } = run
  const accuracies: Accuracies[] = []
  const begin = performance.now()
  const seconds = (): number => Math.round(performance.now() - begin) / 1000
  let measuring = 0
  let stepped = 0
  // `fit` itself splits two keys off the seed's.
  const [params, netState] = net.init(splitKey(randomKey(options.seed), 3)[2])

  const { iterations } = lengthOf(options, digits)
  const progress = (done: number, details: readonly string[]): void =>
    screen.progress({
      done: place.index * iterations + done,
      total: place.of * iterations,
      details: name ? [name, ...details] : details,
    })
  progress(0, [])

  const onEvent = (event: FitEvent<TensorTree, TensorTree>): void => {
    if (event.type === 'iteration') {
      stepped = seconds()
      const test = accuracies.at(-1)?.testAccuracy
      progress(event.iteration, [`loss ${lossText(event.loss)}`, ...(test ? [`test ${percentText(test)}`] : [])])
    } else if (event.type === 'epoch') {
      const { epoch, iteration, meanLoss: loss, trainAccuracy, testAccuracy } = event
      measuring += seconds() - stepped
      accuracies.push({ iteration, trainAccuracy, testAccuracy })
      screen.emit({ type: 'epoch', run: name, epoch, iteration, loss, trainAccuracy, testAccuracy, seconds: seconds() })
    }
    run.onEvent?.(event)
  }

  const { reason, record } = await fit({
    loss: (params, netState, { images, labels }, key) =>
      net.loss(params, netState, scaled(images), labels, { training: true, key }),
    optimizer,
    params,
    netState,
    data: digits.train,
    batchSize: options.batchSize,
    iterations,
    seed: options.seed,
    engine: options.engine,
    evaluation: {
      accuracy: (params, netState, { images, labels }) => net.accuracy(params, netState, scaled(images), labels),
      train: firstOf(digits.train, measured),
      test: firstOf(digits.test, measured),
    },
    signal,
    onEvent,
  })

  const outcome = {
    complete: reason === 'complete',
    iterations: record.position.iteration,
    losses: record.history.flatMap(({ losses }) => losses),
    accuracies,
    seconds: seconds(),
    measuring,
  }
  const { iteration: measuredAt, ...last } = lastMeasured(outcome)
  screen.emit({
    type: 'end',
    run: name,
    reason,
    data: digits.name,
    iterations: outcome.iterations,
    loss: outcome.losses.at(-1) ?? null,
    ...last,
    measuredAt,
    seconds: outcome.seconds,
  })
  return outcome
}

/** The accuracies that were measured last; at iteration 0 where none were. */
export const lastMeasured = ({ accuracies }: Pick<Outcome, 'accuracies'>): Accuracies =>
  accuracies.at(-1) ?? { iteration: 0, trainAccuracy: null, testAccuracy: null }

/** Bytes as numbers from 0 to 1. The images stay bytes; a batch of them is scaled inside the step. */
export const scaled = (images: Tensor<'uint8'>) => div(images, 255)
