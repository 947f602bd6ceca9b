/** Where threads of a session find each other, as byte addresses at the start of its memory. */
export const CONTROL = {
  /** Counts the programs started; workers wait for it to change. */
  generation: 0,
  /** Which program to run, and the arrivals at meetings before it. */
  program: 4,
  arrived: 8,
  /** How many workers wait in the system, and must be woken. */
  sleeping: 12,
  /** 1 once a worker has failed. */
  failed: 16,
  /** How many steps the program makes, and the address of their arguments and results. */
  steps: 28,
  rows: 32,
  /** How many programs were handed to the workers, and how many they hold, summed over them. */
  added: 20,
  loaded: 24,
  /** Arrivals at meetings; on a cache line of its own, as all threads spin on it. */
  meeting: 64,
  /** How many threads wait at a meeting in the system, and must be woken. */
  napping: 128,
  end: 192,
} as const

/** How many stretches of a program, each from one meeting to the next, have shares of their own; in longer ones some have one in common. */
export const STRETCHES = 64

/** What follows for each thread, and one more, on cache lines of its own: four bytes for each stretch, of both. */
export const LINES = {
  bytes: 2 * 4 * STRETCHES,
  /** Where its share of the work begins, from 0 to `WHOLE`; it ends where that of the next thread begins. */
  share: CONTROL.end,
  /** How often it has looked for the others at the meeting after it. */
  waited: CONTROL.end + 4 * STRETCHES,
} as const

/** Where memory begins that is not for finding each other. */
export const controlEnd = (threads: number): number => CONTROL.end + (threads + 1) * LINES.bytes
