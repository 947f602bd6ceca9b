import {
  bytesOfA,
  copiesOfB,
  copyOfA,
  loopsOf,
  type Panels,
  type Product,
  padded,
  panelsOf,
  type Reading,
  readingOfA,
  readingOfB,
} from '../product.ts'
import type { LoopTask } from '../tasks.ts'
import { bytesOf } from '../value.ts'
import { call, forRange, whileLoop } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { i32 } from '../wasm/instructions.ts'
import type { FunctionBuilder, WasmModule } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import type { FunctionCaller } from './arithmetic.ts'
import { type Addresses, SCRATCH } from './cursor.ts'
import { emitInnerLoops } from './loop.ts'
import { defineMicroKernel } from './micro-kernel.ts'

/** What the code of a contraction is made with. */
export interface ContractContext {
  readonly module: WasmModule
  readonly addresses: Addresses
  readonly functions: FunctionCaller
  /** Working memory of the running thread, and that which all threads share. */
  readonly own: Node<'i32'>
  readonly shared: number
}

/** Most k in one pass: a panel of so many rows stays in the first cache. */
const MOST_K = 400

/** Rows that the micro-kernel takes at once, for panels of so many vectors: eight sums in registers, then fewer. */
const rowBlocks = (vectors: number): (1 | 2 | 4 | 8)[] =>
  vectors > 2 ? [2, 1] : vectors === 2 ? [4, 2, 1] : [8, 4, 2, 1]

/** Where a matrix of the output lies, and how far its rows and columns are apart, in bytes. */
export interface OutputPlace {
  readonly base: Node<'i32'>
  readonly row: number
  readonly column: number
}

/** The code that multiplies one [m, k] by one [k, n] matrix, at given turns of the outer and sum loops. */
export class Multiplier {
  readonly outer: readonly Local<'i32'>[]
  readonly sums: readonly Local<'i32'>[]
  readonly #product: Product
  readonly #context: ContractContext
  readonly #f: FunctionBuilder
  readonly #scratch: Node<'i32'>
  readonly #a: Reading
  readonly #b: Reading
  readonly #output: OutputPlace

  constructor(
    product: Product,
    context: ContractContext,
    f: FunctionBuilder,
    scratch: Node<'i32'>,
    output: (outer: readonly Local<'i32'>[]) => OutputPlace,
  ) {
    this.#product = product
    this.#context = context
    this.#f = f
    this.#scratch = scratch
    this.#a = readingOfA(product)
    this.#b = readingOfB(product)
    this.outer = product.outer.map(() => f.local('i32', 'outer'))
    this.sums = product.sums.map(() => f.local('i32', 'sum'))
    this.#output = output(this.outer)
  }

  /** Copies what is not read in place. */
  copy(): Node<'none'>[] {
    const given = [...this.outer, ...this.sums]
    const { addresses, functions } = this.#context
    return copiesFor(this.#product, SCRATCH).flatMap(({ task, offset }) =>
      emitInnerLoops(this.#f, task, given, addresses, functions, i32.add(this.#scratch, offset)),
    )
  }

  /** Multiplies all rows, or those from `begin` to `end`; `first` is 1 to write, 0 to add to the output. */
  multiply(first: Node<'i32'>, begin?: Local<'i32'>, end?: Local<'i32'>): Node<'none'>[] {
    const { k } = this.#product
    const panels = panelsOf(this.#product)
    const passes = Math.ceil(k / MOST_K)
    const most = Math.ceil(k / passes)
    const left = this.#left()
    const right = this.#right(panels)
    return Array.from({ length: passes }, (_, pass) => {
      const from = pass * most
      const count = Math.min(most, k - from)
      const write = pass === 0 ? first : i32.const(0)
      const panel = this.#f.local('i32', 'panel')
      const columns = panels.width * this.#output.column
      const rows = (width: number, step: number, base: Node<'i32'>, c: Node<'i32'>) =>
        this.#rows({ width, step, count, a: i32.add(left.base, from * left.step), b: base, c, left, write, begin, end })
      const whole =
        panels.whole === 0
          ? []
          : [
              forRange(
                panel,
                0,
                panels.whole,
                1,
                rows(
                  panels.width,
                  right.wholeStep,
                  i32.add(i32.add(right.base, from * right.wholeStep), i32.mul(panel, right.panel)),
                  i32.add(this.#output.base, i32.mul(panel, columns)),
                ),
              ),
            ]
      const rest =
        panels.rest === 0
          ? []
          : rows(
              panels.rest,
              right.restStep,
              i32.add(right.base, panels.whole * right.panel + from * right.restStep),
              i32.add(this.#output.base, panels.whole * columns),
            )
      return [...whole, ...rest]
    }).flat()
  }

  /** All rows of one panel of columns. */
  #rows(part: {
    readonly width: number
    readonly step: number
    readonly count: number
    readonly a: Node<'i32'>
    readonly b: Node<'i32'>
    readonly c: Node<'i32'>
    readonly left: { readonly row: number; readonly step: number }
    readonly write: Node<'i32'>
    readonly begin: Local<'i32'> | undefined
    readonly end: Local<'i32'> | undefined
  }): Node<'none'>[] {
    const { m, dtype } = this.#product
    const f = this.#f
    const [a, b, c] = [f.local('i32', 'a'), f.local('i32', 'b'), f.local('i32', 'c')]
    const row = f.local('i32', 'row')
    const stop = part.end?.get ?? i32.const(m)
    const vectors = Math.ceil((part.width * bytesOf(dtype)) / 16)
    const blocks = rowBlocks(vectors).filter((rows) => part.end !== undefined || rows <= m)
    return [
      b.set(part.b),
      row.set(part.begin?.get ?? i32.const(0)),
      a.set(i32.add(part.a, i32.mul(row, part.left.row))),
      c.set(i32.add(part.c, i32.mul(row, this.#output.row))),
      // The largest blocks of rows first, then what is left in smaller ones.
      ...blocks.map((rows) => {
        const kernel = defineMicroKernel(this.#context.module, {
          dtype,
          rows,
          columns: part.width,
          aRow: part.left.row,
          aStep: part.left.step,
          bStep: part.step,
          cRow: this.#output.row,
          cColumn: this.#output.column,
        })
        return whileLoop(i32.le_s(i32.add(row, rows), stop), [
          call(kernel, { a, b, end: i32.add(b, part.count * part.step), c, first: part.write }),
          a.set(i32.add(a, rows * part.left.row)),
          c.set(i32.add(c, rows * this.#output.row)),
          row.set(i32.add(row, rows)),
        ])
      }),
    ]
  }

  /** The left operand: where it starts, and how far rows and k are apart, in bytes. */
  #left(): { base: Node<'i32'>; row: number; step: number } {
    const { dtype, k } = this.#product
    const bytes = bytesOf(dtype)
    if (this.#a.from === 'copy') return { base: this.#scratch, row: k * bytes, step: bytes }
    const loops = loopsOf(this.#product)
    const { index, buffer } = this.#a.load
    return {
      base: addressOf(this.#context.addresses.get(buffer)! + index.base * bytes, index.by, bytes, [
        ...this.outer,
        ...this.sums,
      ]),
      row: index.by[loops.m]! * bytes,
      step: index.by[loops.k]! * bytes,
    }
  }

  /** The right operand: where it starts, and how far panels and k are apart, in bytes. */
  #right({ width, rest }: Panels): { base: Node<'i32'>; panel: number; wholeStep: number; restStep: number } {
    const { dtype, k } = this.#product
    const bytes = bytesOf(dtype)
    if (this.#b.from === 'copy') {
      const offset = this.#a.from === 'copy' ? aligned(bytesOfA(this.#product)) : 0
      const base = i32.add(this.#scratch, offset)
      return { base, panel: k * width * bytes, wholeStep: width * bytes, restStep: padded(rest, dtype) * bytes }
    }
    const loops = loopsOf(this.#product)
    const { index, buffer } = this.#b.load
    const base = addressOf(this.#context.addresses.get(buffer)! + index.base * bytes, index.by, bytes, [
      ...this.outer,
      ...this.sums,
    ])
    const step = index.by[loops.k]! * bytes
    return { base, panel: width * bytes, wholeStep: step, restStep: step }
  }
}

/** The output's own place, for given outer loops. */
export const outputOf =
  (product: Product, context: ContractContext) =>
  (outer: readonly Local<'i32'>[]): OutputPlace => {
    const { index, buffer } = product.store
    const bytes = bytesOf(product.dtype)
    const { m, n } = loopsOf(product)
    return {
      base: addressOf(context.addresses.get(buffer)! + index.base * bytes, index.by, bytes, outer),
      row: index.by[m]! * bytes,
      column: index.by[n]! * bytes,
    }
  }

/** A copy of an operand in working memory, `offset` bytes from its start. */
interface OperandCopy {
  readonly task: LoopTask
  readonly offset: number
}

export function copiesFor(product: Product, buffer: number): OperandCopy[] {
  const copies: OperandCopy[] = []
  const copiesA = readingOfA(product).from === 'copy'
  if (copiesA) copies.push({ task: copyOfA(product, buffer), offset: 0 })
  if (readingOfB(product).from === 'copy') {
    const offset = copiesA ? aligned(bytesOfA(product)) : 0
    for (const task of copiesOfB(product, buffer)) copies.push({ task, offset })
  }
  return copies
}

/** An address moved by the given loops. */
function addressOf(start: number, by: readonly number[], bytes: number, loops: readonly Local<'i32'>[]): Node<'i32'> {
  return loops.reduce<Node<'i32'>>(
    (address, turn, loop) => (by[loop] === 0 ? address : i32.add(address, i32.mul(turn, by[loop]! * bytes))),
    i32.const(start),
  )
}

/** Bytes in whole cache lines. */
export const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64
