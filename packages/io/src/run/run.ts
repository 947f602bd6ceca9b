import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CotangentError, ValueError } from '@cotangent/core'
import type { Reached, Recorder, TrainState } from '@cotangent/train'
import { exists, makeFolder, readBytes, readError, writeAtomically } from '../disk.ts'
import { FileError } from '../errors.ts'
import { recordFrom, stateFrom } from './checkpoint.ts'
import { checkpointsIn, type ReadCheckpoint } from './checkpoints.ts'
import { type Configuration, configurationOf, configurationText, differences, differenceText } from './configuration.ts'
import { secondsIn } from './metrics.ts'
import { folderRecorder, type RecorderOptions } from './recorder.ts'

/** What was learnt, of one checkpoint. */
export interface Learnt<P, S> {
  readonly params: P
  readonly netState: S
  readonly iteration: number
  readonly epoch: number
  /** On the test set; on the training set where there is none; `null` where neither was measured then. */
  readonly accuracy: number | null
}

/** What of a state is learnt. */
type LearntPart<P, S> = Pick<TrainState<P, S>, 'params' | 'netState'>

/**
 * A training run in a folder:
 *
 * - `configuration.json`: what it was started with.
 * - `metrics.jsonl`: a line `{"type":"iteration","iteration","epoch","loss","seconds"}` for each iteration, and
 *   `{"type":"epoch","epoch","iteration","meanLoss","trainAccuracy","testAccuracy","seconds"}` after each epoch. Seconds are those of
 *   training; those of work that was lost and done again count once.
 * - `checkpoints/00000600.safetensors`, with the state after 600 iterations (`params.…`, `slots.…`, `netState.…`, `key`) and the
 *   `losses`, and `00000600.json` with the position in the data, the accuracies, and what decides the bits of steps. Kept are the
 *   last two, the best, and those of snapshots.
 *
 * While it is recorded, `lock` names the process that does. Recording writes only files of these names; reading changes nothing.
 */
export interface Run {
  /** The folder, as it was given. */
  readonly path: string
  readonly configuration: Configuration
  /**
   * Compares with the configuration that the run was created with: everything that `configuration` has, and nothing else, so leave
   * out what may change, as the number of epochs.
   *
   * @throws ValueError that names what differs, and how.
   */
  requireSame(configuration: Configuration): void
  /**
   * Where training goes on: the state and record of the last checkpoint that can be read, to be given to `fit` as `resume`; `null`
   * where the run ended before its first checkpoint. `like` is a state of the same structure, as `initialState` gives it. Damaged
   * checkpoints are told of, and passed over.
   *
   * @throws FileError where no checkpoint can be read; ValueError, DTypeError or ShapeError where the state is unlike `like`.
   */
  latest<P, S>(like: TrainState<P, S>): Promise<Reached<P, S> | null>
  /**
   * What the net had learnt when its test accuracy was highest; at the last checkpoint, where none was measured. `like` has parameters
   * and net state of the same structure, as `net.init` gives them.
   *
   * @throws FileError where there is no checkpoint, or none can be read; ValueError, DTypeError or ShapeError where what it holds is
   * unlike `like`.
   */
  best<P, S>(like: LearntPart<P, S>): Promise<Learnt<P, S>>
  /**
   * What the net has learnt by the last checkpoint that can be read: of what {@link latest} gives, the part that is of use without
   * training further. `like` and errors are those of {@link best}.
   */
  learnt<P, S>(like: LearntPart<P, S>): Promise<Learnt<P, S>>
  /** How long training has taken so far, in seconds, by the last line of the metrics that says so; `null` where none does. */
  seconds(): Promise<number | null>
  /**
   * What `fit` takes as `recorder`, for one call of it: a run that is created, or that goes on from {@link latest}. It cuts off what
   * the metrics have beyond that checkpoint. While it records, no other program can record into the folder. A write that fails ends
   * training, with a FileError.
   */
  recorder(options?: RecorderOptions): Recorder
}

export interface RunOptions {
  /** Hears, in one line each, of damaged checkpoints that are passed over, and of choices that differ. Default: standard error. */
  readonly onNotice?: (line: string) => void
}

/**
 * Makes the folder of a new run, and writes its configuration, which must be JSON.
 *
 * @throws FileError where the folder holds anything already, or cannot be made.
 * @example
 * const run = await createRun('runs/first', { net: 'linear', optimizer: 'sgd', learningRate: 0.1, seed: 0 })
 * await fit({
 *   loss: (params, netState, { x, t }) => [meanSquaredError(matmul(x, params.w), t), netState],
 *   optimizer: sgd({ learningRate: 0.1 }),
 *   params: { w: zeros([2, 1]) },
 *   data: { x: normal(randomKey(1), [100, 2]), t: ones([100, 1]) },
 *   batchSize: 10,
 *   epochs: 3,
 *   recorder: run.recorder(),
 * })
 */
export async function createRun(path: string, configuration: Configuration, options: RunOptions = {}): Promise<Run> {
  if (await exists(configurationPath(path))) {
    throw new FileError(`${path} already holds a run; resume it, or choose another folder`)
  }
  await makeFolder(path)
  const names = await readdir(path).catch((error: unknown) => {
    throw readError(path, error)
  })
  const found = names.find((name) => !name.startsWith('.'))
  if (found !== undefined)
    throw new FileError(`${path} is not empty: it holds ${found}; choose another folder for the run`)
  await writeAtomically(configurationPath(path), new TextEncoder().encode(configurationText(configuration)))
  return openRun(path, options)
}

/**
 * Opens the folder of a run, to resume it or to use what it learnt.
 *
 * @throws FileError where there is no run; FormatError where its configuration is damaged.
 * @example
 * const run = await openRun('runs/first')
 * const params = { w: zeros([2, 1]) }
 * const optimizer = sgd({ learningRate: 0.1 })
 * const reached = await run.latest(initialState(params, {}, optimizer, randomKey(0)))
 * await fit({
 *   loss: (params, netState, { x, t }) => [meanSquaredError(matmul(x, params.w), t), netState],
 *   optimizer,
 *   params,
 *   data: { x: normal(randomKey(1), [100, 2]), t: ones([100, 1]) },
 *   batchSize: 10,
 *   epochs: 3,
 *   resume: reached ?? undefined,
 *   recorder: run.recorder(),
 * })
 */
export async function openRun(path: string, { onNotice }: RunOptions = {}): Promise<Run> {
  const notice = onNotice ?? ((line: string) => void process.stderr.write(`${line}\n`))
  if (!(await exists(configurationPath(path)))) {
    throw new FileError(`${path} holds no run; give a folder that a run was recorded in`)
  }
  const text = new TextDecoder().decode(await readBytes(configurationPath(path)))
  const configuration = configurationOf(configurationPath(path), text)
  const checkpoints = checkpointsIn(path)
  const metricsPath = join(path, 'metrics.jsonl')

  const newestOf = async (): Promise<ReadCheckpoint> => {
    const newest = await checkpoints.newest(notice)
    if (newest === null) throw new FileError(`the run in ${path} has no checkpoint yet; train it further`)
    return newest
  }

  const bestOf = async (newest: ReadCheckpoint): Promise<ReadCheckpoint> => {
    const { best } = newest.description
    if (best === null || best.iteration === newest.iteration) return newest
    try {
      return await checkpoints.read(best.iteration)
    } catch (error) {
      if (!(error instanceof CotangentError)) throw error
      notice(`${error.message}: taking the checkpoint of iteration ${newest.iteration} for the best`)
      return newest
    }
  }

  return {
    path,
    configuration,
    requireSame: (given) => {
      // As it would be read from the file.
      const found = differences(configuration, JSON.parse(JSON.stringify(given)))
      if (found.length > 0) {
        throw new ValueError(
          `the run in ${path} is another: ${differenceText(found)}; give what it was started with, or begin another run`,
        )
      }
    },
    latest: async <P, S>(like: TrainState<P, S>): Promise<Reached<P, S> | null> => {
      const newest = await checkpoints.newest(notice)
      if (newest === null) return null
      const stateAt = async (iteration: number): Promise<TrainState<P, S> | null> => {
        try {
          return stateFrom((await checkpoints.read(iteration)).tensors, like)
        } catch (error) {
          if (!(error instanceof CotangentError)) throw error
          notice(`${error.message}: the state of iteration ${iteration} is forgotten`)
          return null
        }
      }
      const state = stateFrom(newest.tensors, like)
      return { state, record: await recordFrom(newest.description, newest.tensors, stateAt) }
    },
    best: async (like) => learntAt(await bestOf(await newestOf()), like),
    learnt: async (like) => learntAt(await newestOf(), like),
    seconds: () => secondsIn(metricsPath),
    recorder: (recorderOptions = {}) => {
      const { leastSeconds = 0 } = recorderOptions
      if (!(leastSeconds >= 0)) throw new ValueError(`recorder: leastSeconds is ${leastSeconds}; give 0 or more`)
      checkEvery('everySeconds', recorderOptions.everySeconds)
      checkEvery('everyIterations', recorderOptions.everyIterations)
      return folderRecorder({ folder: path, metricsPath, checkpoints, notice }, recorderOptions)
    },
  }
}

function learntAt<P, S>({ iteration, description, tensors }: ReadCheckpoint, like: LearntPart<P, S>): Learnt<P, S> {
  const { params, netState } = stateFrom(tensors, { params: like.params, netState: like.netState })
  const last = description.history.at(-1)
  const accuracy = last?.testAccuracy ?? last?.trainAccuracy ?? null
  return { params, netState, iteration, epoch: description.history.length, accuracy }
}

const configurationPath = (folder: string): string => join(folder, 'configuration.json')

function checkEvery(name: string, value: number | undefined): void {
  if (value !== undefined && !(value > 0)) {
    throw new ValueError(`recorder: ${name} is ${value}; give a number above 0`)
  }
}
