import { ValueError } from '@cotangent/core'
import type { Command, Option } from 'commander'

/** Option values as a run folder keeps them: JSON, by the names that commander gives them. */
export type StoredOptions = Readonly<Record<string, string | number | boolean>>

/** What says only where to read, write and show; a run may be resumed with others. */
const FREE = ['dataDir', 'json', 'out', 'resume']

/** What says how long to train, which a run may be given anew to be trained longer. */
const LENGTH = ['iterations', 'epochs']

/** The options of a command that decide what a run comes to, as a run folder keeps them. */
export const storedOptions = (command: Command): StoredOptions =>
  Object.fromEntries(
    deciding(command).flatMap((option) => {
      const value: StoredOptions[string] | undefined = command.getOptionValue(option.attributeName())
      return value === undefined ? [] : [[option.attributeName(), value]]
    }),
  )

/**
 * The options with which a kept run goes on: those that were stored, and of the command line what may differ.
 *
 * @throws ValueError for stored options that the command does not take, and for options on the command line that contradict them.
 */
export function resumedOptions(command: Command, stored: StoredOptions, folder: string): Record<string, unknown> {
  const options: Record<string, unknown> = { ...command.opts() }
  const given = (option: Option): boolean => command.getOptionValueSource(option.attributeName()) === 'cli'
  const longer = deciding(command).some((option) => isLength(option) && given(option))
  const contradictions: string[] = []
  for (const option of deciding(command)) {
    const key = option.attributeName()
    if (isLength(option) && longer) {
      // Its default aside, only the length that was given holds.
      if (key === 'epochs' && !given(option)) delete options[key]
      continue
    }
    const value = checked(option, stored[key], folder)
    if (given(option) && options[key] !== value && !(key === 'data' && options[key] === 'auto')) {
      contradictions.push(`${option.long} ${value}, not ${options[key]}`)
    }
    options[key] = value
  }
  if (contradictions.length > 0) {
    throw new ValueError(
      `${folder} was trained with ${contradictions.join(', and ')}; leave out what differs, or train anew with --out`,
    )
  }
  return options
}

/** The command line that goes on with a run of this command: with what a folder does not keep, as it was given. */
export function resumeCommand(command: Command, folder: string): string {
  const again = (option: Option): boolean =>
    option.attributeName() === 'dataDir' || (isLength(option) && command.getOptionValue('resume') !== undefined)
  const options = command.options
    .filter((option) => again(option) && command.getOptionValueSource(option.attributeName()) === 'cli')
    .flatMap((option) => [option.long ?? '', String(command.getOptionValue(option.attributeName()))])
  return ['pnpm', 'example', command.name(), '--resume', folder, ...options].map(quoted).join(' ')
}

/** As a shell takes it for one word. */
const quoted = (word: string): string => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

const deciding = ({ options }: Command): Option[] => options.filter((option) => !FREE.includes(option.attributeName()))

const isLength = (option: Option): boolean => LENGTH.includes(option.attributeName())

/** A stored value, read as if it were given on the command line; an option that was added since has its default. */
function checked(option: Option, value: StoredOptions[string] | undefined, folder: string): unknown {
  if (value === undefined) return isLength(option) ? undefined : option.defaultValue
  try {
    return option.parseArg === undefined ? value : option.parseArg(String(value), undefined)
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new ValueError(`the configuration in ${folder} has been changed: ${error.message}`)
  }
}
