import { sizeOf } from '@cotangent/core'
import { bytesOfA, bytesOfB, type Product, productOf, readingOfA, readingOfB } from '../product.ts'
import type { ContractTask, LoopTask } from '../tasks.ts'
import { bytesOf } from '../value.ts'
import { forRange, select, whileLoop } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { i32 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'
import { emitLoop } from './loop.ts'
import { aligned, type ContractContext, copiesFor, Multiplier, outputOf } from './multiplier.ts'
import type { Phase } from './phase.ts'

/** How much working memory a contraction wants, in bytes. */
export interface Scratch {
  readonly own: number
  readonly shared: number
}

/** Rows of one turn where threads share out rows. */
const ROWS = 4

/** Into how many parts a long sum over small matrices is cut; fixed, so that bits do not depend on threads. */
const PARTS = 8

type Cut = 'outer' | 'rows' | 'sums'

/** Where the work is cut for threads: at outer loops, else at sums of small outputs, else at rows. */
function cutOf({ outer, sums, m, n }: Product): Cut {
  if (sizeOf(outer) > 1) return 'outer'
  if (sizeOf(sums) < PARTS) return sizeOf(sums) > 1 ? 'outer' : 'rows'
  return m * n <= 1 << 17 ? 'sums' : 'outer'
}

/** The working memory that a contraction wants. */
export function scratchOf(task: ContractTask): Scratch {
  const product = productOf(task)
  const a = readingOfA(product).from === 'copy' ? aligned(bytesOfA(product)) : 0
  const b = readingOfB(product).from === 'copy' ? aligned(bytesOfB(product)) : 0
  const cut = cutOf(product)
  if (cut === 'rows') return { own: 0, shared: a + b }
  return { own: a + b, shared: cut === 'sums' ? PARTS * product.m * product.n * bytesOf(product.dtype) : 0 }
}

/** The phases of a contraction, to be run one after the other. */
export function emitContract(task: ContractTask, context: ContractContext): Phase[] {
  const product = productOf(task)
  switch (cutOf(product)) {
    case 'outer':
      return [byOuterLoops(product, context)]
    case 'rows':
      return byRows(product, context)
    case 'sums':
      return bySums(product, context)
  }
}

/** Stands for the working memory that all threads share. */
const SHARED = -2

/** A long sum over small matrices: parts of it side by side, then added up in order. */
function bySums(product: Product, context: ContractContext): Phase[] {
  const { m, n, dtype } = product
  const bytes = m * n * bytesOf(dtype)
  const count = sizeOf(product.sums)
  const accumulate: Phase = {
    turns: PARTS,
    grain: 1,
    build: (f, begin, end) => {
      const [turn, at, stop, first] = [
        f.local('i32', 'part'),
        f.local('i32', 'sum'),
        f.local('i32', 'stop'),
        f.local('i32', 'first'),
      ]
      const place = {
        base: i32.add(context.shared, i32.mul(turn, bytes)),
        row: n * bytesOf(dtype),
        column: bytesOf(dtype),
      }
      const multiplier = new Multiplier(product, context, f, context.own, () => place)
      const edge = (index: Node<'i32'>) => i32.div_u(i32.mul(index, count), PARTS)
      return [
        turn.set(begin),
        whileBelow(turn, end, [
          at.set(edge(turn.get)),
          stop.set(edge(i32.add(turn, 1))),
          first.set(1),
          whileBelow(at, stop, [
            ...decode(at, product.sums, multiplier.sums),
            ...multiplier.copy(),
            ...multiplier.multiply(first.get),
            first.set(0),
          ]),
        ]),
      ]
    },
  }
  const given = product.outer.length + product.sums.length
  const { index } = product.store
  const total: LoopTask = {
    kind: 'loop',
    store: { ...product.store, index: { base: index.base, by: [index.by[given]!, index.by[given + 1]!, 0] } },
    lengths: [m, n, PARTS],
    rank: 2,
    fold: 'sum',
    value: { op: 'load', dtype, buffer: SHARED, index: { base: 0, by: [n, 1, m * n] } },
  }
  return [accumulate, emitLoop(total, new Map(context.addresses).set(SHARED, context.shared), context.functions)]
}

/** One turn for each turn of the outer loops: copies and multiplies on its own. */
function byOuterLoops(product: Product, context: ContractContext): Phase {
  return {
    turns: sizeOf(product.outer),
    grain: 1,
    build: (f, begin, end) => {
      const multiplier = new Multiplier(product, context, f, context.own, outputOf(product, context))
      const [turn, first] = [f.local('i32', 'turn'), f.local('i32', 'first')]
      const sums = product.sums.reduceRight<readonly Node<'none'>[]>(
        (inner, length, at) => [forRange(multiplier.sums[at]!, 0, length, 1, inner)],
        [...multiplier.copy(), ...multiplier.multiply(first.get), first.set(0)],
      )
      return [
        turn.set(begin),
        whileBelow(turn, end, [...decode(turn, product.outer, multiplier.outer), first.set(1), ...sums]),
      ]
    },
  }
}

/** One product: all threads copy its operands, then each takes its share of the rows. */
function byRows(product: Product, context: ContractContext): Phase[] {
  const copies = copiesFor(product, SHARED).map(({ task, offset }): Phase => {
    const addresses = new Map(context.addresses).set(SHARED, context.shared + offset)
    return emitLoop(task, addresses, context.functions)
  })
  const multiply: Phase = {
    turns: Math.ceil(product.m / ROWS),
    grain: 1,
    build: (f, begin, end) => [
      begin.set(i32.mul(begin, ROWS)),
      end.set(lesser(i32.mul(end, ROWS), product.m)),
      ...new Multiplier(product, context, f, i32.const(context.shared), outputOf(product, context)).multiply(
        i32.const(1),
        begin,
        end,
      ),
    ],
  }
  return [...copies, multiply]
}

/** The counters of loops whose turns are numbered through, in row-major order. */
function decode(turn: Local<'i32'>, lengths: readonly number[], counters: readonly Local<'i32'>[]): Node<'none'>[] {
  let behind = sizeOf(lengths)
  return lengths.map((length, at) => {
    behind /= length
    const quotient = behind === 1 ? turn.get : i32.div_u(turn, behind)
    return counters[at]!.set(at === 0 ? quotient : i32.rem_u(quotient, length))
  })
}

/** Runs the body while the counter is below `end`, one turn further each time. */
const whileBelow = (counter: Local<'i32'>, end: Local<'i32'>, body: readonly Node<'none'>[]): Node<'none'> =>
  whileLoop(i32.lt_s(counter, end), [...body, counter.set(i32.add(counter, 1))])

const lesser = (x: Node<'i32'>, y: number): Node<'i32'> => select(x, i32.const(y), i32.lt_s(x, y))
