const LEVELS = '▁▂▃▄▅▆▇█'

/** Heights from 0 to `top` (default: the largest) as a row of blocks. */
export function barsText(heights: readonly number[], top = Math.max(...heights)): string {
  return heights.map((height) => LEVELS[Math.min(7, Math.max(0, Math.round((7 * height) / (top || 1))))]).join('')
}

/** The values in order, averaged into at most `width` groups of equal size, as a row of blocks from 0 to `top`. */
export function sparkline(values: readonly number[], width: number, top?: number): string {
  const groups = Math.min(width, values.length)
  const means = Array.from({ length: groups }, (_, group) => {
    const part = values.slice(
      Math.floor((group * values.length) / groups),
      Math.floor(((group + 1) * values.length) / groups),
    )
    return part.reduce((total, value) => total + value, 0) / part.length
  })
  return barsText(means, top)
}
