import { vectorsOf } from '../panels.ts'
import { MOST_LISTED, type Product, panelsInCopy, readsStrips, STRIP_ROWS, sizesOf } from '../product.ts'
import { call, forRange, ifElse, lesser, sequence, whileBelow, whileLoop } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { i32 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import { testRight } from './finite.ts'
import { LISTED, lister, nonzeroCounter, rowBits, stripBits, WORD_BYTES, wordsFor } from './nonzeros.ts'
import { type ContractContext, type Left, type OutputPlace, rightOf } from './operands.ts'
import { type Pass, times } from './passes.ts'
import { columnsOf, MOST_SUMS, type SparsePanel, settleSums, sparseKernel } from './sparse-kernel.ts'

/** Rows of a product, from `begin` to `end`, during a stretch of its sums. */
interface Rows {
  readonly pass: Pass
  readonly left: Left
  /** 1 to write, 0 to add to the output. */
  readonly write: Node<'i32'>
  readonly begin: Local<'i32'>
  readonly end: Local<'i32'>
}

/** Panels side by side that one kernel runs through together; `count` times as many, `apart` bytes from each other. */
interface Chunk {
  readonly panels: readonly SparsePanel[]
  /** Where in the right operand the first of them begins, in bytes, and its first column. */
  readonly offset: number
  readonly from: number
  readonly count: number
  readonly apart: number
}

/** How far apart, in bytes, the words of one row's bits are. */
const wordStep = (product: Product): number => (readsStrips(product) ? STRIP_ROWS : 1) * WORD_BYTES

/** Where bits, lists, their ends and sums lie for rows that are multiplied together, in bytes, and how many bytes all of it takes. */
function placesFor(product: Product, k: number) {
  const lists = wordsFor(k) * wordStep(product)
  const ends = lists + STRIP_ROWS * k * LISTED
  const sums = ends + STRIP_ROWS * LISTED
  return { bits: 0, lists, ends, sums, bytes: sums + MOST_SUMS * 16 }
}

/** The bytes of working memory that leaving out zeros takes. */
export const sparseBytes = (product: Product): number =>
  placesFor(product, Math.min(MOST_LISTED, sizesOf(product).k)).bytes

/** What is said of the right operand before it was looked at: neither 0 nor 1. */
const UNKNOWN = -1

/** The part of numbers that may be nonzero where leaving out the others is faster. */
const MOST_NONZERO = 0.5

/** Of how many vectors one is looked at to find that out. */
const SAMPLED = 4

/** The code that multiplies rows of the left operand without their zeros, where these are many. */
export class SparseRows {
  readonly #product: Product
  readonly #context: ContractContext
  readonly #f: FunctionBuilder
  readonly #memory: Node<'i32'>
  /** Whether the right operand is finite, once that is known. */
  readonly #finite: Local<'i32'>

  /** `memory` is where it may write. */
  constructor(product: Product, context: ContractContext, f: FunctionBuilder, memory: Node<'i32'>) {
    this.#product = product
    this.#context = context
    this.#f = f
    this.#memory = memory
    this.#finite = f.local('i32', 'finite')
  }

  /** Begins a product. */
  start(): Node<'none'>[] {
    return [this.#finite.set(UNKNOWN)]
  }

  /** Whether rows have many zeros that may be left out: what they are multiplied by is finite, as zero times all else is not zero. */
  pays(rows: Rows): Node<'i32'> {
    const many = this.#f.local('i32', 'many')
    return sequence(
      [
        many.set(this.#manyZeros(rows)),
        ifElse(many, [
          ifElse(i32.eq(this.#finite, UNKNOWN), testRight(this.#product, this.#context, this.#f, this.#finite)),
          many.set(this.#finite),
        ]),
      ],
      many,
    )
  }

  /** Whether a sample of the rows has many zeros. */
  #manyZeros({ pass, left, begin, end }: Rows): Node<'i32'> {
    const strip = readsStrips(this.#product)
    // In a strip a vector has neighbouring rows, not neighbouring k: others at each step.
    const step = strip ? SAMPLED * left.step + 16 : SAMPLED * 16
    const turns = Math.floor((pass.k.count * left.step) / step)
    const row = strip ? begin.get : i32.shr_u(i32.add(begin, end), 1)
    const counter = nonzeroCounter(this.#context.module)
    const count = call(counter, {
      a: this.#behind(this.#at(row, left), pass.k.from, left),
      step,
      turns,
    })
    return i32.le_s(count, Math.floor(MOST_NONZERO * turns * 4))
  }

  /** Multiplies the rows, as many together as a strip has: lists of all of them first, then chunk after chunk of columns. */
  multiply({ pass, left, write, begin, end }: Rows, output: OutputPlace): Node<'none'>[] {
    const f = this.#f
    const { module, fused } = this.#context
    const strip = readsStrips(this.#product)
    const [from, to, row, a] = [
      f.local('i32', 'from'),
      f.local('i32', 'to'),
      f.local('i32', 'row'),
      f.local('i32', 'a'),
    ]
    const [words, list, ends, chunk] = [
      f.local('i32', 'words'),
      f.local('i32', 'list'),
      f.local('i32', 'ends'),
      f.local('i32', 'chunk'),
    ]
    const first = pass.k.from
    const { count } = pass.k
    const apart = count * LISTED
    const step = wordStep(this.#product)
    const places = placesFor(this.#product, count)
    const sums = i32.add(this.#memory, places.sums)
    const start = [
      row.set(from),
      a.set(this.#at(from.get, left)),
      words.set(i32.add(this.#memory, places.bits)),
      list.set(i32.add(this.#memory, places.lists)),
      ends.set(i32.add(this.#memory, places.ends)),
    ]
    const onward = [a.set(i32.add(a, left.row)), list.set(i32.add(list, apart)), ends.set(i32.add(ends, LISTED))]
    const lists = [
      ...(strip ? [call(stripBits(module), { a: this.#behind(a, first, left), count, words })] : []),
      whileBelow(row, to, [
        ...(strip ? [] : [call(rowBits(module), { a: this.#behind(a, first, left), count, words })]),
        i32.store(
          ends,
          call(lister(module), {
            words,
            step,
            begin: first,
            end: i32.add(first, count),
            list,
          }),
        ),
        ...(strip ? [words.set(i32.add(words, WORD_BYTES))] : []),
        ...onward,
      ]),
    ]
    const products = this.#chunks().map(({ panels, offset, from, count, apart }) => {
      const kernel = sparseKernel(module, { panels, aStep: left.step, fused })
      const settle = (adds: boolean) =>
        call(settleSums(module, panels, { cColumn: output.column, adds }), { sums, c: there })
      const b = i32.add(i32.add(this.#right(), offset), i32.mul(chunk, apart))
      const c = i32.add(i32.add(output.base, from * output.column), i32.mul(row, output.row))
      const there = i32.add(c, i32.mul(chunk, columnsOf(panels) * output.column))
      return forRange(chunk, 0, count, 1, [
        ...start,
        whileBelow(row, to, [
          call(kernel, { list, end: i32.load(ends), a, b, sums }),
          ifElse(write, settle(false), settle(true)),
          ...onward,
        ]),
      ])
    })
    return [
      from.set(begin),
      whileLoop(i32.lt_s(from, end), [
        to.set(i32.add(from, STRIP_ROWS)),
        to.set(lesser(to.get, end.get)),
        ...start,
        ...lists,
        ...products,
        from.set(to),
      ]),
    ]
  }

  /** Where a row begins. */
  #at(row: Node<'i32'>, left: Left): Node<'i32'> {
    return i32.add(left.base, i32.mul(row, left.row))
  }

  /** So many k further. */
  #behind(a: Node<'i32'> | Local<'i32'>, k: Pass['k']['from'], left: Left): Node<'i32'> {
    return i32.add(a, times(k, left.step))
  }

  /** Where the right operand begins. */
  #right(): Node<'i32'> {
    return rightOf(this.#product, this.#context, [], panelsInCopy(this.#product, this.#context.kernels)[0]!).base
  }

  /** All panels, as many together as a kernel takes, and the same again and again as one. */
  #chunks(): readonly Chunk[] {
    const chunks: Chunk[] = []
    let open: (SparsePanel & { readonly from: number })[] = []
    const close = () => {
      const [first, last] = [open[0]!, chunks.at(-1)]
      const panels = open.map(({ columns, offset, step }) => ({ columns, offset: offset - first.offset, step }))
      const apart = last ? first.offset - last.offset - (last.count - 1) * last.apart : 0
      const again =
        last && JSON.stringify(last.panels) === JSON.stringify(panels) && (last.count === 1 || last.apart === apart)
      if (again) chunks[chunks.length - 1] = { ...last, count: last.count + 1, apart }
      else chunks.push({ panels, offset: first.offset, from: first.from, count: 1, apart: 0 })
      open = []
    }
    for (const panels of panelsInCopy(this.#product, this.#context.kernels)) {
      const right = rightOf(this.#product, this.#context, [], panels)
      for (let at = 0; at < panels.count; at++) {
        const vectors = sum([...open, { columns: panels.width }].map(({ columns }) => vectorsOf(columns, 'float32')))
        if (open.length > 0 && vectors > MOST_SUMS) close()
        open.push({
          columns: panels.width,
          offset: right.offset + at * right.panel,
          step: right.step,
          from: panels.from + at * panels.width,
        })
      }
    }
    close()
    return chunks
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
