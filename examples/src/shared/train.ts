import type { Net, TensorTree } from '@cotangent/models'
import { type FitEvent, fit, initialState, type Optimizer, type TrainingRecord } from '@cotangent/train'
import { fingerprintOf, firstOf, scaled } from './data.ts'
import { type Length, lengthOf, requireBeyond } from './length.ts'
import type { TrainingOptions } from './options.ts'
import { reportRun } from './page.ts'
import { keysOf } from './prepared.ts'
import type { TrainingSession } from './session.ts'
import { lossText, percentText } from './text.ts'

/** A training run: one of several where it has a name. */
export interface Run {
  readonly net: Net
  readonly optimizer: Optimizer
  readonly name?: string
  /** What the loss is, with its unit. Default: cross-entropy. */
  readonly lossName?: string
  /** Which of the runs this is, from 0, and how many there are: for the progress bar. */
  readonly place?: { readonly index: number; readonly of: number }
  /** How many of the images, from the first, accuracies are measured on. Default: all. */
  readonly measured?: number
  /** Hears after how many iterations training begins: some, where a run that was kept goes on. */
  readonly onBegin?: (before: number) => void
  readonly onEvent?: (event: FitEvent<TensorTree, TensorTree>) => void
}

/** Epochs may take a fraction of a second: no more than so many seconds of training are then lost to a power cut. */
const LEAST_SECONDS = 5

/** How many of the digits that a net was trained with its page looks at. */
const SHOWN = 100

/** What a run came to. */
export interface Outcome {
  readonly complete: boolean
  readonly iterations: number
  /** How many of these were made before the run was resumed. */
  readonly before: number
  /** Of each iteration. */
  readonly losses: readonly number[]
  /** After each epoch that was completed, and after the last iteration. */
  readonly accuracies: readonly Accuracies[]
  /** In all, since it was resumed; and of these, those that measuring took. */
  readonly seconds: number
  readonly measuring: number
  /** The HTML page about a run that is kept. */
  readonly page: string | undefined
}

export interface Accuracies {
  readonly iteration: number
  readonly trainAccuracy: number | null
  readonly testAccuracy: number | null
}

/** Trains a net on the session's digits, keeps it where that is asked for, shows the progress, and writes the JSON lines. */
export async function trainNet(session: TrainingSession, options: TrainingOptions, run: Run): Promise<Outcome> {
  const { digits, screen, signal, kept } = session
  const { net, optimizer, name, place = { index: 0, of: 1 }, measured } = run
  const begin = performance.now()
  const seconds = (): number => Math.round(performance.now() - begin) / 1000
  let measuring = 0
  let stepped = 0
  const length = lengthOf(options, digits)
  const { iterations } = length
  const keys = keysOf(options.seed)
  const [params, netState] = session.prepared?.net === net ? session.prepared.start : net.init(keys.initial)

  const folder = await kept?.open({
    name,
    digits,
    configuration: {
      net: net.toJSON(),
      optimizer: { name: optimizer.name, learningRate: optimizer.learningRate },
      digits: fingerprintOf(digits),
    },
    onNotice: screen.notice,
  })
  const resume = kept?.resumed
    ? await folder?.latest(initialState(params, netState, optimizer, keys.step)).then((reached) => reached ?? undefined)
    : undefined
  const before = resume?.record.position.iteration ?? 0
  const accuracies = resume ? accuraciesIn(resume.record, length) : []
  if (folder && resume) {
    requireBeyond(folder.path, before, length)
    screen.emit({ type: 'resume', run: name, folder: folder.path, iteration: before })
  }
  run.onBegin?.(before)

  /** What to say is made up where a bar is drawn, when it is: thousands of iterations may pass in a second. */
  const progress = (done: number, detailsOf: () => readonly [what: string, ...others: string[]]): void =>
    screen.progress({
      done: place.index * iterations + done,
      total: place.of * iterations,
      get details() {
        const [what, ...others] = detailsOf()
        return [name ? `${name}: ${what}` : what, ...others]
      },
    })
  progress(before, () => [options.engine === 'compiled' ? 'compiling' : 'starting'])

  // Once nets train with them, all of the digits lie in a program's memory, from which they would be copied back.
  const shown = folder && firstOf(digits.train, SHOWN)
  const seen = new Set<string>()
  const onEvent = (event: FitEvent<TensorTree, TensorTree>): void => {
    // After the first step, and the first accuracies, the digits are in the compiled net's memory; what was read is garbage.
    if (event.type !== 'end' && !seen.has(event.type)) {
      seen.add(event.type)
      globalThis.gc?.()
    }
    if (event.type === 'iteration') {
      stepped = seconds()
      progress(event.iteration, () => {
        const test = accuracies.at(-1)?.testAccuracy
        return [`loss ${lossText(event.loss)}`, ...(test ? [`test ${percentText(test)}`] : [])]
      })
    } else if (event.type === 'epoch') {
      const { epoch, iteration, meanLoss: loss, trainAccuracy, testAccuracy } = event
      measuring += seconds() - stepped
      accuracies.push({ iteration, trainAccuracy, testAccuracy })
      screen.emit({ type: 'epoch', run: name, epoch, iteration, loss, trainAccuracy, testAccuracy, seconds: seconds() })
    }
    run.onEvent?.(event)
  }

  const { reason, ...reached } = await fit({
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
    resume,
    recorder: folder?.recorder({ leastSeconds: LEAST_SECONDS }),
    signal,
    onEvent,
  })

  const complete = reason === 'complete'
  const trained = seconds()
  let page: string | undefined
  if (folder && shown && complete) {
    progress(iterations, () => ['writing the report'])
    page = await reportRun(folder, session, options, { ...run, ...reached, shown, isNew: before < iterations })
  }
  const outcome = {
    complete,
    iterations: reached.record.position.iteration,
    before,
    losses: reached.record.history.flatMap(({ losses }) => losses),
    accuracies,
    seconds: trained,
    measuring,
    page,
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
    folder: folder?.path,
    report: page,
    resume: complete ? undefined : kept?.resumeCommand,
  })
  return outcome
}

/** The accuracies that a run measured before it is resumed. */
const accuraciesIn = (
  { position, history }: TrainingRecord<TensorTree, TensorTree>,
  { perEpoch }: Length,
): Accuracies[] =>
  history
    .filter(({ trainAccuracy, testAccuracy }) => trainAccuracy !== null || testAccuracy !== null)
    .map(({ epoch, trainAccuracy, testAccuracy }) => ({
      iteration: Math.min(epoch * perEpoch, position.iteration),
      trainAccuracy,
      testAccuracy,
    }))

/** The accuracies that were measured last; at iteration 0 where none were. */
export const lastMeasured = ({ accuracies }: Pick<Outcome, 'accuracies'>): Accuracies =>
  accuracies.at(-1) ?? { iteration: 0, trainAccuracy: null, testAccuracy: null }
