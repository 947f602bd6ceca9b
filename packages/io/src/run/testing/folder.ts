import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'

/** Gives the path for a run, in a folder of its own for each test. */
export function temporaryRun(): () => string {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cotangent-run-'))
  })
  afterEach(() => rm(folder, { recursive: true }))
  return () => join(folder, 'runs', 'first')
}

/** The lines of a run's metrics. */
export const linesOf = async (run: string): Promise<Record<string, unknown>[]> =>
  (await readFile(join(run, 'metrics.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** The names of all files beside a run's checkpoints. */
export const checkpointsOf = async (run: string): Promise<string[]> =>
  (await readdir(join(run, 'checkpoints'))).toSorted()

/** The names of the files of checkpoints. */
export const named = (...iterations: readonly number[]): string[] =>
  iterations.flatMap((iteration) =>
    ['json', 'safetensors'].map((end) => `${String(iteration).padStart(8, '0')}.${end}`),
  )
