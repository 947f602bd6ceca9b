import type { Net } from '@cotangent/models'
import type { Command } from 'commander'
import { type Digits, loadDigits, type Wanted } from './data.ts'
import { Interruption, interruptible } from './interrupt.ts'
import type { Kept } from './kept.ts'
import type { DataOptions, OutputOptions, TrainingOptions } from './options.ts'
import { type Prepared, prepared } from './prepared.ts'
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
  /** What was made ready of a net that it trains. */
  readonly prepared?: Prepared | undefined
}

/** What an example does once the digits are there. */
type Work = (session: Session) => void | Promise<void>

/**
 * Loads the digits and runs `work`. Ctrl-C aborts the signal, for it to end with what it reached; while the digits are loading, it
 * ends the example there.
 */
export const withDigits = (options: DataOptions & OutputOptions, wanted: Wanted, work: Work): Promise<void> =>
  whileReading(options, wanted, () => work)

/** How many milliseconds are given to what needs turns of this thread before others unpack the digits; 20 should do. */
const MOST_TO_BEGIN = 100

/**
 * {@link withDigits} for work that is made ready while the digits are read, which keeps another thread busy than this one: best from
 * when it is told that they are unpacked.
 */
function whileReading(
  options: DataOptions & OutputOptions,
  wanted: Wanted,
  makeReady: (unpacking: Promise<void>) => Work | Promise<Work>,
): Promise<void> {
  return interruptible(async (signal) => {
    const screen = openScreen(options)
    const failed = new AbortController()
    // What is to say of the digits, or goes wrong with them, is told once the other is done: unless that fails.
    let said: string[] | undefined = []
    const notice = (line: string) => (said ? void said.push(line) : screen.notice(line))
    try {
      let onUnpacking = (): void => undefined
      const unpacking = new Promise<void>((resolve) => {
        const latest = setTimeout(resolve, MOST_TO_BEGIN)
        onUnpacking = () => {
          clearTimeout(latest)
          resolve()
        }
      })
      const listener = { signal: AbortSignal.any([signal, failed.signal]), notice, onUnpacking }
      const reading = loadDigits(options, wanted, listener)
      reading.then(onUnpacking, onUnpacking)
      const work = await makeReady(unpacking)
      said.forEach(screen.notice)
      said = undefined
      await work({ digits: await reading, screen, signal })
    } catch (error) {
      failed.abort(error)
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
  (given: O, command: Command): Promise<void> =>
    trainOn(given, command, wanted, (options, kept) => (session) => f({ ...session, kept }, options))

/** The action of an example that trains one net, which the options decide: it is made ready while the digits are read. */
export const trainingOf =
  <O extends TrainingOptions>(
    wanted: Wanted,
    netOf: (options: O) => Net,
    f: (session: TrainingSession, options: O, net: Net) => Promise<void>,
  ) =>
  (given: O, command: Command): Promise<void> =>
    trainOn(given, command, wanted, (options, kept) => {
      const net = netOf(options)
      const ready = prepared(net, options.seed, kept && wanted)
      return (session) => f({ ...session, kept, prepared: ready }, options, net)
    })

/** The work that is made of the options and the folder, on the digits. */
async function trainOn<O extends TrainingOptions>(
  given: O,
  command: Command,
  wanted: Wanted,
  workOf: (options: O, kept: Kept | undefined) => Work,
): Promise<void> {
  // A run that is resumed says itself which digits it is of.
  const resumed = given.resume === undefined ? undefined : await keptFor<O>(command)
  let kept = resumed
  try {
    await whileReading(resumed?.[0] ?? given, wanted, async (unpacking) => {
      await unpacking
      kept ??= given.out === undefined ? undefined : await keptFor<O>(command)
      return kept ? workOf(...kept) : workOf(given, undefined)
    })
  } finally {
    // Without digits, or with options that do not fit them, nothing was begun.
    await kept?.[1].tidy()
  }
}

/** Only what is kept needs files of all kinds, which take their time to load. */
const keptFor = async <O extends TrainingOptions>(command: Command): Promise<[options: O, kept: Kept]> =>
  (await import('./kept.ts')).keptFor(command)
