import { type Command, InvalidArgumentError, Option } from 'commander'

/** For `command.option(flags, text, parser, default)`: an integer from 1 up. */
export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give an integer from 1 up.')
  return value
}

/** An integer from 0 up. */
export function wholeNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('Give an integer from 0 up.')
  return value
}

/** A finite number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Give a number above 0.')
  return value
}

/** A number from 0 up, below 1. */
export function share(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value < 1)) throw new InvalidArgumentError('Give a number from 0 up, below 1.')
  return value
}

/** Which digits to train on. */
export type DataChoice = 'auto' | 'mnist' | 'synthetic'

export interface DataOptions {
  readonly data: DataChoice
  readonly dataDir?: string
}

/** Adds `--data` and `--data-dir`. */
export const withData = (command: Command): Command =>
  command
    .addOption(
      new Option('--data <which>', 'MNIST, the built-in synthetic digits, or auto: MNIST if it can be had')
        .choices(['auto', 'mnist', 'synthetic'])
        .default('auto'),
    )
    .option('--data-dir <folder>', 'folder of the four MNIST files, .gz or raw (default: $MNIST_DIR, else a cache folder)')

/** Adds `--seed`. */
export const withSeed = (command: Command): Command =>
  command.option('--seed <n>', 'the seed of all random numbers', wholeNumber, 0)

/** Adds an example call to the end of `--help`. */
export const withExample = (command: Command, ...calls: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${calls.map((call) => `  ${call}`).join('\n')}`)
