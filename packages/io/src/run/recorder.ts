import { numericChoices } from '@cotangent/compile'
import { CotangentError } from '@cotangent/core'
import type { FitEvent, Reached, RecordedTraining, Recorder, TrainingRecord } from '@cotangent/train'
import { FileError } from '../errors.ts'
import { encodeCheckpoint } from './checkpoint.ts'
import type { Checkpoints, ReadCheckpoint } from './checkpoints.ts'
import { differences, differenceText } from './configuration.ts'
import { lock } from './lock.ts'
import { type Metrics, openMetrics } from './metrics.ts'

/** When checkpoints are written, besides when training ends or is aborted. */
export interface RecorderOptions {
  /**
   * An epoch that ends so soon after the last checkpoint has none of its own, unless it stays the best until the next is written.
   * Default: 0, each epoch has one.
   */
  readonly leastSeconds?: number
  /** Default: 30. */
  readonly everySeconds?: number
  /** Default: never by count. */
  readonly everyIterations?: number
}

type AnyReached = Reached<unknown, unknown>
type AnyRecord = TrainingRecord<unknown, unknown>

/** What a recorder works with. */
interface Place {
  readonly folder: string
  readonly metricsPath: string
  readonly checkpoints: Checkpoints
  readonly notice: (line: string) => void
}

/** How many of the last checkpoints are kept, so that one may be damaged. */
const LAST = 2

/** How often waiting lines are written, in milliseconds, however few. */
const LINES_WAIT = 1000

/**
 * Writes a training run into its folder. Training goes on while the disk is written to; only where the checkpoint before is still
 * being written when the next is due, it waits.
 */
export function folderRecorder(place: Place, options: RecorderOptions): Recorder {
  let session: RecordingSession | undefined
  const opened = (): RecordingSession => {
    if (session === undefined) throw new FileError(`${place.folder}: this recorder is closed; take another of the run`)
    return session
  }
  return {
    begin: async (start, training) => {
      session = await beginSession(place, options, start, training)
    },
    record: (event) => opened().record(event),
    isDue: (iteration) => opened().isDue(iteration),
    checkpoint: (reached) => opened().checkpoint(reached),
    close: async () => {
      const closing = session
      session = undefined
      await closing?.close()
    },
  }
}

type RecordingSession = Omit<Recorder, 'begin'>

async function beginSession(
  place: Place,
  options: RecorderOptions,
  start: AnyReached,
  training: RecordedTraining,
): Promise<RecordingSession> {
  const unlock = await lock(place.folder)
  try {
    await place.checkpoints.tidy()
    const choices = choicesOf(training)
    const resumed = await prepare(place, start.record, choices)
    const metrics = await openMetrics(place.metricsPath, start.record)
    return recordingSession({ place, options, training, start, resumed, choices, metrics, unlock })
  } catch (error) {
    await unlock()
    throw error
  }
}

/** What decides the bits of steps, beside the configuration. */
const choicesOf = ({ engine }: RecordedTraining): Readonly<Record<string, unknown>> => ({
  engine,
  ...(engine === 'compiled' ? numericChoices() : {}),
})

/** Looks at the checkpoints that are there; gives whether training goes on from one of them. */
async function prepare({ folder, checkpoints, notice }: Place, record: AnyRecord, choices: object): Promise<boolean> {
  const { iteration } = record.position
  const there = await checkpoints.iterations()
  for (const later of there.filter((one) => one > iteration)) {
    // What cannot be read is behind nobody's back: whoever resumed was told of it.
    if ((await readable(checkpoints, later)) !== null) {
      throw new FileError(
        `${folder} already has a checkpoint of iteration ${later}, but training would begin at ${iteration}; resume from its latest, or record into another folder`,
      )
    }
    await checkpoints.remove(later)
  }
  const missing = referredBy(record).find((kept) => !there.includes(kept))
  if (missing !== undefined) {
    throw new FileError(
      `${folder} has no checkpoint of iteration ${missing}, which the record to resume from goes back to; record into the folder of the run that it is of`,
    )
  }
  const before = await readable(checkpoints, iteration)
  if (before === null) return false
  const found = differences(before.description.choices, choices)
  if (found.length > 0) notice(`${folder}: training goes on, but not to the same bits: ${differenceText(found)}`)
  return true
}

/** `null` where it is damaged, or not there. */
const readable = (checkpoints: Checkpoints, iteration: number): Promise<ReadCheckpoint | null> =>
  checkpoints.read(iteration).catch((error: unknown) => {
    if (error instanceof CotangentError) return null
    throw error
  })

/** The iterations whose checkpoints hold states of this record. */
const referredBy = ({ best, snapshots }: AnyRecord): number[] =>
  [...(best ? [best] : []), ...snapshots].map(({ iteration }) => iteration)

/** Those that a record refers to, oldest first. */
function referredIn(reached: ReadonlyMap<number, AnyReached>, record: AnyRecord): AnyReached[] {
  const referred = new Set(referredBy(record))
  return [...reached].flatMap(([iteration, one]) => (referred.has(iteration) ? [one] : []))
}

interface Recording {
  readonly place: Place
  readonly options: RecorderOptions
  readonly training: RecordedTraining
  readonly start: AnyReached
  readonly resumed: boolean
  readonly choices: Readonly<Record<string, unknown>>
  readonly metrics: Metrics
  readonly unlock: () => Promise<void>
}

function recordingSession(recording: Recording): RecordingSession {
  const { place, options, training, start, resumed, choices, metrics, unlock } = recording
  const { leastSeconds = 0, everySeconds = 30, everyIterations = Number.POSITIVE_INFINITY } = options
  const { count, batchSize, iteration: first } = start.record.position
  const perEpoch = Math.ceil(count / batchSize)
  const begin = performance.now()
  /** To the microsecond. */
  const secondsAt = (now: number): number => Math.round((metrics.seconds + (now - begin) / 1000) * 1e6) / 1e6

  /** The checkpoints that are kept for their own sake, oldest first, each with those that it refers to. */
  let last: AnyRecord[] = resumed ? [start.record] : []
  let written = { iteration: first, time: begin }
  /** What later records may refer to, by iteration: of epochs that ended too soon after the last checkpoint. */
  const passedOver = new Map<number, AnyReached>()
  let linesAt = begin
  const queue = writeQueue()

  let flushing = false
  /** Once for all lines until it is their turn. */
  const flush = (): void => {
    if (flushing) return
    flushing = true
    linesAt = performance.now()
    queue.add(() => {
      flushing = false
      return metrics.flush()
    })
  }
  const writing = (reached: AnyReached): (() => Promise<void>) => {
    const files = encodeCheckpoint(reached, choices)
    return () => place.checkpoints.write(files, reached)
  }
  const checkpoint = async (reached: AnyReached, { isLast = false } = {}): Promise<void> => {
    const { record } = reached
    if (record === last.at(-1)) return
    if (!isLast) await queue.idle()
    passedOver.delete(record.position.iteration)
    const writes = [...referredIn(passedOver, record), reached].map(writing)
    passedOver.clear()
    last = [...last.filter(({ position }) => position.iteration !== record.position.iteration), record].slice(-LAST)
    const kept = new Set(last.flatMap((one) => [one.position.iteration, ...referredBy(one)]))
    written = { iteration: record.position.iteration, time: performance.now() }
    linesAt = written.time
    // Beside the lines, as what takes long is to wait for the disk; what a checkpoint refers to is there before it.
    queue.add(() => both(metrics.sync(), oneByOne(writes)))
    queue.add(async () => {
      for (const one of await place.checkpoints.iterations()) if (!kept.has(one)) await place.checkpoints.remove(one)
    })
  }
  const recordEvent = async (event: Exclude<FitEvent<unknown, unknown>, { type: 'iteration' }>): Promise<void> => {
    if (event.type === 'epoch') {
      metrics.epoch(event, secondsAt(performance.now()))
      if (performance.now() - written.time < leastSeconds * 1000) {
        passedOver.set(event.iteration, event)
        const referred = referredIn(passedOver, event.record)
        for (const [iteration, one] of passedOver) if (!referred.includes(one)) passedOver.delete(iteration)
        return
      }
    }
    const isLast = event.type === 'end'
    await checkpoint(event, { isLast })
    if (isLast) await queue.idle()
  }

  return {
    record: (event) => {
      if (event.type !== 'iteration') return recordEvent(event)
      queue.rethrow()
      const now = performance.now()
      metrics.iteration(event, secondsAt(now))
      if (metrics.full() || now - linesAt > LINES_WAIT) flush()
    },
    isDue: (iteration) => {
      // At these a checkpoint follows with the epoch's accuracies.
      if (iteration % perEpoch === 0 || iteration >= training.iterations) return false
      const late = performance.now() - written.time >= everySeconds * 1000
      return late || iteration - written.iteration >= everyIterations
    },
    checkpoint: (reached) => checkpoint(reached),
    close: async () => {
      try {
        await queue.idle()
      } finally {
        await metrics.close().finally(unlock)
      }
    },
  }
}

async function oneByOne(writes: readonly (() => Promise<void>)[]): Promise<void> {
  for (const write of writes) await write()
}

/** Waits for both, to their end also where one has failed. */
async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  const failed = (await Promise.allSettled([one, other])).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/** Runs writes one after the other, beside everything else. What one of them throws is thrown by whoever comes next. */
function writeQueue() {
  let tail: Promise<void> = Promise.resolve()
  let failure: { readonly error: unknown } | undefined
  const rethrow = (): void => {
    if (failure !== undefined) throw failure.error
  }
  return {
    add: (write: () => Promise<void>): void => {
      tail = tail.then(async () => {
        if (failure !== undefined) return
        try {
          await write()
        } catch (error) {
          failure = { error }
        }
      })
    },
    rethrow,
    idle: async (): Promise<void> => {
      await tail
      rethrow()
    },
  }
}
