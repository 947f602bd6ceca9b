import { CotangentError } from '@cotangent/core'
import type { TrainingRecord } from './record.ts'
import type { TrainState } from './step.ts'

/**
 * The loss became NaN or infinite. Nothing is lost: `state` and `record` are those before the iteration that failed, to go on from
 * with a smaller learning rate.
 */
export class DivergenceError extends CotangentError {
  override name = 'DivergenceError'
  /** The iteration that failed, from 1. */
  readonly iteration: number
  /** Its epoch, from 1. */
  readonly epoch: number
  readonly loss: number
  readonly state: TrainState<unknown, unknown>
  readonly record: TrainingRecord<unknown, unknown>

  constructor(message: string, found: Pick<DivergenceError, 'iteration' | 'epoch' | 'loss' | 'state' | 'record'>) {
    super(message)
    this.iteration = found.iteration
    this.epoch = found.epoch
    this.loss = found.loss
    this.state = found.state
    this.record = found.record
  }
}
