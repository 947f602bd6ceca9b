import type { DType } from '@cotangent/core'
import { bytesOf } from './value.ts'

/** Panels of columns, side by side, that a matrix product takes one after the other. */
export interface Panels {
  /** The first column, and how many columns each of the panels has. */
  readonly from: number
  readonly width: number
  readonly count: number
}

/**
 * For panels of one vector, of two and so on: how many rows the micro-kernel takes at once, and what a vector of it costs. With more
 * rows each vector that is loaded serves more sums, until the fifteen registers are full. In nanoseconds for each row and k, with
 * operands in the first cache (Node 20, AMD Zen 4; the order is the same on Node 22, 24 and 26).
 */
const KERNELS = [
  { rows: 4, cost: 0.287 },
  { rows: 4, cost: 0.219 },
  { rows: 3, cost: 0.206 },
  { rows: 2, cost: 0.214 },
  { rows: 2, cost: 0.198 },
] as const

/** Rows that a micro-kernel takes at once, for panels of so many vectors: as many as it can, then fewer. */
export function rowBlocks(vectors: number): (1 | 2 | 3 | 4)[] {
  const { rows } = KERNELS[vectors - 1]!
  return rows === 4 ? [4, 2, 1] : rows === 3 ? [3, 2, 1] : [2, 1]
}

/** The panels of `columns` columns that cost least, wide ones first; only the last one ends within a vector. */
export function panelsOf(columns: number, dtype: DType): readonly Panels[] {
  const lanes = 16 / bytesOf(dtype)
  const panels: Panels[] = []
  let from = 0
  for (const vectors of cheapest(Math.ceil(columns / lanes))) {
    const width = Math.min(vectors * lanes, columns - from)
    const last = panels.at(-1)
    if (last?.width === width) panels[panels.length - 1] = { ...last, count: last.count + 1 }
    else panels.push({ from, width, count: 1 })
    from += width
  }
  return panels
}

/** How many vectors each panel has, the most first. */
function cheapest(vectors: number): readonly number[] {
  const best: { readonly cost: number; readonly last: number }[] = [{ cost: 0, last: 0 }]
  for (let all = 1; all <= vectors; all++) {
    const ways = KERNELS.slice(0, all).map(({ cost }, at) => ({
      cost: best[all - at - 1]!.cost + (at + 1) * cost,
      last: at + 1,
    }))
    best.push(ways.reduce((one, other) => (other.cost < one.cost ? other : one)))
  }
  const widths: number[] = []
  for (let left = vectors; left > 0; left -= widths.at(-1)!) widths.push(best[left]!.last)
  return widths.sort((one, other) => other - one)
}

/** A width in whole vectors. */
export const padded = (width: number, dtype: DType): number => {
  const lanes = 16 / bytesOf(dtype)
  return Math.ceil(width / lanes) * lanes
}
