/** What Ctrl-C aborts with. */
export class Interruption extends Error {
  override name = 'Interruption'
}

/** The exit code of a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130

/** In milliseconds: programs that start programs pass Ctrl-C on, so that one may be seen twice. */
const ONE_PRESS = 1000

/**
 * Runs `f` with a signal that Ctrl-C aborts; the exit code is then 130, whatever `f` still finds to say. A second Ctrl-C ends the
 * program at once.
 */
export async function interruptible<R>(f: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const controller = new AbortController()
  const interrupt = (): void => {
    if (controller.signal.aborted) return
    process.exitCode = INTERRUPTED
    controller.abort(new Interruption('interrupted'))
    setTimeout(() => process.off('SIGINT', interrupt), ONE_PRESS).unref()
  }
  process.on('SIGINT', interrupt)
  try {
    return await f(controller.signal)
  } finally {
    if (!controller.signal.aborted) process.off('SIGINT', interrupt)
  }
}
