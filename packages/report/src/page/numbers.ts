/** 12,000. */
export const countText = (count: number): string => `${count}`.replace(/\B(?=(\d{3})+$)/g, ',')

/** 97.47 %, of a share from 0 to 1. */
export const percentText = (share: number, digits = 2): string =>
  Number.isFinite(share) ? `${(share * 100).toFixed(digits)} %` : 'not a number'

/** Three significant digits, or as many as are asked for, with a power of ten where it is shorter. */
export function shortText(value: number, digits = 3): string {
  if (value === 0 || !Number.isFinite(value)) return String(value).replace('-', MINUS)
  const magnitude = Math.abs(value)
  if (magnitude >= 0.001 && magnitude < 10_000) return String(Number(value.toPrecision(digits))).replace('-', MINUS)
  const exponent = Math.floor(Math.log10(magnitude))
  return `${(value / 10 ** exponent).toFixed(digits - 2)}·${powerText(exponent)}`.replace('-', MINUS)
}

/** Writes the ticks of an axis from `low` to `high` with as many digits as tell them apart. */
export function tickText(low: number, high: number): (value: number) => string {
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / (high - low))) + 2
  return (value) => shortText(value, Math.min(15, Math.max(3, digits || 3)))
}

/** 10⁻³. */
export const powerText = (exponent: number): string =>
  `10${String(exponent).replace(/[-0-9]/g, (digit) => SUPERSCRIPTS[digit]!)}`

const MINUS = '\u2212'

const SUPERSCRIPTS: Readonly<Record<string, string>> = {
  '-': '⁻',
  0: '⁰',
  1: '¹',
  2: '²',
  3: '³',
  4: '⁴',
  5: '⁵',
  6: '⁶',
  7: '⁷',
  8: '⁸',
  9: '⁹',
}

/** 12.3 s, 4 min 5 s, 1 h 2 min. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** 2026-11-24 18:04 UTC. */
export const dateText = (date: Date): string => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
