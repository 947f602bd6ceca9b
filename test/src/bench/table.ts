import type { GrowthResult } from './growth.ts'
import type { Machine } from './machine.ts'
import { bestOf, type Entry } from './measure.ts'
import type { Measure, Row } from './rows.ts'
import { median } from './turns.ts'

/** No line is longer. */
const COLUMNS = 100

/** The facts that figures are read with. */
export function machineText(
  { cpu, cores, memoryBytes, system, node, v8, date, load, peak }: Machine,
  data: string,
): string {
  const peaks = Object.entries(peak).map(
    ([threads, { separate, relaxed }]) =>
      `${plural(Number(threads), 'thread')} ${separate.toFixed(1)}${relaxed > 0 ? ` (relaxed ${relaxed.toFixed(1)})` : ''}`,
  )
  const others = load > 0.5 ? [`other programs were running (load ${load.toFixed(1)}): figures are noisy`] : []
  return lines([
    `${date}, ${plural(cores, 'core')} (${cpu}), ${(memoryBytes / 2 ** 30).toFixed(0)} GiB, ${system}`,
    `Node ${node} (V8 ${v8.split('.', 2).join('.')}); ${data}, float32`,
    `peak of 128-bit SIMD, multiply and add, GFLOP/s: ${peaks.join(', ')}`,
    ...others,
  ])
}

/** A table for each of the row's measures: medians, the range over the rounds, and Cotangent beside the best of each peer. */
export function rowText(row: Row, entries: readonly Entry[]): string {
  return row.measures.map((measure, at) => measureText(row, measure, at, entries)).join('\n\n')
}

function measureText(row: Row, measure: Measure, at: number, entries: readonly Entry[]): string {
  const { unit, text, more, verdict } = measure
  const own = bestOf(entries, 'cotangent', at, more)
  const body = entries.flatMap((entry) => {
    const values = entry.values[at] ?? []
    const label =
      `  ${entry.note === undefined ? `${entry.title}, ${plural(entry.threads, 'thread')}` : entry.title}`.padEnd(32)
    if (values.length === 0) return [`${label} not measured: ${entry.note ?? 'no figures'}`]
    const range = values.length > 1 ? `(${text(Math.min(...values))} to ${text(Math.max(...values))})` : ''
    const figures = `${label}${text(median(values)).padStart(9)}  ${range.padEnd(18)}`
    const best = entry.system !== 'cotangent' && own !== undefined && bestOf(entries, entry.system, at, more) === entry
    return [best && verdict ? `${figures}  ${verdict(median(own.values[at]!) / median(values))}` : figures.trimEnd()]
  })
  const name = row.measures.length > 1 ? `; ${measure.name}` : ''
  return lines([`${row.title}${name}, ${unit}`, ...body])
}

/** A line for each size: what a step takes, and how much of the machine's most it reaches. */
export function growthText({ growth, points }: GrowthResult): string {
  const threads = points[0]!.cotangent.map((one) => one.threads)
  const head = [
    growth.size.padStart(8),
    ...threads.flatMap((count) => [`${plural(count, 'thread')}, ms`.padStart(15), 'of peak'.padStart(10)]),
    ...(points[0]!.peer === undefined ? [] : [`${points[0]!.peer.title}, ms`.padStart(18), 'Cotangent'.padStart(11)]),
  ]
  const body = points.map(({ size, cotangent, peer }) => {
    const own = cotangent.flatMap(({ ms, share }) => [
      timeText(ms).padStart(14),
      `${(100 * share).toFixed(0)} %`.padStart(12),
    ])
    if (peer === undefined) return [size.toLocaleString('en-US').padStart(8), ...own].join('')
    const ratio = Math.min(...cotangent.map(({ ms }) => ms)) / peer.ms
    const verdict = [timeText(peer.ms).padStart(18), `${ratio.toFixed(2)} ×`.padStart(11), ratio > 1 ? '  slower' : '']
    return [size.toLocaleString('en-US').padStart(8), ...own, ...verdict].join('')
  })
  return lines([growth.title, head.join(''), ...body])
}

const timeText = (ms: number): string => ms.toFixed(ms < 10 ? 3 : ms < 100 ? 1 : 0)

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Lines, none longer than the table may be wide. */
const lines = (all: readonly string[]): string =>
  all.map((line) => (line.length > COLUMNS ? `${line.slice(0, COLUMNS - 1)}…` : line)).join('\n')
