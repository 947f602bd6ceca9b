import { type Digits, loadDigits, type Wanted } from './data.ts'
import { Interruption, interruptible } from './interrupt.ts'
import type { DataOptions } from './options.ts'
import { openScreen, type Screen } from './screen.ts'

/** What an example works with. */
export interface Session {
  readonly digits: Digits
  readonly screen: Screen
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

/**
 * Loads the digits and runs `f`. Ctrl-C aborts the signal, for `f` to end with what it reached; while the digits are loading, it
 * ends the example there.
 */
export function withDigits(
  options: DataOptions & { readonly json?: boolean },
  wanted: Wanted,
  f: (session: Session) => void | Promise<void>,
): Promise<void> {
  return interruptible(async (signal) => {
    const screen = openScreen(options)
    try {
      await f({ digits: await loadDigits(options, wanted, { signal, notice: screen.notice }), screen, signal })
    } catch (error) {
      if (!(error instanceof Interruption)) throw error
      screen.notice('stopped by Ctrl-C')
    } finally {
      screen.close()
    }
  })
}
