import { FormatError } from '../errors.ts'
import { isRecord } from '../json.ts'

/** What a run was started with, as JSON: the net, the optimiser, the data, the seed and whatever else makes it what it is. */
export type Configuration = Readonly<Record<string, unknown>>

const FORMAT = 'cotangent run'
const VERSION = 1

/** The text of `configuration.json`. */
export const configurationText = (configuration: Configuration): string =>
  `${JSON.stringify({ format: FORMAT, version: VERSION, configuration }, null, 2)}\n`

/** @throws FormatError for a text that {@link configurationText} did not write. */
export function configurationOf(path: string, text: string): Configuration {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    throw new FormatError(`${path}: this is not JSON; the file is damaged`)
  }
  if (!isRecord(found) || found.format !== FORMAT || !isRecord(found.configuration)) {
    throw new FormatError(`${path}: this is not the configuration of a run; name a folder that a run was recorded in`)
  }
  if (found.version !== VERSION) {
    throw new FormatError(
      `${path}: this run has version ${found.version}, but only version ${VERSION} can be read; open it with the release that wrote it`,
    )
  }
  return found.configuration
}

/** One value that is not what it was. */
export interface Difference {
  /** Where it stands, as in `optimizer.learningRate`. */
  readonly name: string
  /** As JSON; `nothing` where there was none. */
  readonly was: string
  readonly is: string
}

/** Where `is` differs from `was` in what it has; what only `was` has is not compared. Lists must have the same length. */
export function differences(was: unknown, is: unknown, name = ''): Difference[] {
  const within = isRecord(was) && isRecord(is) ? is : isList(was) && isList(is) && was.length === is.length ? is : null
  if (within !== null) {
    // Of the same kind as `is`.
    const before = was as Record<string, unknown>
    return Object.entries(within).flatMap(([key, value]) =>
      differences(before[key], value, name === '' ? key : `${name}.${key}`),
    )
  }
  const texts = { was: JSON.stringify(was) ?? 'nothing', is: JSON.stringify(is) ?? 'nothing' }
  return texts.was === texts.is ? [] : [{ name, ...texts }]
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

/** As in `engine is "reference", and was "compiled"`. */
export const differenceText = (found: readonly Difference[]): string =>
  found
    .slice(0, MOST_NAMED)
    .map(({ name, was, is }) => `${name} is ${short(is)}, and was ${short(was)}`)
    .join('; ') + (found.length > MOST_NAMED ? `; and ${found.length - MOST_NAMED} more` : '')

const MOST_NAMED = 5

const short = (json: string): string => (json.length > LONGEST ? `${json.slice(0, LONGEST)}…` : json)

/** In characters. */
const LONGEST = 60
