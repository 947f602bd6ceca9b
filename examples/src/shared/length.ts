import { ValueError } from '@cotangent/core'
import { type Digits, sizeOf } from './data.ts'
import type { TrainingOptions } from './options.ts'
import { countText, durationText } from './text.ts'
import type { Outcome } from './train.ts'

/** How long training is. */
export interface Length {
  readonly iterations: number
  /** Iterations of an epoch, the last of which may have a smaller batch. */
  readonly perEpoch: number
}

/** @throws ValueError for batches of more images than there are. */
export function lengthOf({ iterations, epochs, batchSize }: TrainingOptions, { train }: Digits): Length {
  const count = sizeOf(train)
  if (batchSize > count)
    throw new ValueError(
      `--batch-size is ${batchSize}, but there are ${count} images to train on; give at most as many`,
    )
  const perEpoch = Math.ceil(count / batchSize)
  return { iterations: epochs === undefined ? iterations : epochs * perEpoch, perEpoch }
}

/** @throws ValueError for a run that has been trained longer than it is now told to be. */
export function requireBeyond(folder: string, reached: number, { iterations }: Length): void {
  if (reached <= iterations) return
  throw new ValueError(
    `${folder} is at iteration ${countText(reached)} already, beyond the ${countText(iterations)} to train; give more by --iterations or --epochs`,
  )
}

/** A length of training that an example may be told to have. */
export type Full = { readonly epochs: number } | { readonly iterations: number }

/** How long trainings of full length would take, going by what was reached; nothing where they are no longer than that. */
export function fullText(full: Full, outcomes: readonly Outcome[], { iterations, perEpoch }: Length): string[] {
  const wanted = 'epochs' in full ? full.epochs * perEpoch : full.iterations
  // What was trained before a run is resumed took a time that is not known.
  if (wanted <= iterations || outcomes.some(({ before }) => before > 0)) return []
  const seconds = outcomes.reduce((total, { seconds, measuring, accuracies }) => {
    const step = (seconds - measuring) / iterations
    const measurement = measuring / Math.max(1, accuracies.length)
    return total + step * wanted + measurement * Math.ceil(wanted / perEpoch)
  }, 0)
  const flag = 'epochs' in full ? `--epochs ${full.epochs}` : `--iterations ${full.iterations}`
  return [`the full length, ${flag}, would take about ${durationText(seconds)} here`]
}
