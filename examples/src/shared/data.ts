import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { knownValues, type Tensor, tensor } from '@cotangent/core'
import { loadMnist, MnistUnreachableError, syntheticDigits } from '@cotangent/mnist'
import { div, slice } from '@cotangent/ops'
import type { DataOptions } from './options.ts'

/** Images as uint8 [N, 784] or [N, 1, 28, 28], and labels as int32 [N]. */
export interface Split {
  readonly images: Tensor<'uint8'>
  readonly labels: Tensor<'int32'>
}

export interface Digits {
  /** What results on them are called. */
  readonly name: 'MNIST' | 'synthetic digits'
  readonly train: Split
  readonly test: Split
}

/** Which digits an example needs. */
export interface Wanted {
  /** [N, 784] instead of [N, 1, 28, 28]. */
  readonly flatten: boolean
  /** The first so many images to train on, and to test with. Default: MNIST's 60,000 and 10,000. */
  readonly train?: number
  readonly test?: number
}

interface Listener {
  /** Ends loading; its reason is thrown. */
  readonly signal: AbortSignal
  /** Hears in one line each what is worth saying. */
  readonly notice: (line: string) => void
  /** Is called if other threads unpack the digits, while this one may do something else. */
  readonly onUnpacking?: () => void
}

/**
 * The digits that `--data` asks for.
 *
 * @throws MnistError for files that are not MNIST's; MnistUnreachableError where `--data mnist` cannot be had.
 */
export async function loadDigits(
  options: DataOptions,
  wanted: Wanted,
  { signal, notice, onUnpacking }: Listener,
): Promise<Digits> {
  const { data, dataDir: dir } = options
  if (data === 'synthetic') return drawDigits(wanted, signal)
  // What is said on the way to a mirror that then cannot be reached is summed up in one line.
  const notices: string[] = []
  const onNotice = data === 'auto' ? (line: string) => notices.push(line) : notice
  try {
    const { flatten } = wanted
    const { train, test } = await loadMnist({ dir, normalize: false, flatten, signal, onNotice, onUnpacking })
    notices.forEach(notice)
    return { name: 'MNIST', train: firstOf(train, wanted.train), test: firstOf(test, wanted.test) }
  } catch (error) {
    if (data === 'mnist' || !(error instanceof MnistUnreachableError)) throw error
    notice('MNIST cannot be reached: using built-in synthetic digits, whose results are not MNIST results')
    return drawDigits(wanted, signal)
  }
}

/** Bytes as numbers from 0 to 1. The images stay bytes; a batch of them is scaled inside the step. */
export const scaled = (images: Tensor<'uint8'>) => div(images, 255)

/** What makes digits others: their number, their labels, and the first of their images. */
export function fingerprintOf({ name, train, test }: Digits) {
  const hash = createHash('sha256')
  for (const split of [train, test]) {
    // Their elements as they lie in memory, of which nothing is copied.
    const [pixels, digits] = [knownValues(split.images) as Uint8Array, knownValues(split.labels) as Int32Array]
    hash.update(pixels.subarray(0, 1000 * (pixels.length / sizeOf(split)))).update(digits)
  }
  return { name, train: sizeOf(train), test: sizeOf(test), sha256: hash.digest('hex') }
}

/** How many images there are. */
export const sizeOf = ({ labels }: Split): number => labels.size

/** The first `count` images; all of them where there are not so many. */
export function firstOf(split: Split, count = Number.POSITIVE_INFINITY): Split {
  if (count >= sizeOf(split)) return split
  const { images, labels } = split
  return { images: slice(images, { begin: [0], end: [count] }), labels: slice(labels, { begin: [0], end: [count] }) }
}

const drawDigits = async (
  { flatten, train = 60_000, test = 10_000 }: Wanted,
  signal: AbortSignal,
): Promise<Digits> => ({
  name: 'synthetic digits',
  train: await draw({ firstSeed: 0, count: train, flatten }, signal),
  test: await draw({ firstSeed: 1_000_000, count: test, flatten }, signal),
})

/** Drawn without a pause, for which Ctrl-C would have to wait. */
const AT_ONCE = 2000

async function draw(
  { firstSeed, count, flatten }: { firstSeed: number; count: number; flatten: boolean },
  signal: AbortSignal,
): Promise<Split> {
  const pixels = new Uint8Array(count * 784)
  const digits = new Int32Array(count)
  for (let at = 0, seed = firstSeed; at < count; at += AT_ONCE, seed++) {
    await setImmediate()
    signal.throwIfAborted()
    const part = syntheticDigits({ seed, count: Math.min(AT_ONCE, count - at), normalize: false })
    pixels.set(part.images.data, at * 784)
    digits.set(part.labels.data, at)
  }
  const shape = flatten ? [count, 784] : [count, 1, 28, 28]
  return { images: tensor(pixels, { shape, adopt: true }), labels: tensor(digits, { adopt: true }) }
}
