import type { DType } from '@cotangent/core'
import { bytesOf } from './value.ts'

/** Panels of columns, side by side, that a matrix product takes one after the other. */
export interface Panels {
  /** The first column, and how many columns each of the panels has. */
  readonly from: number
  readonly width: number
  readonly count: number
}

/** Micro-kernels for panels of one vector, of two and so on; all sets give the same bits. */
export interface MicroKernels {
  /** Vector registers that they may fill. */
  readonly registers: number
  /**
   * How many rows each takes at once, and what a vector of it costs, in nanoseconds for each row and k with operands in the first
   * cache. With more rows each vector that is loaded serves more sums, until the registers are full.
   */
  readonly shapes: readonly MicroKernelShape[]
}

interface MicroKernelShape {
  readonly rows: 2 | 3 | 4
  readonly cost: number
}

/** For fifteen registers; costs of Node 20 on AMD Zen 4, in the same order on 22, 24 and 26. */
const FOR_FIFTEEN: readonly MicroKernelShape[] = [
  { rows: 4, cost: 0.287 },
  { rows: 4, cost: 0.219 },
  { rows: 3, cost: 0.206 },
  { rows: 2, cost: 0.214 },
  { rows: 2, cost: 0.198 },
]

/** The sets of micro-kernels that there are. */
export const MICRO_KERNELS = {
  /** For the fifteen registers that engines hand out on x86. */
  wide: { registers: 15, shapes: FOR_FIFTEEN },
  /** Of these only what leaves registers free, for engines that make slow code of more. */
  narrow: { registers: 15, shapes: FOR_FIFTEEN.slice(0, 2) },
  /** For the 32 registers of ARM; costs are estimates, by how many vectors are loaded for each product. */
  large: {
    registers: 31,
    shapes: [
      { rows: 4, cost: 0.288 },
      { rows: 4, cost: 0.213 },
      { rows: 4, cost: 0.188 },
      { rows: 4, cost: 0.175 },
      { rows: 4, cost: 0.168 },
    ],
  },
} satisfies Readonly<Record<string, MicroKernels>>

/** A set of micro-kernels by its name. */
export type MicroKernelsName = keyof typeof MICRO_KERNELS

export const isMicroKernelsName = (name: string): name is MicroKernelsName => Object.hasOwn(MICRO_KERNELS, name)

/** The set that is taken where nothing speaks for another. */
export const USUAL = 'wide' satisfies MicroKernelsName

/** How many vectors the panels have that cost least. */
export const bestVectors = (kernels: MicroKernels): number =>
  1 + kernels.shapes.reduce((best, { cost }, at) => (cost < kernels.shapes[best]!.cost ? at : best), 0)

/** Rows that a micro-kernel takes at once, for panels of so many vectors: as many as it can, then fewer. */
export function rowBlocks({ shapes }: MicroKernels, vectors: number): (1 | 2 | 3 | 4)[] {
  const { rows } = shapes[vectors - 1]!
  return rows === 4 ? [4, 2, 1] : rows === 3 ? [3, 2, 1] : [2, 1]
}

/** The panels of `columns` columns that cost least, wide ones first; only the last one ends within a vector. */
export function panelsOf(kernels: MicroKernels, columns: number, dtype: DType): readonly Panels[] {
  const lanes = 16 / bytesOf(dtype)
  const panels: Panels[] = []
  let from = 0
  for (const vectors of cheapest(kernels, vectorsOf(columns, dtype))) {
    const width = Math.min(vectors * lanes, columns - from)
    const last = panels.at(-1)
    if (last?.width === width) panels[panels.length - 1] = { ...last, count: last.count + 1 }
    else panels.push({ from, width, count: 1 })
    from += width
  }
  return panels
}

/** How many vectors each panel has, the most first. */
function cheapest({ shapes }: MicroKernels, vectors: number): readonly number[] {
  const best: { readonly cost: number; readonly last: number }[] = [{ cost: 0, last: 0 }]
  for (let all = 1; all <= vectors; all++) {
    const ways = shapes.slice(0, all).map(({ cost }, at) => ({
      cost: best[all - at - 1]!.cost + (at + 1) * cost,
      last: at + 1,
    }))
    best.push(ways.reduce((one, other) => (other.cost < one.cost ? other : one)))
  }
  const widths: number[] = []
  for (let left = vectors; left > 0; left -= widths.at(-1)!) widths.push(best[left]!.last)
  return widths.sort((one, other) => other - one)
}

/** How many vectors a width takes. */
export const vectorsOf = (width: number, dtype: DType): number => Math.ceil((width * bytesOf(dtype)) / 16)

/** A width in whole vectors. */
export const padded = (width: number, dtype: DType): number => (vectorsOf(width, dtype) * 16) / bytesOf(dtype)
