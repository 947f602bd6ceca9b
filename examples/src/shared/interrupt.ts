/** What Ctrl-C, or whoever else wants the program to end, aborts with. */
export class Interruption extends Error {
  override name = 'Interruption'
}

/** The signals that end a program, and the exit codes of a program that they ended: 128 and their number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/** In milliseconds: programs that start programs pass Ctrl-C on, so that one may be seen twice. */
const ONE_PRESS = 1000

/**
 * Runs `f` with a signal that Ctrl-C (SIGINT) and SIGTERM abort; the exit code is then 130 or 143, whatever `f` still finds to say.
 * A second Ctrl-C ends the program at once.
 */
export async function interruptible<R>(f: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const controller = new AbortController()
  const interrupt = (name: keyof typeof SIGNALS): void => {
    if (controller.signal.aborted) return
    process.exitCode = SIGNALS[name]
    controller.abort(new Interruption(name === 'SIGINT' ? 'stopped by Ctrl-C' : 'stopped by SIGTERM'))
    setTimeout(ignore, ONE_PRESS).unref()
  }
  const names = ['SIGINT', 'SIGTERM'] as const
  const ignore = (): void => {
    for (const name of names) process.off(name, interrupt)
  }
  for (const name of names) process.on(name, interrupt)
  try {
    return await f(controller.signal)
  } finally {
    if (!controller.signal.aborted) ignore()
  }
}
