import { type DType, InternalError } from '@cotangent/core'
import { vectorsOf } from '../panels.ts'
import { bytesOf } from '../value.ts'
import { block, brIf, ifElse, loop, whileLoop } from '../wasm/control.ts'
import type { Func, Local } from '../wasm/entities.ts'
import { f32x4, f64x2, i32, i32x4, v128 } from '../wasm/instructions.ts'
import type { WasmModule } from '../wasm/module.ts'
import type { Label, Node } from '../wasm/node.ts'
import { once } from './once.ts'

/** A small matrix product kept in registers: `rows` × `columns` sums over k. Distances in bytes. */
export interface MicroKernel {
  readonly dtype: DType
  readonly rows: 1 | 2 | 3 | 4
  /** Columns that are written; they take whole vectors of the right operand. */
  readonly columns: number
  /** From one row, and one k, of the left operand to the next. */
  readonly aRow: number
  readonly aStep: number
  /** From one k of the right operand to the next. */
  readonly bStep: number
  /** From one row, and one column, of the output to the next. */
  readonly cRow: number
  readonly cColumn: number
  /** Whether floats are multiplied and added with one rounding, by relaxed SIMD. */
  readonly fused: boolean
  /** How many vector registers the engine is taken to hand out. */
  readonly registers: number
  /** Whether the left operand is all ones: then columns are summed, and it is not read. */
  readonly ones?: boolean
  /** Whether no sum is ever −0, so that products with zero can be left out of it. */
  readonly neverMinusZero?: boolean
  /** A loop around that over k: its turns, and how far it is from the end of one run through k to the next. */
  readonly between?: { readonly turns: number; readonly aJump: number; readonly bJump: number } | undefined
}

export type MicroKernelParams = {
  readonly a: 'i32'
  readonly b: 'i32'
  /** Where the right operand ends in the first run through k: one `bStep` behind its last k. */
  readonly end: 'i32'
  readonly c: 'i32'
  /** 1 to write the sums, 0 to add them to what is there. */
  readonly first: 'i32'
}

/**
 * The innermost function of a contraction. The first k multiplies only, which saves clearing the sums; then each k adds one
 * product to each sum, in order, so that its bits do not depend on how rows and columns are cut.
 */
export function microKernel(module: WasmModule, kernel: MicroKernel): Func<MicroKernelParams, 'none'> {
  return once(module, `product ${JSON.stringify(kernel)}`, () => {
    const func = define(module, kernel)
    inModules.set(module, [...microKernelsIn(module), { kernel, func }])
    return func
  })
}

interface DefinedKernel {
  readonly kernel: MicroKernel
  readonly func: Func<MicroKernelParams, 'none'>
}

/** The micro-kernels that were defined in a module: each once, whichever contractions call it, as what is called often is optimised early. */
export const microKernelsIn = (module: WasmModule): readonly DefinedKernel[] => inModules.get(module) ?? []

const inModules = new WeakMap<WasmModule, readonly DefinedKernel[]>()

function define(module: WasmModule, kernel: MicroKernel): Func<MicroKernelParams, 'none'> {
  const { dtype, rows, columns, aRow, aStep, bStep, between, fused, registers, ones = false } = kernel
  const { mul, add, multiplyAdd, splatLoad } = instructionsFor(dtype)
  const vectors = vectorsOf(columns, dtype)
  const params = { a: 'i32', b: 'i32', end: 'i32', c: 'i32', first: 'i32' } as const
  return module.func(`product.${rows}x${columns}`, { params }, ({ a, b, end, c, first }, f) => {
    const sums = Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.local('v128', 'sum')))
    const left = ones ? [] : sums.map(() => f.local('v128', 'left'))
    const right = f.local('v128', 'right')
    const product = (x: Local<'v128'> | undefined) => (x ? mul(x, right) : right.get)
    const step = (
      take: (sum: Local<'v128'>, left: Local<'v128'> | undefined) => Node<'none'>,
      before: (vector: number) => readonly Node<'none'>[] = () => [],
    ): Node<'none'>[] => [
      ...left.map((x, row) => x.set(splatLoad(a, { offset: row * aRow }))),
      ...sums[0]!.flatMap((_, vector) => [
        ...before(vector),
        right.set(v128.load(b, { offset: 16 * vector, align: 4 })),
        ...sums.map((row, at) => take(row[vector]!, left[at])),
      ]),
      ...(ones || aStep === 0 ? [] : [a.set(i32.add(a, aStep))]),
      b.set(i32.add(b, bStep)),
    ]
    // An engine loads all that a stretch of code reads before it computes. Where there are too few registers for that, a branch that
    // is never taken, as no operand lies at address 0, but would need the sums, ends the stretch: by two tests, for one that was
    // made already is left out.
    const short = !ones && rows * vectors + rows + vectors >= registers
    const ends = (exit: Label, vector: number) =>
      short && vector === 2 ? [brIf(exit, i32.eqz(b))] : short && vector === 4 ? [brIf(exit, i32.eqz(a))] : []
    const run = () => {
      const again = i32.lt_u(b, end)
      const addOne = (exit: Label) =>
        step(
          (sum, x) => sum.set(x && fused && multiplyAdd ? multiplyAdd(x, right, sum) : add(sum, product(x))),
          (vector) => ends(exit, vector),
        )
      return ifElse(again, [block((exit) => [loop((begin) => [addOne(exit), brIf(begin, again)])])])
    }
    const [turn, length] = [f.local('i32', 'turn'), f.local('i32', 'length')]
    const runs = between === undefined ? [] : [length.set(i32.sub(end, b)), turn.set(between.turns - 1)]
    const further =
      between === undefined
        ? []
        : [
            whileLoop(i32.ne(turn, 0), [
              turn.set(i32.sub(turn, 1)),
              a.set(i32.add(a, between.aJump)),
              b.set(i32.add(b, between.bJump)),
              end.set(i32.add(b, length)),
              run(),
            ]),
          ]
    return [
      ...runs,
      ...step((sum, x) => sum.set(product(x))),
      run(),
      ...further,
      ifElse(i32.eqz(first), addWhatIsThere(kernel, sums, c), kernel.neverMinusZero ? addZero(kernel, sums) : []),
      ...write(kernel, sums, c),
    ]
  })
}

/** Where a micro-kernel writes what: a part of its description. */
export type Written = Pick<MicroKernel, 'dtype' | 'columns' | 'cRow' | 'cColumn'>

type Sums = readonly (readonly Local<'v128'>[])[]

/** Makes zeros of either sign positive ones. */
export function addZero({ dtype }: Written, sums: Sums): Node<'none'>[] {
  const { add } = instructionsFor(dtype)
  return sums.flat().map((sum) => sum.set(add(sum, i32x4.const(0, 0, 0, 0))))
}

export function addWhatIsThere(kernel: Written, sums: Sums, c: Local<'i32'>): Node<'none'>[] {
  const { add } = instructionsFor(kernel.dtype)
  return sums.flatMap((row, at) =>
    row.map((sum, vector) => {
      const lanes = lanesIn(kernel, vector)
      if (kernel.cColumn === bytesOf(kernel.dtype)) {
        // A narrow last vector reads beyond its row, which is never written back.
        return sum.set(add(sum, v128.load(c, { offset: offsetOf(kernel, at, vector, 0), align: 4 })))
      }
      const zero: Node<'v128'> = i32x4.const(0, 0, 0, 0)
      const there = Array.from({ length: lanes }, (_, lane) => lane).reduce(
        (vectorSoFar, lane) =>
          laneAccess(kernel.dtype).load(c, vectorSoFar, lane, { offset: offsetOf(kernel, at, vector, lane) }),
        zero,
      )
      return sum.set(add(sum, there))
    }),
  )
}

export function write(kernel: Written, sums: Sums, c: Local<'i32'>): Node<'none'>[] {
  const full = 16 / bytesOf(kernel.dtype)
  return sums.flatMap((row, at) =>
    row.flatMap((sum, vector) => {
      const lanes = lanesIn(kernel, vector)
      if (lanes === full && kernel.cColumn === bytesOf(kernel.dtype)) {
        return [v128.store(c, sum, { offset: offsetOf(kernel, at, vector, 0), align: 4 })]
      }
      return Array.from({ length: lanes }, (_, lane) =>
        laneAccess(kernel.dtype).store(c, sum, lane, { offset: offsetOf(kernel, at, vector, lane) }),
      )
    }),
  )
}

/** Lanes of a vector that hold columns of the output. */
const lanesIn = ({ columns, dtype }: Written, vector: number): number => {
  const full = 16 / bytesOf(dtype)
  return Math.min(full, columns - vector * full)
}

const offsetOf = ({ cRow, cColumn, dtype }: Written, row: number, vector: number, lane: number): number =>
  row * cRow + (vector * (16 / bytesOf(dtype)) + lane) * cColumn

const laneAccess = (dtype: DType) =>
  dtype === 'float64'
    ? { load: v128.load64_lane, store: v128.store64_lane }
    : { load: v128.load32_lane, store: v128.store32_lane }

function instructionsFor(dtype: DType) {
  switch (dtype) {
    case 'float32':
      return { mul: f32x4.mul, add: f32x4.add, multiplyAdd: f32x4.relaxed_madd, splatLoad: v128.load32_splat }
    case 'float64':
      return { mul: f64x2.mul, add: f64x2.add, multiplyAdd: f64x2.relaxed_madd, splatLoad: v128.load64_splat }
    case 'int32':
      return { mul: i32x4.mul, add: i32x4.add, splatLoad: v128.load32_splat }
    default:
      throw new InternalError(`a contraction of ${dtype}`)
  }
}
