import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Run as RunFolder } from '@cotangent/io'
import type { TensorTree } from '@cotangent/models'
import type { Reached } from '@cotangent/train'
import type { Split } from './data.ts'
import type { TrainingOptions } from './options.ts'
import { asNumbers } from './prepared.ts'
import type { TrainingSession } from './session.ts'
import type { Run } from './train.ts'

/** What there is to tell of a run; whether any of it is new since it was resumed. */
interface Told extends Run, Reached<TensorTree, TensorTree> {
  readonly isNew: boolean
  /** Digits that it was trained with: some are enough. */
  readonly shown: Split
}

/** Writes the HTML page about a run into its folder, unless it is there and nothing is new, and gives its path. */
export async function reportRun(
  folder: RunFolder,
  { digits, prepared }: TrainingSession,
  options: TrainingOptions,
  { net, name, lossName, state, record, isNew, shown }: Told,
): Promise<string> {
  const path = join(folder.path, 'report.html')
  if (!isNew && existsSync(path)) return path
  // Only what is kept needs it, and it takes its time to load.
  const { describeRun, writeReport } = await import('@cotangent/report')
  const samples = ({ images, labels }: Split) => ({ x: images, t: labels })
  const told = {
    name: name ?? basename(folder.path),
    state,
    record,
    test: samples(digits.test),
    train: samples(shown),
    lossName,
    data: digits.name,
    configuration: decidingOf(options),
    seed: options.seed,
    seconds: (await folder.seconds()) ?? undefined,
  }
  const describe = prepared?.net === net ? await prepared.describe : undefined
  const description = describe?.(told) ?? describeRun({ ...told, net, prepare: asNumbers })
  await writeReport(path, description)
  return path
}

/** The options that decided what the run came to. */
function decidingOf({ json, out, resume, data, dataDir, iterations, epochs, ...others }: TrainingOptions) {
  return { ...(epochs === undefined ? { iterations } : { epochs }), ...others }
}
