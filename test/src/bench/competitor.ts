import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { BenchError } from './errors.ts'

/** How a process is started. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** No turn takes longer than this, in milliseconds; a competitor that is silent for so long has failed. */
const PATIENCE_MS = 600_000

/** A competitor's process, which waits without work between its turns. */
export class Competitor {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  #errors = ''

  constructor({ file, args, env = process.env }: Command) {
    this.#child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    // A process that cannot be started, or ends while it is written to, answers nothing, which is told below.
    this.#child.on('error', (error) => {
      this.#errors += error.message
    })
    this.#child.stdin!.on('error', () => undefined)
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000)
    })
    this.#reader = createInterface({ input: this.#child.stdout! })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** Lets it work for so many seconds. */
  turn(seconds: number): Promise<Record<string, number>> {
    this.#child.stdin!.write(`${seconds}\n`)
    return this.answer()
  }

  /**
   * What it says next.
   *
   * @throws BenchError when it ends, or is silent for too long.
   */
  async answer(): Promise<Record<string, number>> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS)
    try {
      for (;;) {
        const { value, done } = await this.#lines.next()
        if (done) throw new BenchError(await this.#reason())
        // Libraries print greetings.
        if (value.startsWith('{')) return JSON.parse(value)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Waits until it has ended by itself. */
  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await new Promise((resolve) => this.#child.once('exit', resolve))
    }
  }

  /** Ends it, and waits until it has ended. */
  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null || this.#child.pid === undefined) return
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }

  /** Why it ended: the line of its errors that says most. */
  async #reason(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const lines = this.#errors.split('\n').map((line) => line.trim())
    const said =
      lines.findLast((line) => /^[\w.]*(Error|Exception)\b/.test(line)) ?? lines.findLast((line) => line !== '')
    return said ?? 'it ended without an answer'
  }
}
