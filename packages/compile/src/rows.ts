/**
 * Room for the arguments and results of many steps that run in one call: each argument's values for all steps lie one behind
 * another, and so do each result's. A step copies its own in and out of where the program has them.
 */
export interface Rows {
  /** How many steps there is room for. */
  readonly capacity: number
  /** What all of it takes. */
  readonly bytes: number
  readonly args: readonly Row[]
  readonly results: readonly Row[]
}

/** The values of one argument or result. */
export interface Row {
  /** Where the program has it. */
  readonly address: number
  /** Where those of the first step lie, from the begin of the room. */
  readonly offset: number
  /** Of one step. */
  readonly bytes: number
}

/** The most steps in one call, and the room they take at most, unless one step alone takes more. */
const MOST_STEPS = 1024
const MOST_BYTES = 2 ** 20

type Place = Pick<Row, 'address' | 'bytes'>

/** As much room for arguments and results at these places as there may be. */
export function rowsOf(args: readonly Place[], results: readonly Place[]): Rows {
  const one = [...args, ...results].reduce((sum, { bytes }) => sum + bytes, 0)
  const capacity = one === 0 ? MOST_STEPS : Math.max(1, Math.min(MOST_STEPS, Math.floor(MOST_BYTES / one)))
  let end = 0
  const row = ({ address, bytes }: Place): Row => {
    const offset = end
    end += Math.ceil((bytes * capacity) / 16) * 16
    return { address, offset, bytes }
  }
  return { args: args.map(row), results: results.map(row), capacity, bytes: end }
}
