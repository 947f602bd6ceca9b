/** How long work may hold the thread, in milliseconds, before timers, signals and drawing have their turn. */
const LONGEST = 50

/** A function to call between pieces of work: waits for a turn of the event loop when the last one is long ago. */
export function turnTaker(): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < LONGEST) return
    await new Promise<void>((resolve) => {
      // Browsers have no setImmediate.
      if (typeof setImmediate === 'function') setImmediate(resolve)
      else setTimeout(resolve, 0)
    })
    last = performance.now()
  }
}
