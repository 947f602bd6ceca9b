/** How long the steps of one call may hold the thread, in milliseconds: between calls, events are told and signals heard. */
const CALL = 20

/** Steps slower than this, in milliseconds, are made one by one: what a call costs beside its steps does not matter there. */
const SLOW = CALL / 8

/** How many steps to make in one call, found out as calls are made. */
export class Pace {
  #steps = 1
  #calls = 0

  /** From 1 up. */
  get steps(): number {
    return this.#steps
  }

  /** Measures a call that makes so many steps. */
  async measure<T>(steps: number, call: () => Promise<T>): Promise<T> {
    const begin = performance.now()
    const value = await call()
    const each = (performance.now() - begin) / steps
    // The first call compiles.
    if (this.#calls++ > 0) this.#steps = each > SLOW ? 1 : Math.floor(Math.min(CALL / each, 4 * this.#steps))
    return value
  }
}
