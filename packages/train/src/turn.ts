/** How long work may hold the thread, in milliseconds, before timers, signals and drawing have their turn. */
const LONGEST = 50

/** A function to call between pieces of work: a turn of the event loop to wait for when the last one is long ago. */
export function turnTaker(): () => Promise<void> | undefined {
  let last = performance.now()
  const turn = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      // Browsers have no setImmediate.
      if (typeof setImmediate === 'function') setImmediate(resolve)
      else setTimeout(resolve, 0)
    })
    last = performance.now()
  }
  return () => (performance.now() - last < LONGEST ? undefined : turn())
}
