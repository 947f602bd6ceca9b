/** All of the work, in the units in which it is shared out. */
export const WHOLE = 1 << 16

/** How far a share moves at once, as a fraction of an even one: as long as it goes on into the same direction, ever further. */
const LEAST_MOVE = 1 / 1024
const MOST_MOVE = 1 / 64
const FASTER = 1.5
const SLOWER = 0.5

/** What is closer to the mean of all waits than this part of it is no reason to move: parts of the work are not all the same. */
const EVEN = 1 / 2

/** However slow a thread is, it keeps such a part of an even share: else nothing would tell that it is fast again. */
const LEAST_SHARE = 1 / 4

/**
 * Which part of the work each thread gets: what they wait for each other tells how fast their cores are, which is not the same where
 * other programs run on them, or other machines on the other half of a core. Where the others wait for a thread, its share becomes
 * smaller, step by step and by the sign alone: a thread that stood still for once must not matter. After Riedmiller and Braun, "A
 * direct adaptive method for faster backpropagation learning: the RPROP algorithm", 1993.
 */
export class Balance {
  readonly #shares: Float64Array
  readonly #moves: Float64Array
  readonly #signs: Int8Array
  #edges: readonly number[]

  constructor(threads: number) {
    this.#shares = new Float64Array(threads).fill(1)
    this.#moves = new Float64Array(threads).fill(LEAST_MOVE)
    this.#signs = new Int8Array(threads)
    this.#edges = edgesOf(this.#shares)
  }

  get threads(): number {
    return this.#shares.length
  }

  /** One that begins with these shares. */
  copy(): Balance {
    const copy = new Balance(this.threads)
    copy.#shares.set(this.#shares)
    copy.#edges = this.#edges
    return copy
  }

  /** Where the share of each thread begins, and the last one ends: from 0 to {@link WHOLE}. */
  edges(): readonly number[] {
    return this.#edges
  }

  /** Moves the shares by how long each thread has waited for the others since the last time; where none has, they stay. */
  learn(waits: readonly number[]): void {
    const mean = waits.reduce((a, b) => a + b) / waits.length
    if (mean === 0) return
    for (const [thread, wait] of waits.entries()) {
      const sign = Math.abs(wait - mean) < EVEN * mean ? 0 : Math.sign(wait - mean)
      const goesOn = sign * this.#signs[thread]!
      if (goesOn > 0) this.#moves[thread] = Math.min(this.#moves[thread]! * FASTER, MOST_MOVE)
      if (goesOn < 0 || sign === 0) this.#moves[thread] = Math.max(this.#moves[thread]! * SLOWER, LEAST_MOVE)
      this.#signs[thread] = sign
      this.#shares[thread]! += sign * this.#moves[thread]!
    }
    const even = this.#shares.reduce((a, b) => a + b) / this.#shares.length
    for (const [thread, share] of this.#shares.entries()) this.#shares[thread] = Math.max(share / even, LEAST_SHARE)
    this.#edges = edgesOf(this.#shares)
  }
}

function edgesOf(shares: Float64Array): number[] {
  const sum = shares.reduce((a, b) => a + b)
  let before = 0
  return [0, ...shares].map((share, thread) => {
    if (thread > 0) before += share
    return Math.round((before / sum) * WHOLE)
  })
}
