import { randomKey, splitKey, type Tensor, ValueError } from '@cotangent/core'
import { checkCount } from './check.ts'
import { batchOf, sampleCount } from './data.ts'
import { type Engine, type EngineName, engineOf } from './engine.ts'
import type { Measurement } from './evaluate.ts'
import type { Reached } from './events.ts'
import type { FitOptions } from './options.ts'
import { Pace } from './pace.ts'
import { iterationsPerEpoch, type Position, startRecord } from './record.ts'
import { initialState, type TrainStep, trainStep } from './step.ts'
import { turnTaker } from './turn.ts'

/** A call of `fit` once its options are checked. */
export interface Plan<P, S, D> {
  readonly options: FitOptions<P, S, D>
  readonly start: Reached<P, S>
  /** When training ends, and how many of these iterations an epoch has. */
  readonly iterations: number
  readonly perEpoch: number
  /** Its steps take the indices of the batch: the data themselves are constants. */
  readonly engine: Engine<P, S>
  readonly engineName: EngineName
  /** How many steps it makes in one call. */
  readonly pace: Pace
  /** The accuracies to measure; `null` for those that are not asked for. */
  readonly train: Measurement | null
  readonly test: Measurement | null
  /** Whether to go on; where it is time for that, once other work has had its turn. */
  readonly running: () => boolean | Promise<boolean>
}

/** @throws ValueError or ShapeError for options that are out of range or do not fit each other. */
export function planOf<P, S, D>(options: FitOptions<P, S, D>): Plan<P, S, D> {
  const { loss, optimizer, data, batchSize, evaluation, snapshotEvery, signal } = options
  checkCount('fit', 'batchSize', batchSize)
  if (snapshotEvery !== undefined) checkCount('fit', 'snapshotEvery', snapshotEvery)
  if (evaluation?.batchSize !== undefined) checkCount('fit', 'evaluation.batchSize', evaluation.batchSize)
  if (evaluation?.train !== undefined) sampleCount('fit', 'evaluation.train', evaluation.train)
  if (evaluation?.test !== undefined) sampleCount('fit', 'evaluation.test', evaluation.test)
  const count = sampleCount('fit', 'data', data)
  if (batchSize > count)
    throw new ValueError(
      `fit: a batch of ${batchSize} takes more than the ${count} samples there are; choose a smaller batchSize`,
    )
  const perEpoch = iterationsPerEpoch({ count, batchSize })
  const start = startOf(options, count)
  const step: TrainStep<P, S, Tensor<'int32'>> = trainStep(
    (params, netState, indices, key) => loss(params, netState, batchOf(data, indices), key),
    optimizer,
  )
  const engineName = options.engine ?? 'compiled'
  const engine = engineOf(engineName, { step, start: start.state, count })
  const measurement = (samples: D | undefined): Measurement | null => {
    if (evaluation === undefined || samples === undefined) return null
    return {
      metric: engine.measure(evaluation.accuracy, samples),
      count: sampleCount('fit', 'evaluation', samples),
      batchSize: evaluation.batchSize ?? 1000,
      pace: new Pace(),
    }
  }
  const takeTurn = turnTaker()
  return {
    options,
    start,
    iterations: iterationsOf(options, perEpoch),
    perEpoch,
    engine,
    engineName,
    pace: new Pace(),
    train: measurement(evaluation?.train),
    test: measurement(evaluation?.test),
    running: () => {
      const goesOn = () => !signal?.aborted
      return takeTurn()?.then(goesOn) ?? goesOn()
    },
  }
}

type Length = Pick<FitOptions<unknown, unknown, unknown>, 'epochs' | 'iterations'>

function iterationsOf({ epochs, iterations }: Length, perEpoch: number): number {
  if (epochs !== undefined && iterations === undefined) {
    checkCount('fit', 'epochs', epochs)
    return epochs * perEpoch
  }
  if (iterations !== undefined && epochs === undefined) {
    checkCount('fit', 'iterations', iterations)
    return iterations
  }
  const given = epochs === undefined ? 'neither epochs nor iterations' : 'both epochs and iterations'
  throw new ValueError(`fit: got ${given}; give one of them`)
}

function startOf<P, S, D>(options: FitOptions<P, S, D>, count: number): Reached<P, S> {
  const { resume, batchSize } = options
  if (resume !== undefined) {
    checkSameWalk(resume.record.position, { count, batchSize })
    return resume
  }
  const [orderKey, stepKey] = splitKey(randomKey(options.seed ?? 0), 2)
  // Where the net state is left out, S is that of a net without any.
  const netState = options.netState ?? ({} as S)
  return {
    state: initialState(options.params, netState, options.optimizer, stepKey),
    record: startRecord({ count, batchSize, orderKey }),
  }
}

function checkSameWalk(position: Position, now: Pick<Position, 'count' | 'batchSize'>): void {
  if (position.count !== now.count || position.batchSize !== now.batchSize) {
    throw new ValueError(
      `fit: the record is of ${position.count} samples in batches of ${position.batchSize}, not of ${now.count} in batches of ${now.batchSize}; resume with the same data and batchSize`,
    )
  }
}
