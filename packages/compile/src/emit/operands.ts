import { type MicroKernels, padded } from '../panels.ts'
import {
  bytesOfA,
  copiesOfB,
  copyOfA,
  distance,
  distancesInCopy,
  elementsOfA,
  elementsOfB,
  type PlacedPanels,
  type Product,
  readingOfA,
  readingOfB,
  sizesOf,
} from '../product.ts'
import type { LoopTask } from '../tasks.ts'
import { bytesOf, type Value } from '../value.ts'
import type { Local } from '../wasm/entities.ts'
import { i32 } from '../wasm/instructions.ts'
import type { WasmModule } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import type { FunctionCaller } from './arithmetic.ts'
import type { Addresses } from './cursor.ts'

/** What the code of a contraction is made with. */
export interface ContractContext {
  readonly module: WasmModule
  /** Whether products are added with one rounding. */
  readonly fused: boolean
  readonly kernels: MicroKernels
  readonly addresses: Addresses
  readonly functions: FunctionCaller
  /** Working memory of the running thread, and that which all threads share. */
  readonly own: Node<'i32'>
  readonly shared: number
}

/** Where a matrix of the output lies, and how far its rows and columns are apart, in bytes. */
export interface OutputPlace {
  readonly base: Node<'i32'>
  readonly row: number
  readonly column: number
}

/** An operand in memory, in bytes: where it starts, and how far the product's loops go. */
export interface Left {
  readonly base: Node<'i32'>
  readonly row: number
  readonly step: number
  readonly between: number
}

/** Panels of the right operand, likewise: where the first one starts, `offset` from the operand's start, and how far it is to the next. */
export interface Right {
  readonly base: Node<'i32'>
  readonly offset: number
  readonly panel: number
  readonly step: number
  readonly between: number
}

/** The counters of a product's outer and sum loops, in this order. */
type Turns = readonly Local<'i32'>[]

/** Where the left operand lies at these turns. */
export function leftOf(product: Product, context: ContractContext, turns: Turns): Left {
  const { a, m, k, between, dtype } = product
  const sizes = sizesOf(product)
  const bytes = bytesOf(dtype)
  const reading = readingOfA(product)
  switch (reading.from) {
    case 'ones':
      return { base: i32.const(0), row: 0, step: 0, between: 0 }
    case 'memory': {
      const { index } = reading.load
      return {
        base: inMemory(product, context, reading.load, turns),
        row: distance(index, m.at(-1)) * bytes,
        step: distance(index, k.at(-1)) * bytes,
        between: distance(index, between.at(-1)) * bytes,
      }
    }
    default: {
      const base = inCopy(product, context, turns, {
        from: reading.from,
        value: a,
        matrix: elementsOfA(product),
        offset: 0,
      })
      return { base, row: sizes.between * sizes.k * bytes, step: bytes, between: sizes.k * bytes }
    }
  }
}

/** Where panels of the right operand lie at these turns. */
export function rightOf(product: Product, context: ContractContext, turns: Turns, panels: PlacedPanels): Right {
  const { b, k, n, between, dtype } = product
  const sizes = sizesOf(product)
  const bytes = bytesOf(dtype)
  const reading = readingOfB(product)
  if (reading.from === 'memory') {
    const { index } = reading.load
    const column = distance(index, n.at(-1)) * bytes
    return {
      base: inMemory(product, context, reading.load, turns),
      offset: panels.from * column,
      panel: panels.width * column,
      step: distance(index, k.at(-1)) * bytes,
      between: distance(index, between.at(-1)) * bytes,
    }
  }
  const from = reading.from === 'shared' ? 'shared' : 'own'
  const offset = readingOfA(product).from === from ? aligned(bytesOfA(product, from)) : 0
  const step = padded(panels.width, dtype) * bytes
  return {
    base: inCopy(product, context, turns, { from, value: b, matrix: elementsOfB(product), offset }),
    offset: panels.before * bytes,
    panel: sizes.between * sizes.k * step,
    step,
    between: sizes.k * step,
  }
}

/** The output's own place, for given outer loops. */
export const outputOf =
  (product: Product, context: ContractContext) =>
  (outer: readonly Local<'i32'>[]): OutputPlace => {
    const { store } = product.task
    const bytes = bytesOf(product.dtype)
    const steps = product.outer.map((loop) => store.index.by[loop]! * bytes)
    return {
      base: addressOf(context.addresses.get(store.buffer)! + store.index.base * bytes, steps, outer),
      row: distance(store.index, product.m.at(-1)) * bytes,
      column: product.n.length === 0 ? bytes : distance(store.index, product.n.at(-1)) * bytes,
    }
  }

/** Where an operand that is read in place starts. */
function inMemory(
  { dtype, outer, sums }: Product,
  { addresses }: ContractContext,
  { buffer, index }: Extract<Value, { op: 'load' }>,
  turns: Turns,
): Node<'i32'> {
  const bytes = bytesOf(dtype)
  const steps = [...outer, ...sums].map((loop) => index.by[loop]! * bytes)
  return addressOf(addresses.get(buffer)! + index.base * bytes, steps, turns)
}

/** Where the copy of an operand starts, `offset` bytes into the working memory: each thread's own is made anew at each turn. */
function inCopy(
  product: Product,
  { own, shared }: ContractContext,
  turns: Turns,
  copy: {
    readonly from: 'shared' | 'own'
    readonly value: Value
    readonly matrix: number
    readonly offset: number
  },
): Node<'i32'> {
  if (copy.from === 'own') return i32.add(own, copy.offset)
  const { outer, sums, dtype } = product
  const distances = distancesInCopy(product, copy.value, copy.matrix)
  const steps = [...outer, ...sums].map((loop) => (distances.get(loop) ?? 0) * bytesOf(dtype))
  return addressOf(shared + copy.offset, steps, turns)
}

/** A copy of an operand to make, and where in the working memory it lies. */
interface OperandCopy {
  readonly task: LoopTask
  readonly offset: number
}

/** The copies of operands that are made in one of the two ways. */
export function copiesFor(
  product: Product,
  { kernels }: ContractContext,
  buffer: number,
  from: 'shared' | 'own',
): OperandCopy[] {
  const copies: OperandCopy[] = []
  const copiesA = readingOfA(product).from === from
  if (copiesA) copies.push({ task: copyOfA(product, buffer, from), offset: 0 })
  if (readingOfB(product).from === from) {
    const offset = copiesA ? aligned(bytesOfA(product, from)) : 0
    for (const task of copiesOfB(product, kernels, buffer, from)) copies.push({ task, offset })
  }
  return copies
}

/** An address moved by loops, so many bytes each. */
const addressOf = (start: number, steps: readonly number[], loops: readonly Local<'i32'>[]): Node<'i32'> =>
  loops.reduce<Node<'i32'>>(
    (address, turn, loop) => (steps[loop] === 0 ? address : i32.add(address, i32.mul(turn, steps[loop]!))),
    i32.const(start),
  )

/** Bytes in whole cache lines. */
export const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64
