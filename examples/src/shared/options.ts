import { ValueError } from '@cotangent/core'
import { type Command, Option } from 'commander'

/** Which numbers an option takes, and how they are called in messages. */
const NUMBERS = {
  count: { fits: (value: number) => Number.isSafeInteger(value) && value >= 1, words: 'a whole number from 1 up' },
  seed: { fits: (value: number) => Number.isSafeInteger(value) && value >= 0, words: 'a whole number from 0 up' },
  positive: { fits: (value: number) => Number.isFinite(value) && value > 0, words: 'a number above 0' },
  fromZero: { fits: (value: number) => Number.isFinite(value) && value >= 0, words: 'a number from 0 up' },
  share: { fits: (value: number) => value >= 0 && value < 1, words: 'a number from 0 up, below 1' },
} as const

/**
 * An option with a number: `flags` as commander has them, as in `--batch-size <n>`.
 *
 * @throws ValueError when the command line gives another kind of number, or none.
 */
export const numberOption = (flags: string, what: string, kind: keyof typeof NUMBERS, preset?: number): Option =>
  new Option(flags, what).default(preset).argParser((text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    const { fits, words } = NUMBERS[kind]
    if (!fits(value)) throw new ValueError(`${nameOf(flags)} is ${JSON.stringify(text)}; give ${words}`)
    return value
  })

/**
 * An option with one of several words.
 *
 * @throws ValueError when the command line gives another.
 */
export const choiceOption = (flags: string, what: string, choices: readonly string[], preset: string): Option =>
  new Option(flags, what).default(preset).argParser((text) => {
    if (!choices.includes(text)) {
      throw new ValueError(`${nameOf(flags)} is ${JSON.stringify(text)}; choose one of ${choices.join(', ')}`)
    }
    return text
  })

const nameOf = (flags: string): string => flags.split(' ')[0]!

/** Adds `--seed`. */
export const withSeed = (command: Command): Command =>
  command.addOption(numberOption('--seed <n>', 'where all random numbers come from', 'seed', 0))

/** What {@link withJson} adds. */
export interface OutputOptions {
  readonly json?: boolean
}

/** Adds `--json`. */
export const withJson = (command: Command, what = 'JSON lines on standard output'): Command =>
  command.addOption(new Option('--json', what).helpGroup('Options:'))

/** What {@link withData} adds. */
export interface DataOptions {
  readonly data: 'auto' | 'mnist' | 'synthetic'
  readonly dataDir?: string
}

/** Adds `--data` and `--data-dir`. */
export const withData = (command: Command): Command => {
  const which = 'mnist, synthetic (digits drawn here), or auto: MNIST where it can be had'
  const folder = 'the four MNIST files (default: $MNIST_DIR, else the cache, else downloaded)'
  return command
    .addOption(choiceOption('--data <which>', which, ['auto', 'mnist', 'synthetic'], 'auto').helpGroup('Data:'))
    .addOption(new Option('--data-dir <folder>', folder).helpGroup('Data:'))
}

/** What {@link withTraining} adds. */
export interface TrainingOptions extends DataOptions, OutputOptions {
  readonly iterations: number
  /** Takes the place of `iterations`. */
  readonly epochs?: number
  readonly batchSize: number
  readonly seed: number
  readonly engine: 'compiled' | 'reference'
  readonly out?: string
  readonly resume?: string
}

/** Adds what all training examples share, with the example's own length and batch size. Options added later are of training, too. */
export const withTraining = (
  command: Command,
  { iterations, batchSize }: Pick<TrainingOptions, 'iterations' | 'batchSize'>,
): Command => {
  command
    .optionsGroup('Training:')
    .addOption(numberOption('--iterations <n>', 'steps to train', 'count', iterations))
    .addOption(numberOption('--epochs <n>', 'train so many epochs instead', 'count').conflicts('iterations'))
    .addOption(numberOption('--batch-size <n>', 'images in a step', 'count', batchSize))
  withSeed(command).addOption(
    choiceOption(
      '--engine <name>',
      'compiled to WebAssembly, or reference: plain TypeScript',
      ['compiled', 'reference'],
      'compiled',
    ),
  )
  return withJson(withRunFolder(withData(command)))
}

/** Adds `--out` and `--resume`. */
const withRunFolder = (command: Command): Command => {
  const out = 'keep the run in a new folder: configuration, losses, checkpoints, report.html'
  const resume = 'go on with the run in a folder, to the same bits; other options are as they were'
  return command
    .addOption(new Option('--out <folder>', out).helpGroup('Run folder:'))
    .addOption(new Option('--resume <folder>', resume).helpGroup('Run folder:').conflicts('out'))
}

/** Adds text and example calls to the end of `--help`. */
export const withExample = (command: Command, ...lines: readonly string[]): Command =>
  command.addHelpText(
    'after',
    `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  )
