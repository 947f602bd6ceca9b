import type { Command } from 'commander'
import { type Digits, loadDigits, type Wanted } from './data.ts'
import { Interruption, interruptible } from './interrupt.ts'
import type { Kept } from './kept.ts'
import type { DataOptions, OutputOptions, TrainingOptions } from './options.ts'
import { preparePage } from './page.ts'
import { openScreen, type Screen } from './screen.ts'

/** What an example works with. */
export interface Session {
  readonly digits: Digits
  readonly screen: Screen
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

/** What an example that trains works with. */
export interface TrainingSession extends Session {
  /** Where it is kept, if anywhere. */
  readonly kept: Kept | undefined
}

/**
 * Loads the digits and runs `f`. Ctrl-C aborts the signal, for `f` to end with what it reached; while the digits are loading, it
 * ends the example there.
 */
export function withDigits(
  options: DataOptions & OutputOptions,
  wanted: Wanted,
  f: (session: Session) => void | Promise<void>,
): Promise<void> {
  return interruptible(async (signal) => {
    const screen = openScreen(options)
    try {
      await f({ digits: await loadDigits(options, wanted, { signal, notice: screen.notice }), screen, signal })
    } catch (error) {
      if (!(error instanceof Interruption)) throw error
      screen.notice(error.message)
    } finally {
      screen.close()
    }
  })
}

/** The action of an example that trains: `f` with the digits, the options, and the folder that `--out` or `--resume` names. */
export const training =
  <O extends TrainingOptions>(wanted: Wanted, f: (session: TrainingSession, options: O) => Promise<void>) =>
  async (given: O, command: Command): Promise<void> => {
    const [options, kept] = isKept(given) ? await keptFor<O>(command) : [given, undefined]
    if (kept) preparePage()
    await withDigits(options, wanted, (session) => f({ ...session, kept }, options))
  }

const isKept = ({ out, resume }: TrainingOptions): boolean => out !== undefined || resume !== undefined

/** Only what is kept needs files of all kinds, which take their time to load. */
const keptFor = async <O extends TrainingOptions>(command: Command): Promise<[options: O, kept: Kept]> =>
  (await import('./kept.ts')).keptFor(command)
