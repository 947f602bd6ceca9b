import type { Accuracies, TrainingRecord } from './record.ts'
import type { TrainState } from './step.ts'

/** How far training has come. */
export interface Reached<P, S> {
  readonly state: TrainState<P, S>
  readonly record: TrainingRecord<P, S>
}

/** One step was made. `iteration` and `epoch` count from 1; training ends after `iterations`. */
export interface IterationEvent {
  readonly type: 'iteration'
  readonly iteration: number
  readonly iterations: number
  readonly epoch: number
  readonly loss: number
}

/** An epoch, or the last part of one, is over and evaluated. */
export interface EpochEvent<P, S> extends Reached<P, S>, Accuracies {
  readonly type: 'epoch'
  readonly iteration: number
  readonly iterations: number
  readonly epoch: number
  /** Over the epoch's iterations. */
  readonly meanLoss: number
}

/** What training reached in the end: all that was asked for, or what there was when the signal aborted it. */
export interface EndEvent<P, S> extends Reached<P, S> {
  readonly type: 'end'
  readonly reason: 'complete' | 'aborted'
}

export type FitEvent<P, S> = IterationEvent | EpochEvent<P, S> | EndEvent<P, S>
