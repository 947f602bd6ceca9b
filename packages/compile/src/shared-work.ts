import type { Balance } from './balance.ts'
import { LINES, STRETCHES } from './control.ts'

/** With fewer parts for each thread, shares are rounded so much that what threads wait for each other tells nothing of their cores. */
const PARTS_OF_THREAD = 12

/** How long what threads wait for each other is gathered before the shares move, in milliseconds. */
const GATHERED_MS = 2

/**
 * How threads share the work of one program, stretch by stretch from one meeting to the next: a thread may be slow in one, where what
 * it reads was written by another core, or more of its numbers are not zero, and not in the next. Stretches that tell nothing are
 * shared out by how fast the cores were in all programs.
 */
export class SharedWork {
  readonly #control: Int32Array
  readonly #speeds: Balance
  /** Of each stretch that tells, by its number. */
  readonly #balances: readonly (Balance | undefined)[]
  /** What each thread had waited at the meeting after each stretch when shares were told, and when that was. */
  #waited: Int32Array
  #since = 0

  /**
   * @param control the beginning of the memory that the threads share.
   * @param speeds learns from all programs.
   * @param parts in how many parts the work of each stretch is shared out, at least; what one thread does alone has none.
   */
  constructor(control: Int32Array, speeds: Balance, parts: readonly number[]) {
    this.#control = control
    this.#speeds = speeds
    this.#balances = Array.from({ length: Math.min(parts.length, STRETCHES) }, (_, stretch) => {
      const fewest = Math.min(...parts.filter((_, at) => at % STRETCHES === stretch))
      return fewest >= PARTS_OF_THREAD * speeds.threads ? speeds.copy() : undefined
    })
    this.#waited = new Int32Array(speeds.threads * this.#balances.length)
  }

  /** Tells the threads their shares of the next runs. */
  share(): void {
    for (const [stretch, balance] of this.#balances.entries()) {
      const edges = (balance ?? this.#speeds).edges()
      for (let thread = 0; thread < edges.length; thread++) {
        this.#control[placeOf(LINES.share, thread, stretch)] = edges[thread]!
      }
    }
    this.#waited = this.#counts()
    this.#since = performance.now()
  }

  /** Whether there is enough to learn from. */
  isDue(): boolean {
    return performance.now() - this.#since >= GATHERED_MS
  }

  /** Moves the shares by what the threads have waited for each other since. */
  learn(): void {
    const { threads } = this.#speeds
    const totals = new Array<number>(threads).fill(0)
    const counts = this.#counts()
    for (const [stretch, balance] of this.#balances.entries()) {
      if (balance === undefined) continue
      // Counts wrap. What a worker has yet to add, after the last meeting, is not among them.
      const waits = totals.map((_, thread) => {
        const at = stretch * threads + thread
        return (counts[at]! - this.#waited[at]!) >>> 0
      })
      balance.learn(waits)
      for (const [thread, wait] of waits.entries()) totals[thread]! += wait
    }
    this.#speeds.learn(totals)
  }

  #counts(): Int32Array {
    const { threads } = this.#speeds
    return Int32Array.from({ length: threads * this.#balances.length }, (_, at) =>
      Atomics.load(this.#control, placeOf(LINES.waited, at % threads, Math.floor(at / threads))),
    )
  }
}

const placeOf = (what: number, thread: number, stretch: number): number => (what + thread * LINES.bytes) / 4 + stretch
