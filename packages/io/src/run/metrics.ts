import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { EpochEvent, EpochHistory, IterationEvent, TrainingRecord } from '@cotangent/train'
import { codeOf, readError, writeError } from '../disk.ts'
import { isRecord } from '../json.ts'

/** `metrics.jsonl`, open for more lines: one for each iteration, and one for each epoch after its last iteration. */
export interface Metrics {
  /** Training time in seconds up to the last line that was there. */
  readonly seconds: number
  iteration(event: IterationEvent, seconds: number): void
  epoch(event: EpochEvent<unknown, unknown>, seconds: number): void
  /** Whether so many lines wait that writing them is worth it. */
  full(): boolean
  /** Writes what waits; once it is done, that outlives the program. */
  flush(): Promise<void>
  /** The same; once it is done, all lines are on the disk, and outlive a power cut. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** So many bytes of lines, some 2,500 of them, are worth writing. */
const FULL = 256 * 1024

/** No line is as long as this. */
const LONGEST = 1024

/** How many iterations wait at most to become lines. */
const ITERATIONS = 1000

/** What a line of an iteration holds: the iteration, its epoch, its loss and the seconds. */
const NUMBERS = 4

/**
 * Opens the file, made where there is none, and brings it to where `record` is: lines that go further are cut off, as a killed
 * program wrote them after its last checkpoint; lines that never reached the disk are written anew, without their time.
 */
export async function openMetrics(path: string, record: TrainingRecord<unknown, unknown>): Promise<Metrics> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'a+')
    const kept = keptLines(await file.readFile('utf8'), record)
    await file.truncate(kept.bytes)
    await file.appendFile(missingLines(record, kept))
    return metricsOf(path, file, kept.seconds)
  } catch (error) {
    await file?.close().catch(() => undefined)
    throw writeError(path, error)
  }
}

/** How many bytes from the end of a file are looked at first: some dozens of lines. */
const END_BYTES = 4096

/** Training time in seconds up to the last line that has it; `null` where there is none, or no file yet. */
export async function secondsIn(path: string): Promise<number | null> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const found = size > END_BYTES ? secondsOf(await endOf(file, size)) : null
      return found ?? secondsOf(await file.readFile('utf8'))
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw readError(path, error)
  }
}

async function endOf(file: FileHandle, size: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(END_BYTES), 0, END_BYTES, size - END_BYTES)
  return buffer.toString('utf8', 0, bytesRead)
}

/** What the last line says that has seconds; the first one may be cut off, and then says nothing. */
function secondsOf(text: string): number | null {
  for (const line of text.split('\n').toReversed()) {
    const { seconds } = parsed(line)
    if (typeof seconds === 'number') return seconds
  }
  return null
}

function metricsOf(path: string, file: FileHandle, seconds: number): Metrics {
  // Iterations wait as numbers: other threads stop looking for work where what is done between steps takes long. Lines wait as
  // bytes, outside the heap: each collection of garbage would move text that waits.
  const numbers = new Float64Array(NUMBERS * ITERATIONS)
  let count = 0
  let waiting = Buffer.allocUnsafe(FULL + LONGEST)
  let length = 0
  /** Whether all that was written is known to be on the disk. */
  let lasting = false
  const add = (line: string): void => {
    if (waiting.length - length < LONGEST) waiting = Buffer.concat([waiting], 2 * waiting.length)
    // Numbers and names of fields are all that it holds.
    length += waiting.write(line, length, 'latin1')
  }
  const addIterations = (): void => {
    for (let at = 0; at < NUMBERS * count; at += NUMBERS) {
      const [iteration, epoch, loss, seconds] = [numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]
      add(`{"type":"iteration","iteration":${iteration},"epoch":${epoch},"loss":${loss},"seconds":${seconds}}\n`)
    }
    count = 0
  }
  const attempt = async (writing: Promise<void>): Promise<void> => {
    try {
      await writing
    } catch (error) {
      throw writeError(path, error)
    }
  }
  const flush = async (): Promise<void> => {
    addIterations()
    if (length === 0) return
    const lines = Buffer.from(waiting.subarray(0, length))
    length = 0
    await attempt(file.appendFile(lines))
    lasting = false
  }
  const sync = async (): Promise<void> => {
    await flush()
    if (lasting) return
    await attempt(file.datasync())
    lasting = true
  }
  return {
    seconds,
    iteration: ({ iteration, epoch, loss }, seconds) => {
      if (count === ITERATIONS) addIterations()
      const at = NUMBERS * count++
      numbers[at] = iteration
      numbers[at + 1] = epoch
      numbers[at + 2] = loss
      numbers[at + 3] = seconds
    },
    epoch: ({ epoch, iteration, meanLoss, trainAccuracy, testAccuracy }, seconds) => {
      addIterations()
      add(epochLine({ epoch, iteration, meanLoss, trainAccuracy, testAccuracy, seconds }))
    },
    full: () => length >= FULL,
    flush,
    sync,
    close: async () => {
      try {
        await sync()
      } finally {
        await file.close()
      }
    },
  }
}

interface EpochLine {
  readonly epoch: number
  readonly iteration: number
  readonly meanLoss: number
  readonly trainAccuracy: number | null
  readonly testAccuracy: number | null
  readonly seconds: number | null
}

const epochLine = (line: EpochLine): string => `${JSON.stringify({ type: 'epoch', ...line })}\n`

interface Kept {
  readonly bytes: number
  /** The last iteration that has a line, and whether its epoch has one after it. */
  readonly iteration: number
  readonly closed: boolean
  readonly seconds: number
}

/** How much of the file, from its beginning, is what led to `record`. */
function keptLines(text: string, { position, history }: TrainingRecord<unknown, unknown>): Kept {
  const losses = history.flatMap((one) => one.losses)
  const last = history.at(-1)
  let kept: Kept = { bytes: 0, iteration: 0, closed: false, seconds: 0 }
  const lines = text.split('\n')
  // What follows the last end of line is a line cut short, or nothing.
  for (const line of lines.slice(0, -1)) {
    const found = parsed(line)
    const isNext =
      found.type === 'iteration' && found.iteration === kept.iteration + 1 && found.loss === losses[kept.iteration]
    const atEnd = kept.iteration === position.iteration
    const closes =
      found.type === 'epoch' &&
      found.iteration === kept.iteration &&
      !kept.closed &&
      (!atEnd || (found.trainAccuracy === last?.trainAccuracy && found.testAccuracy === last?.testAccuracy))
    if (!isNext && !closes) break
    kept = {
      bytes: kept.bytes + Buffer.byteLength(line) + 1,
      iteration: isNext ? kept.iteration + 1 : kept.iteration,
      closed: closes,
      seconds: typeof found.seconds === 'number' ? found.seconds : kept.seconds,
    }
  }
  return kept
}

function parsed(line: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(line)
    return isRecord(found) ? found : {}
  } catch {
    return {}
  }
}

/** The lines of `record` after those that were kept. */
function missingLines({ history }: TrainingRecord<unknown, unknown>, kept: Kept): string {
  let text = ''
  let iteration = 0
  for (const { epoch, losses, trainAccuracy, testAccuracy } of history) {
    for (const loss of losses) {
      iteration++
      if (iteration > kept.iteration)
        text += `${JSON.stringify({ type: 'iteration', iteration, epoch, loss, seconds: null })}\n`
    }
    const closed = iteration < kept.iteration || (iteration === kept.iteration && kept.closed)
    const measured = trainAccuracy !== null || testAccuracy !== null
    if (!closed && (measured || epoch < history.length))
      text += epochLine({ epoch, iteration, meanLoss: meanOf(losses), trainAccuracy, testAccuracy, seconds: null })
  }
  return text
}

const meanOf = (losses: EpochHistory['losses']): number => losses.reduce((sum, loss) => sum + loss, 0) / losses.length
