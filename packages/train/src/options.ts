import type { EngineName } from './engine.ts'
import type { Metric } from './evaluate.ts'
import type { FitEvent, Reached } from './events.ts'
import type { Optimizer } from './optimizer.ts'
import type { Recorder } from './recorder.ts'
import type { LossFunction } from './step.ts'

/** What `fit` takes: for parameters P, net state S and batches D. */
export interface FitOptions<P, S, D> {
  /** Sees batches of `data`. */
  readonly loss: LossFunction<P, S, D>
  readonly optimizer: Optimizer
  /** Where training begins. */
  readonly params: P
  /** Default: `{}`, a net without state. */
  readonly netState?: S
  /**
   * A tree of tensors whose first axis counts the samples, as `{ images, labels }`. A batch is the same tree of some samples, in
   * the dtype of the data: a loss that is given uint8 images scales them itself.
   */
  readonly data: D
  readonly batchSize: number
  /** How long to train, counted from the very beginning: either this or `iterations`. */
  readonly epochs?: number
  readonly iterations?: number
  /** Decides the order of the samples and all random keys. Default: 0. */
  readonly seed?: number
  readonly evaluation?: Evaluation<P, S, D>
  /**
   * Steps run `compiled` to WebAssembly unless said otherwise: the same mathematics as on the `reference` backend, faster by far,
   * but for functions that read values.
   */
  readonly engine?: EngineName
  /** Keep the state in the record after every so many epochs. Default: never. */
  readonly snapshotEvery?: number
  /** Go on from what an earlier call reached: its parameters, order and keys take the place of `params` and `seed`. */
  readonly resume?: Reached<P, S>
  /** Ends training after the iteration under way, with all that was reached. */
  readonly signal?: AbortSignal
  /** Keeps the run while it goes on, so that it can be resumed when the program ends in between. */
  readonly recorder?: Recorder
  /** Is told of each event, and waited for. */
  readonly onEvent?: (event: FitEvent<P, S>) => void | Promise<void>
}

/** Accuracies to measure after each epoch, and after the last iteration. */
export interface Evaluation<P, S, D> {
  readonly accuracy: Metric<P, S, D>
  readonly train?: D
  readonly test?: D
  /** How many samples are measured at once. Default: 1000. */
  readonly batchSize?: number
}
