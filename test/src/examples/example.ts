import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that examples run in. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** What an example left behind when it ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ExampleOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Sees standard output each time it grows. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void
  /** Sees the process once it runs. */
  readonly onStart?: (child: ChildProcess) => void
}

/** What follows `node` in the script that pnpm runs, before the example's name. */
export const START: readonly string[] = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts.example as string
)
  .split(' ')
  .slice(1)

/** Runs `pnpm example …` as the program that pnpm calls, with pipes in the place of a terminal. */
export function runExample(args: readonly string[], { env, onOutput, onStart }: ExampleOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [...START, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onStart?.(child)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    onOutput?.(stdout, child)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** The lines of an output, without the end of the last. */
export const linesOf = (output: string): string[] => output.replace(/\n$/, '').split('\n')

/** The records of `--json`. */
export const recordsOf = ({ stdout }: Ended): Record<string, unknown>[] =>
  linesOf(stdout).map((line) => JSON.parse(line))

const MNIST = process.env.MNIST_DIR || join(ROOT, '../shared/data/mnist')
const present = existsSync(join(MNIST, 'train-images-idx3-ubyte.gz'))

/** Real MNIST where this machine has it, else the synthetic digits; and what they are called. */
export const digits = present
  ? { options: ['--data', 'mnist', '--data-dir', MNIST], name: 'MNIST' }
  : { options: ['--data', 'synthetic'], name: 'synthetic digits' }

/** An environment in which MNIST is neither in a folder nor in the cache. */
export const withoutMnist = (cache: string): Record<string, string> => ({
  MNIST_DIR: '',
  XDG_CACHE_HOME: cache,
  HOME: cache,
  LOCALAPPDATA: cache,
})
