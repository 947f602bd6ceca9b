import type { FitEvent } from './events.ts'

/**
 * Events that training reached together, as many steps are made in one call. They are told of one by one; where training is to end
 * in between, what follows is not taken, and training goes back to the last that was.
 */
export class EventBatch<P, S> {
  readonly #events: readonly FitEvent<P, S>[]
  #taken = 0

  constructor(events: readonly FitEvent<P, S>[]) {
    this.#events = events
  }

  /** How many were told of. */
  get taken(): number {
    return this.#taken
  }

  /** Whether more are left. */
  get left(): boolean {
    return this.#taken < this.#events.length
  }

  /** The next one, of those that are left. */
  take(): FitEvent<P, S> {
    return this.#events[this.#taken++]!
  }
}
