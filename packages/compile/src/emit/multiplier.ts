import { rowBlocks, vectorsOf } from '../panels.ts'
import {
  bytesOfA,
  bytesOfB,
  distance,
  MOST_K,
  MOST_LISTED,
  mayLeaveOutRows,
  mayLeaveOutZeros,
  type Product,
  panelsInCopy,
  type Reading,
  readingOfA,
  readingOfB,
  readsStrips,
  STRIP_ROWS,
  sizesOf,
  stripBytes,
} from '../product.ts'
import { bytesOf } from '../value.ts'
import { call, doWhile, drop, forRange, ifElse, lesser, whileLoop } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { i32, i64, v128 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import { SCRATCH } from './cursor.ts'
import { clearRows, windowBits } from './empty-rows.ts'
import { testRight } from './finite.ts'
import { emitInnerLoops } from './loop.ts'
import { microKernel } from './micro-kernel.ts'
import {
  aligned,
  type ContractContext,
  copiesFor,
  type Left,
  leftOf,
  type OutputPlace,
  type Right,
  rightOf,
} from './operands.ts'
import { type Pass, passesOf, times } from './passes.ts'
import { reader } from './reader.ts'
import { SparseRows } from './sparse-rows.ts'

/** Up to so many rows are taken together; of more, blocks of so many, which stay in the second cache from panel to panel. */
const MOST_ROWS = 128
const BLOCK_ROWS = 32

/** Of each operand, in bytes, what stays in the second cache from one stretch of the sums to the next. */
const IN_SECOND_CACHE = 1 << 18

/** Half of a first cache, in bytes, and the least k that is worth a pass. */
const IN_CACHE = 1 << 14
const FEWEST_K = 64

/** The code that multiplies one [m, k] by one [k, n] matrix, at given turns of the outer and sum loops. */
export class Multiplier {
  readonly outer: readonly Local<'i32'>[]
  readonly sums: readonly Local<'i32'>[]
  readonly #product: Product
  readonly #context: ContractContext
  readonly #f: FunctionBuilder
  readonly #a: Reading
  readonly #b: Reading
  readonly #output: OutputPlace
  /** What leaves out products with zero, where they may be. */
  readonly #sparse: SparseRows | undefined
  /** Where whole rows of zeros may be left out: whether what they are multiplied by is finite, and which rows have other numbers. */
  readonly #emptyRows: { readonly finite: Local<'i32'>; readonly filled: Local<'i64'> } | undefined

  constructor(
    product: Product,
    context: ContractContext,
    f: FunctionBuilder,
    output: (outer: readonly Local<'i32'>[]) => OutputPlace,
  ) {
    this.#product = product
    this.#context = context
    this.#f = f
    this.#a = readingOfA(product)
    this.#b = readingOfB(product)
    this.outer = product.outer.map(() => f.local('i32', 'outer'))
    this.sums = product.sums.map(() => f.local('i32', 'sum'))
    this.#output = output(this.outer)
    const lists = i32.add(context.own, this.#ownCopies() + (readsStrips(product) ? stripBytes(product) : 0))
    this.#emptyRows = mayLeaveOutRows(product)
      ? { finite: f.local('i32', 'finite'), filled: f.local('i64', 'filled') }
      : undefined
    this.#sparse = mayLeaveOutZeros(product) ? new SparseRows(product, context, f, lists) : undefined
  }

  get #turns(): readonly Local<'i32'>[] {
    return [...this.outer, ...this.sums]
  }

  /** What comes before all turns. */
  begin(): Node<'none'>[] {
    if (this.#emptyRows === undefined) return []
    return testRight(this.#product, this.#context, this.#f, this.#emptyRows.finite)
  }

  /** Copies what each thread copies for itself at these turns. */
  copy(): Node<'none'>[] {
    const { addresses, functions, own } = this.#context
    return copiesFor(this.#product, this.#context, SCRATCH, 'own').flatMap(({ task, offset }) =>
      emitInnerLoops(this.#f, task, this.#turns, addresses, functions, i32.add(own, offset)),
    )
  }

  /** Multiplies all rows, or those from `begin` to `end`; `first` is 1 to write, 0 to add to the output. */
  multiply(first: Node<'i32'>, begin?: Local<'i32'>, end?: Local<'i32'>): Node<'none'>[] {
    const rows = this.#rowsTogether()
    const start = this.#sparse?.start() ?? []
    if (rows >= sizesOf(this.#product).m) return [...start, ...this.#passes(first, begin, end)]
    return [
      ...start,
      ...this.#byRows(rows, begin, end, (from, to) => [...this.#read(from, to), ...this.#passes(first, from, to)]),
    ]
  }

  /** Reads rows of the left operand as they lie, where they do so one behind the other: each pass reads a bit here and a bit there. */
  #read(from: Local<'i32'>, to: Local<'i32'>): Node<'none'>[] {
    const { k, between } = sizesOf(this.#product)
    const { base, row, step } = leftOf(this.#product, this.#context, this.#turns)
    const bytes = bytesOf(this.#product.dtype)
    if (step !== bytes || row !== between * k * bytes) return []
    const place = (at: Local<'i32'>) => i32.add(base, i32.mul(at, row))
    return [drop(call(reader(this.#context.module), { from: place(from), to: place(to) }))]
  }

  /**
   * With how many rows all passes are made before the next ones: were each made with all rows, it would read a part of each, here and
   * there in memory. Not where the right operand would be read from afar again for each of these groups.
   */
  #rowsTogether(): number {
    const { m, n, k, between } = sizesOf(this.#product)
    const sum = between * k * bytesOf(this.#product.dtype)
    if (passesOf(this.#product, this.#mostK()).length === 1 || readsStrips(this.#product)) return m
    const blocks = Math.floor(IN_SECOND_CACHE / sum / BLOCK_ROWS)
    return blocks === 0 || n * sum > IN_SECOND_CACHE ? m : blocks * BLOCK_ROWS
  }

  /** One pass after the other, of which the first one writes where `first` is 1, and all others add. */
  #passes(first: Node<'i32'>, begin: Local<'i32'> | undefined, end: Local<'i32'> | undefined): Node<'none'>[] {
    const left = leftOf(this.#product, this.#context, this.#turns)
    const passes = passesOf(this.#product, this.#mostK())
    if (this.#sparse === undefined || begin === undefined || end === undefined) {
      return passes.flatMap((pass, at) => this.#pass(pass, left, at === 0 ? first : i32.const(0), begin, end))
    }
    // Many passes, with much code each: all of them with the same.
    const [from, write] = [this.#f.local('i32', 'fromK'), this.#f.local('i32', 'write')]
    const lengths = passes.map(({ k }) => k.count)
    const alike = lengths.filter((count) => count === lengths[0])
    const stretch = (count: number) => ({ between: passes[0]!.between, k: { from, count } })
    const ofLength = (count: number) => this.#pass(stretch(count), left, write.get, begin, end)
    return [
      write.set(first),
      forRange(from, 0, alike.length * lengths[0]!, lengths[0]!, [...ofLength(lengths[0]!), write.set(0)]),
      ...lengths.slice(alike.length).flatMap(ofLength),
    ]
  }

  /** All rows, or those from `begin` to `end`, during a stretch of the sums. */
  #pass(
    pass: Pass,
    left: Left,
    write: Node<'i32'>,
    begin: Local<'i32'> | undefined,
    end: Local<'i32'> | undefined,
  ): Node<'none'>[] {
    const rows = () => {
      if (readsStrips(this.#product))
        return this.#byRows(STRIP_ROWS, begin, end, (from, to) => this.#strip(pass, left, write, from, to))
      if (sizesOf(this.#product).m <= MOST_ROWS) return this.#block(pass, left, write, begin, end)
      return this.#byRows(BLOCK_ROWS, begin, end, (from, to) => this.#block(pass, left, write, from, to))
    }
    return [...this.#lookAtRows(pass, left), ...rows()]
  }

  /** Some rows, without the products with zero where there are many. */
  #block(
    pass: Pass,
    left: Left,
    write: Node<'i32'>,
    begin: Local<'i32'> | undefined,
    end: Local<'i32'> | undefined,
  ): Node<'none'>[] {
    const panels = this.#panels(pass, left, write, begin, end)
    if (this.#sparse === undefined || begin === undefined || end === undefined) return panels
    const rows = { pass, left, write, begin, end }
    return [ifElse(this.#sparse.pays(rows), this.#sparse.multiply(rows, this.#output), panels)]
  }

  /** Most k of one pass: what it reads of the right operand stays in the first cache, from row to row. */
  #mostK(): number {
    if (this.#sparse) return MOST_LISTED
    if (this.#b.from !== 'memory') return MOST_K
    const step = distance(this.#b.load.index, this.#product.k.at(-1)) * bytesOf(this.#product.dtype)
    return Math.min(MOST_K, Math.max(FEWEST_K, Math.floor(IN_CACHE / Math.max(1, step))))
  }

  /** Runs through all rows, or those from `begin` to `end`, so many at a time: `of` gets where each block begins and ends. */
  #byRows(
    count: number,
    begin: Local<'i32'> | undefined,
    end: Local<'i32'> | undefined,
    of: (from: Local<'i32'>, to: Local<'i32'>) => readonly Node<'none'>[],
  ): Node<'none'>[] {
    const [from, to] = [this.#f.local('i32', 'blockBegin'), this.#f.local('i32', 'blockEnd')]
    const stop = end?.get ?? i32.const(sizesOf(this.#product).m)
    return [
      from.set(begin?.get ?? i32.const(0)),
      whileLoop(i32.lt_s(from, stop), [
        to.set(i32.add(from, count)),
        to.set(lesser(to.get, stop)),
        ...of(from, to),
        from.set(to),
      ]),
    ]
  }

  /** All panels of columns for a strip of rows, which are copied side by side first. */
  #strip(pass: Pass, left: Left, write: Node<'i32'>, begin: Local<'i32'>, end: Local<'i32'>): readonly Node<'none'>[] {
    const f = this.#f
    const [from, to, x, last] = [
      f.local('i32', 'from'),
      f.local('i32', 'to'),
      f.local('i32', 'x'),
      f.local('i32', 'last'),
    ]
    const bytes = STRIP_ROWS * 4
    const copied = i32.add(this.#context.own, this.#ownCopies())
    const vectors = [0, 16, 32, 48]
    const strip: Left = { base: i32.sub(copied, i32.mul(begin, 4)), row: 4, step: bytes, between: 0 }
    return [
      from.set(i32.add(i32.add(left.base, times(pass.k.from, left.step)), i32.mul(begin, 4))),
      to.set(copied),
      last.set(i32.add(to, pass.k.count * bytes)),
      doWhile(
        [
          ...vectors.map((offset) => v128.store(to, v128.load(from, { offset, align: 4 }), { offset, align: 4 })),
          from.set(i32.add(from, left.step)),
          to.set(i32.add(to, bytes)),
        ],
        i32.lt_u(to, last),
      ),
      x.set(strip.base),
      // The strip holds this pass's part of k alone.
      ...this.#block(pass, { ...strip, base: i32.sub(x, times(pass.k.from, bytes)) }, write, begin, end),
    ]
  }

  /** Where in its own working memory a thread's copies of operands end. */
  #ownCopies(): number {
    const a = this.#a.from === 'own' ? aligned(bytesOfA(this.#product, 'own')) : 0
    return a + (this.#b.from === 'own' ? aligned(bytesOfB(this.#product, 'own')) : 0)
  }

  /** All panels of columns. */
  #panels(
    pass: Pass,
    left: Left,
    write: Node<'i32'>,
    begin: Local<'i32'> | undefined,
    end: Local<'i32'> | undefined,
  ): Node<'none'>[] {
    const panel = this.#f.local('i32', 'panel')
    const a = i32.add(i32.add(left.base, times(pass.k.from, left.step)), pass.between.from * left.between)
    return panelsInCopy(this.#product, this.#context.kernels).flatMap((panels) => {
      const { width, count } = panels
      const right = rightOf(this.#product, this.#context, this.#turns, panels)
      const b = i32.add(
        i32.add(right.base, times(pass.k.from, right.step)),
        right.offset + pass.between.from * right.between,
      )
      const c = i32.add(this.#output.base, panels.from * this.#output.column)
      const rows = (b: Node<'i32'>, c: Node<'i32'>) =>
        this.#rows({ width, right, pass, a, b, c, left, write, begin, end })
      if (count === 1) return rows(b, c)
      const onward = rows(
        i32.add(b, i32.mul(panel, right.panel)),
        i32.add(c, i32.mul(panel, width * this.#output.column)),
      )
      return [forRange(panel, 0, count, 1, onward)]
    })
  }

  /** All rows of one panel of columns. */
  #rows(part: {
    readonly width: number
    readonly right: Right
    readonly pass: Pass
    readonly a: Node<'i32'>
    readonly b: Node<'i32'>
    readonly c: Node<'i32'>
    readonly left: Left
    readonly write: Node<'i32'>
    readonly begin: Local<'i32'> | undefined
    readonly end: Local<'i32'> | undefined
  }): Node<'none'>[] {
    const { dtype } = this.#product
    const { module, fused, kernels } = this.#context
    const { m } = sizesOf(this.#product)
    const { pass, right, left } = part
    const f = this.#f
    const [a, b, c] = [f.local('i32', 'a'), f.local('i32', 'b'), f.local('i32', 'c')]
    const row = f.local('i32', 'row')
    const stop = part.end?.get ?? i32.const(m)
    const vectors = vectorsOf(part.width, dtype)
    const blocks = rowBlocks(kernels, vectors).filter((rows) => part.end !== undefined || rows <= m)
    return [
      b.set(part.b),
      row.set(part.begin?.get ?? i32.const(0)),
      a.set(i32.add(part.a, i32.mul(row, left.row))),
      c.set(i32.add(part.c, i32.mul(row, this.#output.row))),
      // The largest blocks of rows first, then what is left in smaller ones.
      ...blocks.map((rows) => {
        const kernel = microKernel(module, {
          dtype,
          rows,
          columns: part.width,
          fused,
          registers: kernels.registers,
          ones: this.#a.from === 'ones',
          neverMinusZero: this.#sparse !== undefined || this.#emptyRows !== undefined,
          aRow: left.row,
          aStep: left.step,
          bStep: right.step,
          cRow: this.#output.row,
          cColumn: this.#output.column,
          between:
            pass.between.count === 1
              ? undefined
              : {
                  turns: pass.between.count,
                  aJump: left.between - pass.k.count * left.step,
                  bJump: right.between - pass.k.count * right.step,
                },
        })
        const end = i32.add(b, pass.k.count * right.step)
        const product = call(kernel, { a, b, end, c, first: part.write })
        return whileLoop(i32.le_s(i32.add(row, rows), stop), [
          this.#emptyRows ? this.#unlessEmpty(rows, row, { ...part, c }, product) : product,
          a.set(i32.add(a, rows * left.row)),
          c.set(i32.add(c, rows * this.#output.row)),
          row.set(i32.add(row, rows)),
        ])
      }),
    ]
  }

  /** Finds out which rows have other numbers than zeros. */
  #lookAtRows({ k, between }: Pass, left: Left): Node<'none'>[] {
    if (this.#emptyRows === undefined) return []
    const { finite, filled } = this.#emptyRows
    const windows = { count: sizesOf(this.#product).m, k: k.count, turns: between.count, turn: left.between }
    const bits = call(windowBits(this.#context.module, windows), { a: left.base })
    return [filled.set(-1n), ifElse(finite, filled.set(bits))]
  }

  /** A product of some rows with a panel, or zeros where the rows have nothing else. */
  #unlessEmpty(
    rows: number,
    row: Local<'i32'>,
    part: { readonly width: number; readonly c: Local<'i32'> },
    product: Node<'none'>,
  ): Node<'none'> {
    const clear = clearRows(this.#context.module, rows, {
      dtype: this.#product.dtype,
      columns: part.width,
      cRow: this.#output.row,
      cColumn: this.#output.column,
    })
    const bits = i64.shr_u(this.#emptyRows!.filled, i64.extend_i32_u(row))
    const empty = i64.eqz(i64.and(bits, (1n << BigInt(rows)) - 1n))
    return ifElse(empty, [call(clear, { c: part.c })], [product])
  }
}
