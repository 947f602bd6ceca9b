import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Tensor } from '@cotangent/core'
import type { Run as RunFolder } from '@cotangent/io'
import type { TensorTree } from '@cotangent/models'
import type { Reached } from '@cotangent/train'
import { scaled } from './data.ts'
import type { TrainingOptions } from './options.ts'
import type { TrainingSession } from './session.ts'
import type { Run } from './train.ts'

/** What there is to tell of a run; whether any of it is new since it was resumed. */
interface Told extends Run, Reached<TensorTree, TensorTree> {
  readonly isNew: boolean
}

/**
 * Begins to load what the page is made with, which the processor has time for while the digits are read. What goes wrong is told
 * when it is needed.
 */
export function preparePage(): void {
  import('@cotangent/report').catch(() => undefined)
}

/** Writes the HTML page about a run into its folder, unless it is there and nothing is new, and gives its path. */
export async function reportRun(
  folder: RunFolder,
  { digits }: TrainingSession,
  options: TrainingOptions,
  { net, name, lossName, state, record, isNew }: Told,
): Promise<string> {
  const path = join(folder.path, 'report.html')
  if (!isNew && existsSync(path)) return path
  // Only what is kept needs it, and it takes its time to load.
  const { describeRun, writeReport } = await import('@cotangent/report')
  const samples = ({ images, labels }: TrainingSession['digits']['train']) => ({ x: images, t: labels })
  const description = describeRun({
    name: name ?? basename(folder.path),
    net,
    state,
    record,
    test: samples(digits.test),
    train: samples(digits.train),
    // They are the bytes of the digits.
    prepare: (x) => scaled(x as Tensor<'uint8'>),
    lossName,
    data: digits.name,
    configuration: decidingOf(options),
    seed: options.seed,
    seconds: (await folder.seconds()) ?? undefined,
  })
  await writeReport(path, description)
  return path
}

/** The options that decided what the run came to. */
function decidingOf({ json, out, resume, data, dataDir, iterations, epochs, ...others }: TrainingOptions) {
  return { ...(epochs === undefined ? { iterations } : { epochs }), ...others }
}
