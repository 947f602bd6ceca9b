import type { DType, Shape } from '@cotangent/core'
import type { Affine } from './affine.ts'
import { affinesOf, mapAffines, mergedAxes } from './collapse.ts'
import type { ContractTask, LoopTask, Store } from './tasks.ts'
import { bytesOf, type Value } from './value.ts'

/**
 * A contraction as matrix products: for each turn of the outer loops, the sum over the turns of `sums` of a product of an
 * [m, k] and a [k, n] matrix. Loops in the order outer, sums, m, n, k.
 */
export interface Product {
  readonly store: Store
  readonly dtype: DType
  readonly a: Value
  readonly b: Value
  readonly outer: Shape
  readonly sums: Shape
  readonly m: number
  readonly n: number
  readonly k: number
}

/** Where the loops of a product stand. */
export const loopsOf = ({ outer, sums }: Product) => {
  const m = outer.length + sums.length
  return { m, n: m + 1, k: m + 2, rank: m + 3 }
}

/** The matrices of a contraction: loops merged where they can be, and operands exchanged where rows lie side by side in the output. */
export function productOf(task: ContractTask): Product {
  const { lengths, counts } = task
  const affines = [task.store.index, ...affinesOf(task.a), ...affinesOf(task.b)]
  let from = 0
  const group = (count: number) => {
    from += count
    return mergedAxes(lengths, from - count, from, affines)
  }
  const batch = group(counts.batch)
  const rows = group(counts.rows)
  const columns = group(counts.columns)
  const summed = group(counts.summed)
  const stored = (axes: typeof rows) => task.store.index.by[axes.at(-1)?.last ?? -1]
  const exchange = stored(columns) !== 1 && stored(rows) === 1
  const [left, right] = exchange ? [columns, rows] : [rows, columns]
  const outer = [...batch, ...left.slice(0, -1), ...right.slice(0, -1)]
  const sums = summed.slice(0, -1)
  const order = [...outer, ...sums, left.at(-1), right.at(-1), summed.at(-1)]
  const renew = ({ base, by }: Affine): Affine => ({ base, by: order.map((axis) => (axis ? by[axis.last]! : 0)) })
  const length = (axes: typeof rows) => axes.at(-1)?.length ?? 1
  const [a, b] = exchange ? [task.b, task.a] : [task.a, task.b]
  return {
    store: { ...task.store, index: renew(task.store.index) },
    dtype: task.store.dtype,
    a: mapAffines(a, renew),
    b: mapAffines(b, renew),
    outer: outer.map((axis) => axis.length),
    sums: sums.map((axis) => axis.length),
    m: length(left),
    n: length(right),
    k: length(summed),
  }
}

/** Columns that one pass of the micro-kernel takes: four vectors. */
const PANEL_BYTES = 64

/** How n columns are cut: whole panels of four vectors, and what is left. */
export interface Panels {
  /** Columns of a whole panel. */
  readonly width: number
  readonly whole: number
  /** Columns of the last, narrower panel; 0 if there is none. */
  readonly rest: number
}

export function panelsOf({ n, dtype }: Product): Panels {
  const width = PANEL_BYTES / bytesOf(dtype)
  return { width, whole: Math.floor(n / width), rest: n % width }
}

/** How an operand is read: where it lies, or from a copy in the order that the micro-kernel wants. */
export type Reading =
  | { readonly from: 'memory'; readonly load: Extract<Value, { op: 'load' }> }
  | { readonly from: 'copy' }

/** Largest matrix, in bytes, whose columns are read in place: beyond it, walking down a column leaves the first cache. */
const IN_PLACE = 1 << 15

/** How the left operand is read: element by element at any distance, so in place unless it is computed or guarded. */
export function readingOfA({ a, dtype }: Product): Reading {
  return a.op === 'load' && a.indirect === undefined && a.dtype === dtype
    ? { from: 'memory', load: a }
    : { from: 'copy' }
}

/** How the right operand is read: by vectors along n, so in place only where columns lie side by side and stay in cache. */
export function readingOfB(product: Product): Reading {
  const { b, dtype, k, n, m } = product
  const loops = loopsOf(product)
  const plain = b.op === 'load' && b.indirect === undefined && b.dtype === dtype && b.index.by[loops.n] === 1
  const small = k * n * bytesOf(dtype) <= IN_PLACE || m < 8
  return plain && small ? { from: 'memory', load: b } : { from: 'copy' }
}

/** The loop nest that copies the left operand to `buffer`, as [m, k], behind given outer and sum loops. */
export function copyOfA(product: Product, buffer: number): LoopTask {
  const { m, k } = loopsOf(product)
  const axes = [
    { loop: m, factor: 1, length: product.m, stride: product.k },
    { loop: k, factor: 1, length: product.k, stride: 1 },
  ]
  return copy(product, product.a, axes, 0, buffer)
}

/** The loop nests that copy the right operand to `buffer`, panel after panel as [k, width], behind given outer and sum loops. */
export function copiesOfB(product: Product, buffer: number): LoopTask[] {
  const { n, k } = loopsOf(product)
  const { width, whole, rest } = panelsOf(product)
  const panel = product.k * width
  const last = padded(rest, product.dtype)
  const shifted = mapAffines(product.b, ({ base, by }) => ({ base: base + whole * width * by[n]!, by }))
  const wholes = [
    { loop: n, factor: width, length: whole, stride: panel },
    { loop: k, factor: 1, length: product.k, stride: width },
    { loop: n, factor: 1, length: width, stride: 1 },
  ]
  const narrow = [
    { loop: k, factor: 1, length: product.k, stride: last },
    { loop: n, factor: 1, length: rest, stride: 1 },
  ]
  return [
    ...(whole > 0 ? [copy(product, product.b, wholes, 0, buffer)] : []),
    ...(rest > 0 ? [copy(product, shifted, narrow, whole * panel, buffer)] : []),
  ]
}

/** The bytes of a copy of the left operand. */
export const bytesOfA = ({ m, k, dtype }: Product): number => m * k * bytesOf(dtype)

/** The bytes of a copy of the right operand, with the last panel in whole vectors. */
export function bytesOfB(product: Product): number {
  const { width, whole, rest } = panelsOf(product)
  return product.k * (whole * width + padded(rest, product.dtype)) * bytesOf(product.dtype)
}

/** The width of a panel in whole vectors. */
export const padded = (width: number, dtype: DType): number => {
  const lanes = 16 / bytesOf(dtype)
  return Math.ceil(width / lanes) * lanes
}

/** A loop of a copy: over `factor` turns at a time of a loop of the product, `stride` elements apart in the copy. */
interface CopyAxis {
  readonly loop: number
  readonly factor: number
  readonly length: number
  readonly stride: number
}

function copy(product: Product, value: Value, axes: readonly CopyAxis[], begin: number, buffer: number): LoopTask {
  const given = [...product.outer, ...product.sums]
  const renew = ({ base, by }: Affine): Affine => ({
    base,
    by: [...given.map((_, loop) => by[loop]!), ...axes.map(({ loop, factor }) => factor * by[loop]!)],
  })
  const index = { base: begin, by: [...given.map(() => 0), ...axes.map(({ stride }) => stride)] }
  return {
    kind: 'loop',
    store: { buffer, dtype: product.dtype, index },
    lengths: [...given, ...axes.map(({ length }) => length)],
    rank: given.length + axes.length,
    value: mapAffines(value, renew),
  }
}
