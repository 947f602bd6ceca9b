import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command } from '../competitor.ts'
import { BenchError } from '../errors.ts'
import type { Job } from '../job.ts'

/** A Python that has PyTorch. */
interface PyTorch {
  readonly python: string
  readonly version: string
}

let found: PyTorch | undefined

/**
 * The first of the usual Pythons that has PyTorch; `PYTHON` in the environment comes first.
 *
 * @throws BenchError where none has.
 */
export function findPyTorch(): PyTorch {
  const candidates = [process.env.PYTHON, 'python3', 'python', '/usr/bin/python3', '/usr/local/bin/python3']
  for (const python of candidates) {
    if (found !== undefined) break
    if (python === undefined || python === '') continue
    const { status, stdout } = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' })
    if (status === 0) found = { python, version: /^\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim() }
  }
  if (found === undefined) {
    throw new BenchError('no Python with PyTorch was found; name one by PYTHON in the environment')
  }
  return found
}

/**
 * Starts it as it is fastest: its BLAS on one thread, as two pools of threads get into each other's way, and without what picks
 * another kernel of it; and activations that the C library does not give back to the system after each step.
 */
export function pyTorchCommand(python: string, job: Job): Command {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('OPENBLAS_'))
  const env = {
    ...Object.fromEntries(inherited),
    OPENBLAS_NUM_THREADS: '1',
    OMP_NUM_THREADS: `${job.threads}`,
    MALLOC_MMAP_THRESHOLD_: '1000000000',
    MALLOC_TRIM_THRESHOLD_: '1000000000',
  }
  return { file: python, args: [fileURLToPath(new URL('pytorch.py', import.meta.url)), JSON.stringify(job)], env }
}
