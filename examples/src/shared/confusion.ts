import type { Format } from './style.ts'
import { countText, percentText } from './text.ts'

/** How often each class (row) was taken for each (column). */
export type Confusion = readonly (readonly number[])[]

export interface ClassOutcome {
  readonly hits: number
  /** Of the class's own samples, the share that was taken for it; `null` where there are none. */
  readonly recall: number | null
  /** Of the samples that were taken for the class, the share that is of it; `null` where there are none. */
  readonly precision: number | null
}

export function classesOf(confusion: Confusion): ClassOutcome[] {
  return confusion.map((row, at) => {
    const hits = row[at]!
    const taken = sum(confusion.map((other) => other[at]!))
    return { hits, recall: share(hits, sum(row)), precision: share(hits, taken) }
  })
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

interface Line {
  readonly line: string
  readonly format?: Format
}

/** The matrix as a table, with the recall of each class at its row, and its precision below its column. */
export function confusionLines(confusion: Confusion): Line[] {
  const classes = classesOf(confusion)
  const cells = (texts: readonly string[]): string => texts.map((text) => text.padStart(CELL)).join('')
  return [
    { line: `${''.padEnd(HEAD)}  taken for`, format: 'dim' },
    { line: `${'digit'.padEnd(HEAD)}${cells(classes.map((_, at) => `${at}`))}   recall` },
    ...confusion.map((row, at) => ({
      line: `${`${at}`.padStart(HEAD - 4).padEnd(HEAD)}${cells(row.map((count) => (count === 0 ? '·' : `${count}`)))}  ${percentText(classes[at]!.recall).padStart(7)}`,
    })),
    { line: `${'precision'.padEnd(HEAD)}${cells(classes.map(({ precision }) => shortPercent(precision)))}` },
  ]
}

/** Widths of the first column and of those of classes. */
const HEAD = 10
const CELL = 6

const shortPercent = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(1)}%`)

/** As in `most mistakes: 4 for 9 (18 times), 7 for 2 (11 times)`. */
export function mistakesText(confusion: Confusion): string {
  const mistakes = confusion.flatMap((row, digit) =>
    row.flatMap((count, taken) => (taken === digit || count === 0 ? [] : [{ digit, taken, count }])),
  )
  if (mistakes.length === 0) return 'no mistakes'
  const most = mistakes.sort((a, b) => b.count - a.count).slice(0, 3)
  const texts = most.map(({ digit, taken, count }) => `${digit} for ${taken} (${countText(count)})`)
  return `most often mistaken: ${texts.join(', ')}`
}
