import type { EngineName } from './engine.ts'
import type { FitEvent, Reached } from './events.ts'

/** How training runs, as a {@link Recorder} is told. */
export interface RecordedTraining {
  readonly engine: EngineName
  /** When training ends. */
  readonly iterations: number
}

/** Of whatever parameters and net state. */
type AnyReached = Reached<unknown, unknown>

/**
 * Keeps a training run while it goes on, such as the run folder of `@cotangent/io`. `fit` waits for each call; what a call throws
 * ends training.
 */
export interface Recorder {
  /** Before the first step from `start`, which is where training goes on if it is resumed. */
  begin(start: AnyReached, training: RecordedTraining): Promise<void>
  /** Each event, before anyone else is told of it. */
  record(event: FitEvent<unknown, unknown>): void | Promise<void>
  /** Whether to be given a checkpoint after this iteration, which may be one that is still to come. */
  isDue(iteration: number): boolean
  /** What training reached, between two events: where {@link isDue} said so, and before a step whose loss is not finite. */
  checkpoint(reached: AnyReached): void | Promise<void>
  /** After the last call, also where training was left or failed. */
  close(): Promise<void>
}
