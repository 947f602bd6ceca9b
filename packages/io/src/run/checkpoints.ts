import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CotangentError } from '@cotangent/core'
import type { Reached } from '@cotangent/train'
import { codeOf, makeFolder, readBytes, readError, sweepParts, writeAtomically, writeError } from '../disk.ts'
import { FileError } from '../errors.ts'
import type { NamedTensors } from '../tree.ts'
import { type CheckpointDescription, descriptionFrom, type encodeCheckpoint, tensorsFrom } from './checkpoint.ts'

/** A checkpoint whose two files belong together. */
export interface ReadCheckpoint {
  readonly iteration: number
  readonly description: CheckpointDescription
  readonly tensors: NamedTensors
}

/** The folder of a run's checkpoints. Each has two files, named after its iteration; the one of JSON makes it count. */
export interface Checkpoints {
  /** The iterations that have checkpoints, ascending; whether these can be read is another matter. */
  iterations(): Promise<number[]>
  /** @throws FileError or FormatError where one of the two files is missing, damaged or of another version. */
  read(iteration: number): Promise<ReadCheckpoint>
  /**
   * The last checkpoint that can be read; `null` where there never was one. Tells `notice` of those that cannot.
   *
   * @throws FileError where there are checkpoints, and none can be read.
   */
  newest(notice: (line: string) => void): Promise<ReadCheckpoint | null>
  write(files: ReturnType<typeof encodeCheckpoint>, reached: Reached<unknown, unknown>): Promise<void>
  remove(iteration: number): Promise<void>
  /** Makes the folder where there is none, and removes what writes that never ended left. */
  tidy(): Promise<void>
}

export function checkpointsIn(run: string): Checkpoints {
  const folder = join(run, 'checkpoints')
  const pathOf = (iteration: number, extension: string): string =>
    join(folder, `${String(iteration).padStart(DIGITS, '0')}.${extension}`)

  const listed = async (extension: string): Promise<number[]> => {
    const names = await readdir(folder).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return []
      throw readError(folder, error)
    })
    const pattern = new RegExp(`^(\\d{${DIGITS},})\\.${extension}$`)
    return names.flatMap((name) => pattern.exec(name)?.slice(1).map(Number) ?? []).toSorted((a, b) => a - b)
  }

  const read = async (iteration: number): Promise<ReadCheckpoint> => {
    const path = pathOf(iteration, DESCRIPTION)
    const description = descriptionFrom(path, await readBytes(path))
    const tensorsPath = pathOf(iteration, TENSORS)
    return { iteration, description, tensors: tensorsFrom(tensorsPath, await readBytes(tensorsPath), description) }
  }

  const removeFiles = (iteration: number) =>
    // First the file that makes it count.
    removed(pathOf(iteration, DESCRIPTION)).then(() => removed(pathOf(iteration, TENSORS)))

  return {
    iterations: () => listed(DESCRIPTION),
    read,
    newest: async (notice) => {
      const reasons: string[] = []
      for (const iteration of (await listed(DESCRIPTION)).toReversed()) {
        try {
          const found = await read(iteration)
          for (const reason of reasons) notice(`${reason}: going back to the checkpoint of iteration ${iteration}`)
          return found
        } catch (error) {
          if (!(error instanceof CotangentError)) throw error
          reasons.push(error.message)
        }
      }
      if (reasons.length === 0) return null
      throw new FileError(
        `none of the ${reasons.length} checkpoints in ${folder} can be read (the last: ${reasons[0]}); begin another run`,
      )
    },
    write: async ({ tensors, description }, { record: { position } }) => {
      await writeAtomically(pathOf(position.iteration, TENSORS), tensors, { overwrite: true })
      await writeAtomically(pathOf(position.iteration, DESCRIPTION), description, { overwrite: true })
    },
    remove: removeFiles,
    tidy: async () => {
      await makeFolder(folder)
      try {
        for (const one of [run, folder]) await sweepParts(one, () => true)
        const described = new Set(await listed(DESCRIPTION))
        for (const iteration of await listed(TENSORS)) if (!described.has(iteration)) await removeFiles(iteration)
      } catch (error) {
        throw writeError(folder, error)
      }
    },
  }
}

/** So that names sort as numbers do; more digits are read as well. */
const DIGITS = 8
const TENSORS = 'safetensors'
const DESCRIPTION = 'json'

async function removed(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch (error) {
    throw writeError(path, error)
  }
}
