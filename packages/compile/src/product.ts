import { type DType, sizeOf } from '@cotangent/core'
import type { Affine } from './affine.ts'
import { affinesOf, mapAffines } from './collapse.ts'
import { type MicroKernels, type Panels, padded, panelsOf } from './panels.ts'
import type { ContractTask, LoopTask } from './tasks.ts'
import { bytesOf, type Value } from './value.ts'

/** Loops of a contraction that are run through as one: neighbours, outermost first; none for a loop of one turn. */
type LoopGroup = readonly number[]

/**
 * A contraction as matrix products: for each turn of the outer loops, the sum over the turns of `sums` and `between` of a product
 * of an [m, k] and a [k, n] matrix. The innermost function runs through `between` and `k`. Loops are those of the task.
 */
export interface Product {
  readonly task: ContractTask
  readonly dtype: DType
  /** The left operand, which has the rows, and the right one, which has the columns. */
  readonly a: Value
  readonly b: Value
  readonly outer: readonly number[]
  readonly sums: readonly number[]
  readonly between: LoopGroup
  readonly m: LoopGroup
  readonly n: LoopGroup
  readonly k: LoopGroup
  readonly cut: Cut
}

/** Where the work is cut for threads: at outer loops, at rows, or at the sums, where these are long and the output is small. */
type Cut = 'outer' | 'rows' | 'sums'

/** Into how many parts long sums over small outputs are cut; fixed, so that bits do not depend on threads. */
export const PARTS = 8

/** Least length of a sum, and largest output, in elements, for which sums are cut. */
const LONG_SUM = 1024
const SMALL_OUTPUT = 1 << 17

/** Most k in one pass: a panel of so many rows takes 64 KB, a sixteenth of the second cache; in the first it need not be, being read in order. */
export const MOST_K = 800

/** The matrices of a contraction: which operand is left and which right, and its loops in the order in which memory lies. */
export function productOf(task: ContractTask): Product {
  const { lengths, counts, store } = task
  let from = 0
  const take = (count: number): number[] => {
    from += count
    return Array.from({ length: count }, (_, at) => from - count + at).filter((loop) => lengths[loop]! > 1)
  }
  const [batch, rows, columns] = [take(counts.batch), take(counts.rows), take(counts.columns)]
  const summed = take(counts.summed)
  const key = readInPlace(task.a, task) ?? readInPlace(task.b, task)
  const sumsInOrder = key ? byDistance(summed, key) : summed
  const cutsSums =
    turnsOf(task, summed) >= LONG_SUM &&
    turnsOf(task, [...batch, ...rows, ...columns]) <= SMALL_OUTPUT &&
    turnsOf(task, sumsInOrder.slice(0, -1)) >= PARTS
  // Parts of sums lie as the product likes it: then the operands decide, else the output.
  const exchange = cutsSums
    ? besides(task.a, rows, task) > besides(task.b, columns, task)
    : distance(store.index, columns.at(-1)) !== 1 && distance(store.index, rows.at(-1)) === 1
  const [a, b] = exchange ? [task.b, task.a] : [task.a, task.b]
  const inOrder = (loops: readonly number[], value: Value) => {
    const index = cutsSums ? readInPlace(value, task) : undefined
    return index ? byDistance(loops, index) : loops
  }
  const output = cutsSums ? [] : [store.index, ...(task.finish ? affinesOf(task.finish) : [])]
  const placesOf = (value: Value) => readInPlace(value, task)
  const both = [placesOf(a), placesOf(b)].filter((place) => place !== undefined)
  const [left, m] = innermost(task, inOrder(exchange ? columns : rows, a), [...output, ...affinesIfRead(a, task)])
  const [right, n] = innermost(task, inOrder(exchange ? rows : columns, b), [...output, ...affinesOf(b)])
  const [beyond, k] = innermost(task, sumsInOrder, both, cutsSums ? PARTS : 1)
  const [sums, between] =
    turnsOf(task, k) <= MOST_K ? innermost(task, beyond, both, cutsSums ? PARTS : 1) : [beyond, []]
  const outer = [...batch, ...left, ...right]
  const cut = cutsSums ? 'sums' : turnsOf(task, outer) > 1 ? 'outer' : 'rows'
  return { task, dtype: store.dtype, a, b, outer, sums, between, m, n, k, cut }
}

/** How many turns loops have together. */
export const turnsOf = ({ lengths }: Pick<ContractTask, 'lengths'>, loops: readonly number[]): number =>
  sizeOf(loops.map((loop) => lengths[loop]!))

/** The matrices' sizes. */
export const sizesOf = ({ task, m, n, k, between }: Product) => ({
  m: turnsOf(task, m),
  n: turnsOf(task, n),
  k: turnsOf(task, k),
  between: turnsOf(task, between),
})

/** How far one turn of a group goes. */
export const distance = ({ by }: Affine, loop: number | undefined): number => (loop === undefined ? 0 : by[loop]!)

/** Where elements are read in place: stored ones of the product's dtype, not looked up. */
function readInPlace(value: Value, { store }: ContractTask): Affine | undefined {
  return value.op === 'load' && value.indirect === undefined && value.dtype === store.dtype ? value.index : undefined
}

const affinesIfRead = (value: Value, task: ContractTask): Affine[] => {
  const index = readInPlace(value, task)
  return index ? [index] : []
}

/** How many elements of an operand that is read in place lie side by side along one of the loops. */
function besides(value: Value, loops: readonly number[], task: ContractTask): number {
  const index = readInPlace(value, task)
  const loop = index && loops.find((loop) => index.by[loop] === 1)
  return loop === undefined ? 0 : task.lengths[loop]!
}

/** Loops in the order of how far apart in memory their turns are. */
const byDistance = (loops: readonly number[], { by }: Affine): number[] =>
  [...loops].sort((one, other) => Math.abs(by[other]!) - Math.abs(by[one]!) || one - other)

/** The last loop with as many before it as can be run through as one with it, leaving at least so many turns; and those left. */
function innermost(
  task: ContractTask,
  loops: readonly number[],
  affines: readonly Affine[],
  leave = 1,
): readonly [rest: readonly number[], group: LoopGroup] {
  if (loops.length === 0 || turnsOf(task, loops.slice(0, -1)) < leave) return [loops, []]
  let first = loops.length - 1
  let step = task.lengths[loops[first]!]!
  while (first > 0) {
    const [before, last] = [loops[first - 1]!, loops.at(-1)!]
    const asOne = affines.every(({ by }) => by[before] === by[last]! * step)
    if (!asOne || turnsOf(task, loops.slice(0, first - 1)) < leave) break
    step *= task.lengths[before]!
    first--
  }
  return [loops.slice(0, first), loops.slice(first)]
}

type Load = Extract<Value, { op: 'load' }>

/**
 * How an operand is read: where it lies; not at all, being ones; or from a copy in the order that the micro-kernel wants, made by
 * all threads at once in the beginning, or by each for itself at each turn.
 */
export type Reading =
  | { readonly from: 'memory'; readonly load: Load }
  | { readonly from: 'ones' }
  | { readonly from: 'shared' }
  | { readonly from: 'own' }

/** Largest matrix, in bytes, whose columns are read in place: beyond it, walking down a column leaves the first cache. */
const IN_PLACE = 1 << 15

/** Largest copy made of a whole operand, in bytes. */
const WHOLE_COPY = 1 << 24

/** How the left operand is read: element by element at any distance, so in place unless it is computed, guarded, or its
 * rows lie backwards. */
export function readingOfA({ a, m, task, cut }: Product): Reading {
  if (a.op === 'constant' && a.value === 1) return { from: 'ones' }
  const index = readInPlace(a, task)
  // Rows are told apart by offsets, which are unsigned.
  if (index !== undefined && distance(index, m.at(-1)) >= 0) return { from: 'memory', load: a as Load }
  return { from: cut === 'rows' ? 'shared' : 'own' }
}

/** How the right operand is read: by vectors along n, so in place only where columns lie side by side and stay in cache. */
export function readingOfB(product: Product): Reading {
  const { b, dtype, task, cut, sums, n: columns } = product
  const { m, n, k, between } = sizesOf(product)
  const index = readInPlace(b, task)
  // The end of a run is told by the right operand's address.
  const ascends = index !== undefined && (k === 1 || distance(index, product.k.at(-1)) > 0)
  const plain = ascends && (distance(index, columns.at(-1)) === 1 || n === 1)
  const once = mayLeaveOutZeros(product) ? Math.min(MOST_LISTED, k) : turnsOf(task, sums) * between * k
  const small = once * n * bytesOf(dtype) <= IN_PLACE || m < 8
  if (plain && (small || cut === 'sums')) return { from: 'memory', load: b as Load }
  if (cut === 'rows') return { from: 'shared' }
  return { from: cut === 'outer' && bytesOfB(product, 'shared') <= WHOLE_COPY ? 'shared' : 'own' }
}

/** Rows of the left operand that are put side by side at a time, and from how far apart on their columns are worth it, in bytes. */
export const STRIP_ROWS = 16
const FAR = 1024

/**
 * Whether the left operand is read by strips of rows that are copied as [k, row] first: where rows lie side by side and each k is far
 * from the last one, as in the gradient by a layer's weights, a walk along k would touch another page of memory at every step.
 */
export function readsStrips(product: Product): boolean {
  const { a, task, m: rows, k: summed, dtype } = product
  const index = readInPlace(a, task)
  const { m, n, between } = sizesOf(product)
  if (index === undefined || between > 1 || m < STRIP_ROWS || n < 32 || bytesOf(dtype) !== 4) return false
  return distance(index, rows.at(-1)) === 1 && distance(index, summed.at(-1)) * bytesOf(dtype) >= FAR
}

/** The bytes of one strip. */
export const stripBytes = (product: Product): number => STRIP_ROWS * 4 * Math.min(MOST_K, sizesOf(product).k)

/** Most k of one pass where zeros are left out: what is read of the right operand during it stays in the first cache. */
export const MOST_LISTED = 120

/** Least sizes of matrices for which it is worth looking for zeros of the left operand. */
const FEWEST_ROWS_LISTED = 16
const FEWEST_COLUMNS_LISTED = 8
const LEAST_SUM_LISTED = 64

/**
 * Whether products with zeros of the left operand may be left out, as they can be by the thousand where it holds images with empty
 * borders, or what relu let through: where its rows are copied as strips, or have each k beside the last.
 */
export function mayLeaveOutZeros(product: Product): boolean {
  const { a, dtype, cut, sums, k: summed } = product
  const { m, n, k, between } = sizesOf(product)
  if (cut !== 'rows' || sums.length > 0 || between > 1 || dtype !== 'float32') return false
  if (m < FEWEST_ROWS_LISTED || n < FEWEST_COLUMNS_LISTED || k < LEAST_SUM_LISTED) return false
  const { from } = readingOfA(product)
  const index = readInPlace(a, product.task)
  const inRows = from === 'shared' || (from === 'memory' && index !== undefined && distance(index, summed.at(-1)) === 1)
  return from !== 'ones' && (inRows || readsStrips(product))
}

/** Most numbers side by side that are looked at together, most of one window, so that one pass takes it, and fewest columns for which that is worth it. */
const MOST_LOOKED_AT = 64
const LARGEST_WINDOW = 64
const FEWEST_COLUMNS_LOOKED_AT = 16

/**
 * Whether rows of the left operand that are all zeros are looked for, to be left out: where they are windows of images with one
 * channel, each a number further than the last, so that a look costs little. A window in the empty border of an image is one.
 */
export function mayLeaveOutRows(product: Product): boolean {
  const { a, b, dtype, cut, outer, sums, m: rows, k: summed, task } = product
  const { m, n, k, between } = sizesOf(product)
  const index = readInPlace(a, task)
  if (index === undefined || dtype !== 'float32' || cut !== 'outer' || sums.length > 0) return false
  if (between * k > LARGEST_WINDOW) return false
  if (m === 1 || n < FEWEST_COLUMNS_LOOKED_AT || m + k - 1 > MOST_LOOKED_AT) return false
  // What they are multiplied by is looked at once.
  if (affinesOf(b).some(({ by }) => outer.some((loop) => by[loop] !== 0))) return false
  return distance(index, rows.at(-1)) === 1 && distance(index, summed.at(-1)) === 1
}

/** The loops outside of the matrices that a copy runs through itself: all that the operand depends on, or none. */
function copiedLoops(product: Product, value: Value, from: 'shared' | 'own'): readonly number[] {
  if (from === 'own') return []
  const { outer, sums } = product
  return [...outer.filter((loop) => affinesOf(value).some(({ by }) => by[loop] !== 0)), ...sums]
}

/** How far apart, in elements, the matrices of a shared copy are, for each outer or sum loop of the product. */
export function distancesInCopy(product: Product, value: Value, matrix: number): ReadonlyMap<number, number> {
  const distances = new Map<number, number>()
  let apart = matrix
  for (const loop of [...copiedLoops(product, value, 'shared')].reverse()) {
    distances.set(loop, apart)
    apart *= product.task.lengths[loop]!
  }
  return distances
}

/** The elements of one copied matrix. */
export const elementsOfA = (product: Product): number => {
  const { m, k, between } = sizesOf(product)
  return m * between * k
}

/** Panels, and how many elements are before the first of them in a copy of the matrix. */
export interface PlacedPanels extends Panels {
  readonly before: number
}

/** The panels of columns of the right operand, and how many elements are before each in a copy of one matrix. */
export function panelsInCopy(product: Product, kernels: MicroKernels): readonly PlacedPanels[] {
  const { n, k, between } = sizesOf(product)
  let before = 0
  return panelsOf(kernels, n, product.dtype).map((panels) => {
    const placed = { ...panels, before }
    before += panels.count * between * k * padded(panels.width, product.dtype)
    return placed
  })
}

/** The elements of one copied matrix, with narrow panels in whole vectors. */
export function elementsOfB(product: Product): number {
  const { n, k, between } = sizesOf(product)
  return between * k * padded(n, product.dtype)
}

/** The bytes of a copy of an operand. */
export const bytesOfA = (product: Product, from: 'shared' | 'own'): number =>
  turnsOf(product.task, copiedLoops(product, product.a, from)) * elementsOfA(product) * bytesOf(product.dtype)

export const bytesOfB = (product: Product, from: 'shared' | 'own'): number =>
  turnsOf(product.task, copiedLoops(product, product.b, from)) * elementsOfB(product) * bytesOf(product.dtype)

/** The loop nest that copies the left operand to `buffer`, as [m, between, k]. */
export function copyOfA(product: Product, buffer: number, from: 'shared' | 'own'): LoopTask {
  const { a, m, between, k } = product
  const loops = [...copiedLoops(product, a, from), ...m, ...between, ...k]
  return copy(product, a, dense(product, loops, 1), 0, buffer, from)
}

/** The loop nests that copy the right operand to `buffer`, panel after panel as [between, k, width]. */
export function copiesOfB(product: Product, kernels: MicroKernels, buffer: number, from: 'shared' | 'own'): LoopTask[] {
  const { b, between, k, n, dtype, task } = product
  const column = n.at(-1)
  const depth = turnsOf(task, [...between, ...k])
  const outside = dense(product, copiedLoops(product, b, from), elementsOfB(product))
  return panelsInCopy(product, kernels).map((panels) => {
    const width = padded(panels.width, dtype)
    const axes = [
      ...outside,
      { loop: column, factor: panels.width, length: panels.count, stride: depth * width },
      ...dense(product, [...between, ...k], width),
      { loop: column, factor: 1, length: panels.width, stride: 1 },
    ]
    const shifted = mapAffines(b, ({ base, by }) => ({ base: base + panels.from * distance({ base, by }, column), by }))
    return copy(product, shifted, axes, panels.before, buffer, from)
  })
}

/** A loop of a copy: over `factor` turns at a time of a loop of the task, `stride` elements apart in the copy. */
interface CopyAxis {
  readonly loop: number | undefined
  readonly factor: number
  readonly length: number
  readonly stride: number
}

/** Loops one in the other without gaps, the last one's turns `apart` elements from each other. */
function dense({ task }: Product, loops: readonly number[], apart: number): CopyAxis[] {
  const axes: CopyAxis[] = []
  let stride = apart
  for (const loop of [...loops].reverse()) {
    axes.unshift({ loop, factor: 1, length: task.lengths[loop]!, stride })
    stride *= task.lengths[loop]!
  }
  return axes
}

/** A copy behind loops that the caller runs, those outside of the matrices where it is made at each of their turns. */
function copy(
  { task, dtype, outer, sums }: Product,
  value: Value,
  axes: readonly CopyAxis[],
  begin: number,
  buffer: number,
  from: 'shared' | 'own',
): LoopTask {
  const given = from === 'own' ? [...outer, ...sums] : []
  const renew = (affine: Affine): Affine => ({
    base: affine.base,
    by: [...given.map((loop) => affine.by[loop]!), ...axes.map(({ loop, factor }) => factor * distance(affine, loop))],
  })
  const index = { base: begin, by: [...given.map(() => 0), ...axes.map(({ stride }) => stride)] }
  return {
    kind: 'loop',
    store: { buffer, dtype, index },
    lengths: [...given.map((loop) => task.lengths[loop]!), ...axes.map(({ length }) => length)],
    rank: given.length + axes.length,
    value: mapAffines(value, renew),
  }
}
