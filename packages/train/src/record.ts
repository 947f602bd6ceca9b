import { type Tensor, treeMap } from '@cotangent/core'
import { castDraft, freeze, produce } from 'immer'
import type { TrainState } from './step.ts'

/** Where training is in the data: with the state it is all that is needed to go on as if it had never stopped. */
export interface Position {
  /** Training steps made. */
  readonly iteration: number
  /** Epochs completed. */
  readonly epoch: number
  /** The samples of an epoch, and of a batch. */
  readonly count: number
  readonly batchSize: number
  /** Epoch e, from 0, walks the samples in the order permutation(foldIn(orderKey, e), count). */
  readonly orderKey: Tensor<'key'>
}

/** What one epoch brought. */
export interface EpochHistory {
  /** From 1. */
  readonly epoch: number
  /** The loss of each iteration. */
  readonly losses: readonly number[]
  /** After the epoch's last iteration so far; `null` where it was not measured. */
  readonly trainAccuracy: number | null
  readonly testAccuracy: number | null
}

/** The state after an epoch. */
export interface Snapshot<P, S> {
  readonly epoch: number
  readonly iteration: number
  readonly state: TrainState<P, S>
}

/**
 * The host's record of a training run: immutable, frozen plain data. What an epoch does not change it shares with the record
 * before.
 */
export interface TrainingRecord<P, S> {
  readonly position: Position
  readonly history: readonly EpochHistory[]
  /** The state with the highest test accuracy (train accuracy, where there is no test set) so far; the first of equal ones. */
  readonly best: (Snapshot<P, S> & { readonly accuracy: number }) | null
  readonly snapshots: readonly Snapshot<P, S>[]
}

export interface Accuracies {
  readonly trainAccuracy: number | null
  readonly testAccuracy: number | null
}

export const startRecord = <P, S>(position: Omit<Position, 'iteration' | 'epoch'>): TrainingRecord<P, S> =>
  freeze<TrainingRecord<P, S>>(
    { position: { iteration: 0, epoch: 0, ...position }, history: [], best: null, snapshots: [] },
    true,
  )

/** How many iterations an epoch has; its last batch may be smaller. */
export const iterationsPerEpoch = ({ count, batchSize }: Pick<Position, 'count' | 'batchSize'>): number =>
  Math.ceil(count / batchSize)

/** The record after further iterations with these losses, all of one epoch. */
export function withLosses<P, S>(record: TrainingRecord<P, S>, losses: readonly number[]): TrainingRecord<P, S> {
  if (losses.length === 0) return record
  const perEpoch = iterationsPerEpoch(record.position)
  const epoch = Math.floor(record.position.iteration / perEpoch)
  const before = record.history[epoch]
  const iteration = record.position.iteration + losses.length
  return produce(record, (draft) => {
    draft.position.iteration = iteration
    draft.position.epoch = Math.floor(iteration / perEpoch)
    // An evaluation made in the middle of the epoch no longer holds.
    draft.history[epoch] = {
      epoch: epoch + 1,
      losses: [...(before?.losses ?? []), ...losses],
      trainAccuracy: null,
      testAccuracy: null,
    }
  })
}

/** The record with the accuracies of `state`, reached at its position. */
export function withAccuracies<P, S>(
  record: TrainingRecord<P, S>,
  accuracies: Accuracies,
  state: TrainState<P, S>,
): TrainingRecord<P, S> {
  const accuracy = accuracies.testAccuracy ?? accuracies.trainAccuracy
  const better = accuracy !== null && (record.best === null || accuracy > record.best.accuracy)
  return produce(record, (draft) => {
    const last = draft.history.at(-1)
    if (last !== undefined) Object.assign(last, accuracies)
    if (better) draft.best = castDraft({ ...snapshotOf(record, state), accuracy })
  })
}

/** The record with a snapshot of `state`, reached at its position. */
export const withSnapshot = <P, S>(record: TrainingRecord<P, S>, state: TrainState<P, S>): TrainingRecord<P, S> =>
  produce(record, (draft) => {
    draft.snapshots.push(castDraft(snapshotOf(record, state)))
  })

const snapshotOf = <P, S>({ position, history }: TrainingRecord<P, S>, state: TrainState<P, S>): Snapshot<P, S> => ({
  epoch: history.length,
  iteration: position.iteration,
  // Objects of its own around the same tensors: those of the state may be the caller's, which immer would freeze.
  state: treeMap((leaf) => leaf, state),
})
