import { InternalError, sizeOf } from '@cotangent/core'
import { counter, located } from '../affine.ts'
import { mapAffines } from '../collapse.ts'
import { type MicroKernels, rowBlocks, vectorsOf } from '../panels.ts'
import {
  bytesOfA,
  bytesOfB,
  distance,
  mayLeaveOutZeros,
  PARTS,
  type Product,
  productOf,
  readingOfA,
  readingOfB,
  readsStrips,
  sizesOf,
  stripBytes,
  turnsOf,
} from '../product.ts'
import { ROWS_TOGETHER } from '../shares.ts'
import type { ContractTask, LoopTask } from '../tasks.ts'
import { bytesOf } from '../value.ts'
import { forRange, lesser, whileBelow } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { i32 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import { SHARED } from './cursor.ts'
import { emitInnerLoops, emitLoop } from './loop.ts'
import { Multiplier } from './multiplier.ts'
import { aligned, type ContractContext, copiesFor, type OutputPlace, outputOf } from './operands.ts'
import type { Phase } from './phase.ts'
import type { Scratch } from './scratch.ts'
import { sparseBytes } from './sparse-rows.ts'

/**
 * Rows of one turn where threads share out rows: as many as the micro-kernel of its widest panels takes at once, where these are a part
 * of what is shared out of rows elsewhere, or all of that where a row is little work.
 */
function rowsOfTurn(product: Product, kernels: MicroKernels): number {
  const vectors = vectorsOf(sizesOf(product).n, product.dtype)
  if (vectors <= 2) return ROWS_TOGETHER
  const rows = rowBlocks(kernels, Math.min(vectors, kernels.shapes.length))[0]!
  return ROWS_TOGETHER % rows === 0 ? rows : ROWS_TOGETHER
}

/** The working memory that a contraction wants. */
export function contractScratch(task: ContractTask): Scratch {
  const product = productOf(task)
  const [a, b] = [readingOfA(product).from, readingOfB(product).from]
  const wanted = (where: 'shared' | 'own') =>
    (a === where ? aligned(bytesOfA(product, where)) : 0) + (b === where ? aligned(bytesOfB(product, where)) : 0)
  const parts = product.cut === 'sums' ? PARTS * outputBytes(product) : 0
  const strip = readsStrips(product) ? stripBytes(product) : 0
  const lists = mayLeaveOutZeros(product) ? sparseBytes(product) : 0
  return { own: wanted('own') + strip + lists, shared: wanted('shared') + parts }
}

/** The bytes of one part of a sum. */
function outputBytes(product: Product): number {
  const { m, n } = sizesOf(product)
  return turnsOf(product.task, product.outer) * m * n * bytesOf(product.dtype)
}

/** The phases of a contraction, to be run one after the other. */
export function emitContract(task: ContractTask, context: ContractContext): Phase[] {
  const product = productOf(task)
  const copies = copiesFor(product, context, SHARED, 'shared').map(({ task, offset }): Phase => {
    const addresses = new Map(context.addresses).set(SHARED, context.shared + offset)
    return emitLoop(task, addresses, context.functions)
  })
  switch (product.cut) {
    case 'outer':
      return [...copies, byOuterLoops(product, context)]
    case 'rows':
      return [...copies, byRows(product, context)]
    case 'sums':
      return [...copies, ...bySums(product, context)]
  }
}

/** One turn for each turn of the outer loops. */
function byOuterLoops(product: Product, context: ContractContext): Phase {
  const lengths = product.outer.map((loop) => product.task.lengths[loop]!)
  return {
    turns: sizeOf(lengths),
    grain: 1,
    build: (f, begin, end) => {
      const multiplier = new Multiplier(product, context, f, outputOf(product, context))
      const [turn, row] = [f.local('i32', 'turn'), f.local('i32', 'row')]
      return [
        ...multiplier.begin(),
        turn.set(begin),
        whileBelow(turn, end, [
          ...decode(turn, lengths, multiplier.outer),
          ...allSums(product, multiplier, f),
          row.set(0),
          ...finishRows(product, context, f, multiplier.outer, row, i32.const(sizesOf(product).m)),
        ]),
      ]
    },
  }
}

/** One product: each thread takes its share of the rows. */
function byRows(product: Product, context: ContractContext): Phase {
  const { m } = sizesOf(product)
  const rows = rowsOfTurn(product, context.kernels)
  return {
    turns: Math.ceil(m / rows),
    grain: 1,
    images: rows,
    build: (f, begin, end) => {
      const multiplier = new Multiplier(product, context, f, outputOf(product, context))
      return [
        ...multiplier.begin(),
        begin.set(i32.mul(begin, rows)),
        end.set(lesser(i32.mul(end, rows), i32.const(m))),
        ...allSums(product, multiplier, f, begin, end),
        ...finishRows(product, context, f, [], begin, end.get),
      ]
    },
  }
}

/** All turns of the sums, the first of which writes and the others add. */
function allSums(
  product: Product,
  multiplier: Multiplier,
  f: FunctionBuilder,
  begin?: Local<'i32'>,
  end?: Local<'i32'>,
): readonly Node<'none'>[] {
  if (product.sums.length === 0) return [...multiplier.copy(), ...multiplier.multiply(i32.const(1), begin, end)]
  const first = f.local('i32', 'first')
  const turns = product.sums.reduceRight<readonly Node<'none'>[]>(
    (inner, loop, at) => [forRange(multiplier.sums[at]!, 0, product.task.lengths[loop]!, 1, inner)],
    [...multiplier.copy(), ...multiplier.multiply(first.get, begin, end), first.set(0)],
  )
  return [first.set(1), ...turns]
}

/** What sums become, row by row where they are stored, from `row` up to `end`. */
function finishRows(
  product: Product,
  context: ContractContext,
  f: FunctionBuilder,
  outer: readonly Local<'i32'>[],
  row: Local<'i32'>,
  end: Node<'i32'>,
): Node<'none'>[] {
  const { task, m, n } = product
  if (task.finish === undefined) return []
  const loops = [...product.outer, m.at(-1), n.at(-1)]
  const renew = (affine: { base: number; by: readonly number[] }) => ({
    base: affine.base,
    by: loops.map((loop) => distance(affine, loop)),
  })
  const sizes = sizesOf(product)
  const finish: LoopTask = {
    kind: 'loop',
    store: { ...task.store, index: renew(task.store.index) },
    lengths: [...product.outer.map((loop) => task.lengths[loop]!), sizes.m, sizes.n],
    rank: loops.length,
    value: mapAffines(task.finish, renew),
  }
  const inner = emitInnerLoops(f, finish, [...outer, row], context.addresses, context.functions)
  return [whileBelow(row, end, inner)]
}

/** A long sum over a small output: parts of it side by side, then added up in order. */
function bySums(product: Product, context: ContractContext): Phase[] {
  const { task, dtype } = product
  const bytes = outputBytes(product)
  const lengths = product.sums.map((loop) => task.lengths[loop]!)
  const count = sizeOf(lengths)
  const { m, n } = sizesOf(product)
  const size = bytesOf(dtype)
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
      // A part is as the product's loops go: outer, rows, columns.
      let apart = bytes
      const steps = product.outer.map((loop) => {
        apart /= task.lengths[loop]!
        return apart
      })
      const place = (outer: readonly Local<'i32'>[]): OutputPlace => ({
        base: outer.reduce<Node<'i32'>>(
          (address, local, loop) => i32.add(address, i32.mul(local, steps[loop]!)),
          i32.add(context.shared, i32.mul(turn, bytes)),
        ),
        row: n * size,
        column: size,
      })
      const multiplier = new Multiplier(product, context, f, place)
      const outer = product.outer.reduceRight<readonly Node<'none'>[]>(
        (inner, loop, axis) => [forRange(multiplier.outer[axis]!, 0, task.lengths[loop]!, 1, inner)],
        [...multiplier.copy(), ...multiplier.multiply(first.get)],
      )
      const edge = (index: Node<'i32'>) => i32.div_u(i32.mul(index, count), PARTS)
      return [
        turn.set(begin),
        whileBelow(turn, end, [
          at.set(edge(turn.get)),
          stop.set(edge(i32.add(turn, 1))),
          first.set(1),
          whileBelow(at, stop, [...decode(at, lengths, multiplier.sums), ...outer, first.set(0)]),
        ]),
      ]
    },
  }
  const addresses = new Map(context.addresses).set(SHARED, context.shared)
  const phases = [accumulate, emitLoop(totalOf(product, m * n), addresses, context.functions)]
  return task.finish === undefined
    ? phases
    : [...phases, emitLoop(finishAll(task), context.addresses, context.functions)]
}

/** The loop that adds up the parts of every sum. */
function totalOf(product: Product, matrix: number): LoopTask {
  const { task, outer, m, n, dtype } = product
  const { counts, lengths, store } = task
  const inParts = [...outer, ...m, ...n]
  const strides = new Map<number, number>()
  let apart = 1
  for (const loop of [...inParts].reverse()) {
    strides.set(loop, apart)
    apart *= lengths[loop]!
  }
  if (apart !== turnsOf(task, outer) * matrix) throw new InternalError('parts of another size than their output')
  const loops = Array.from({ length: counts.batch + counts.rows + counts.columns }, (_, loop) => loop)
  const inOrder = [...loops].sort((one, other) => store.index.by[other]! - store.index.by[one]! || one - other)
  const rank = inOrder.length + 1
  const part = located(
    inOrder.map((loop) => strides.get(loop) ?? 0),
    inOrder.map((_, at) => counter(at, rank)),
    rank,
  )
  return {
    kind: 'loop',
    store: {
      ...store,
      index: { base: store.index.base, by: [...inOrder.map((loop) => store.index.by[loop]!), 0] },
    },
    lengths: [...inOrder.map((loop) => lengths[loop]!), PARTS],
    rank: inOrder.length,
    fold: 'sum',
    value: {
      op: 'load',
      dtype,
      buffer: SHARED,
      index: { base: part.base, by: [...part.by.slice(0, -1), apart] },
    },
  }
}

/** The loop that finishes all sums where they are stored. */
function finishAll({ counts, lengths, store, finish }: ContractTask): LoopTask {
  const rank = counts.batch + counts.rows + counts.columns
  const renew = ({ base, by }: { base: number; by: readonly number[] }) => ({ base, by: by.slice(0, rank) })
  return {
    kind: 'loop',
    store: { ...store, index: renew(store.index) },
    lengths: lengths.slice(0, rank),
    rank,
    value: mapAffines(finish!, renew),
  }
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
