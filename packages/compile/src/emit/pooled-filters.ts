import { type Shape, sizeOf } from '@cotangent/core'
import type { Affine } from '../affine.ts'
import { mapAffines } from '../collapse.ts'
import { padded } from '../panels.ts'
import { PARTS } from '../product.ts'
import type { LoopTask, PooledFiltersTask } from '../tasks.ts'
import { call, forRange, ifElse, whileBelow } from '../wasm/control.ts'
import type { Func, Local } from '../wasm/entities.ts'
import { f32, f32x4, i32, memory, v128 } from '../wasm/instructions.ts'
import type { FunctionBuilder, WasmModule } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import { SCRATCH, SHARED } from './cursor.ts'
import { emitInnerLoops, emitLoop } from './loop.ts'
import { once } from './once.ts'
import type { ContractContext } from './operands.ts'
import type { Phase } from './phase.ts'
import type { Scratch } from './scratch.ts'
import { MOST_SUMS } from './sparse-kernel.ts'
import { sideBySide } from './winograd-tiles.ts'

/** Most bytes of windows that are side by side, where more than one row of pooling windows is looked at together: they stay in the first cache. */
const MOST_TOGETHER = 1 << 14

/** How the places of pooling windows lie: sizes in elements, distances in bytes. */
interface PooledRows {
  /** Rows of pooling windows taken together, and windows of each. */
  readonly rows: number
  readonly columns: number
  readonly pool: readonly [number, number]
  /** Of the convolution's windows, side by side in working memory: from one to the next, and from row to row. */
  readonly step: number
  readonly row: number
  readonly number: Steps
  readonly cotangent: Steps
}

interface Steps {
  readonly row: number
  readonly column: number
}

/** The numbers of a window in whole vectors, as many as a row of the sums has. */
const widthOf = ({ windows }: PooledFiltersTask): number => padded(sizeOf(windows.slice(3)), 'float32')

function rowsOf(task: PooledFiltersTask): PooledRows {
  const { windows, pool } = task
  const [, high, wide] = windows as readonly [number, number, number]
  const step = 4 * widthOf(task)
  const row = wide * step
  const all = high / pool[0]
  const most = Math.max(1, Math.floor(MOST_TOGETHER / (pool[0] * row)))
  const rows = Array.from({ length: all }, (_, at) => all - at).find((count) => count <= most && all % count === 0)!
  const steps = ({ index: { by } }: PooledFiltersTask['number']): Steps => ({ row: 4 * by[2]!, column: 4 * by[3]! })
  return {
    rows,
    columns: wide / pool[1],
    pool,
    step,
    row,
    number: steps(task.number),
    cotangent: steps(task.cotangent),
  }
}

/** Into how many parts the images are cut; fixed, so that bits do not depend on threads. */
const partsOf = ({ windows }: PooledFiltersTask): number => Math.min(PARTS, windows[0]!)

/** The elements of one part's sums: rows of filters. */
const partSize = (task: PooledFiltersTask): number => task.filters * widthOf(task)

/** Where a thread has what: the test of an image, how far the elements of a pooling window are, and the convolution's windows. */
function placesFor(task: PooledFiltersTask) {
  const { rows, row, pool } = rowsOf(task)
  const { places, end } = sideBySide([4, 4 * pool[0] * pool[1], rows * pool[0] * row])
  const [test, distances, windows] = places as [number, number, number]
  return { test, distances, windows, end }
}

export const pooledScratch = (task: PooledFiltersTask): Scratch => ({
  own: placesFor(task).end,
  shared: partsOf(task) * partSize(task) * 4,
})

/** The phases of a gradient by filters: parts of the images side by side, and these added up in order. */
export function emitPooledFilters(task: PooledFiltersTask, context: ContractContext): Phase[] {
  const width = widthOf(task)
  const [channels, high, wide] = task.windows.slice(3) as [number, number, number]
  const { index } = task.store
  const total: LoopTask = {
    kind: 'loop',
    store: { ...task.store, index: { base: index.base, by: [...index.by, 0] } },
    lengths: [task.filters, channels, high, wide, partsOf(task)],
    rank: 4,
    fold: 'sum',
    value: {
      op: 'load',
      dtype: 'float32',
      buffer: SHARED,
      index: { base: 0, by: [width, high * wide, wide, 1, partSize(task)] },
    },
  }
  const addresses = new Map(context.addresses).set(SHARED, context.shared)
  return [accumulate(task, context), emitLoop(total, addresses, context.functions)]
}

function accumulate(task: PooledFiltersTask, context: ContractContext): Phase {
  const rows = rowsOf(task)
  const places = placesFor(task)
  const at = (place: number) => i32.add(context.own, place)
  const [images, high] = task.windows as readonly [number, number]
  const blocks = high / rows.pool[0] / rows.rows
  const bytes = 4 * partSize(task)
  return {
    turns: partsOf(task),
    grain: 1,
    build: (f, begin, end) => {
      const [part, image, last, block, filter] = [
        f.local('i32', 'part'),
        f.local('i32', 'image'),
        f.local('i32', 'last'),
        f.local('i32', 'block'),
        f.local('i32', 'filter'),
      ]
      const [sums, finite] = [f.local('i32', 'sums'), f.local('i32', 'finite')]
      const edge = (index: Node<'i32'>) => i32.div_u(i32.mul(index, images), partsOf(task))
      const start = ({ buffer, index: { base, by } }: PooledFiltersTask['number']) => {
        const turns = [i32.mul(image, 4 * by[0]!), i32.mul(filter, 4 * by[1]!), i32.mul(block, 4 * rows.rows * by[2]!)]
        return turns.reduce((sum, turn) => i32.add(sum, turn), i32.const(context.addresses.get(buffer)! + 4 * base))
      }
      const products = panelsOf(widthOf(task)).map(({ from, vectors }) => {
        const kernel = { ...rows, vectors, fused: context.fused }
        const run = (all: boolean) =>
          call(pooledKernel(context.module, { ...kernel, all }), {
            numbers: start(task.number),
            cotangents: start(task.cotangent),
            windows: at(places.windows + 4 * from),
            distances: at(places.distances),
            sums: i32.add(sums, i32.add(i32.mul(filter, 4 * widthOf(task)), 4 * from)),
          })
        return forRange(filter, 0, task.filters, 1, [ifElse(finite, run(false), run(true))])
      })
      return [
        ...distancesIn(rows).map((distance, element) =>
          i32.store(at(places.distances), distance, { offset: 4 * element }),
        ),
        // What fills up the last vectors is added to sums that nobody reads, which takes long where it is subnormal.
        memory.fill(at(places.windows), 0, rows.rows * rows.pool[0] * rows.row),
        part.set(begin),
        whileBelow(part, end, [
          sums.set(i32.add(i32.mul(part, bytes), context.shared)),
          memory.fill(sums, 0, bytes),
          image.set(edge(part.get)),
          last.set(edge(i32.add(part, 1))),
          whileBelow(image, last, [
            ...testImage(f, task, context, image, at(places.test)),
            finite.set(f32.eq(f32.load(at(places.test)), 0)),
            forRange(block, 0, blocks, 1, [
              ...putSideBySide(f, task, context, [image, block], at(places.windows)),
              ...products,
            ]),
          ]),
        ]),
      ]
    },
  }
}

/** As many vectors of sums as a kernel has, and what is left. */
function panelsOf(width: number): readonly { readonly from: number; readonly vectors: number }[] {
  const most = 4 * MOST_SUMS
  return Array.from({ length: Math.ceil(width / most) }, (_, panel) => ({
    from: panel * most,
    vectors: Math.min(most, width - panel * most) / 4,
  }))
}

/** How far the convolution's window at each element of a pooling window is from that at the first, in bytes. */
const distancesIn = ({ pool: [high, wide], step, row }: PooledRows): readonly number[] =>
  Array.from({ length: high * wide }, (_, element) => Math.floor(element / wide) * row + (element % wide) * step)

/** Writes zero to `place` if an image is finite, else NaN: zero times what is not finite is NaN, which stays. */
function testImage(
  f: FunctionBuilder,
  { images, image: value }: PooledFiltersTask,
  { addresses, functions }: ContractContext,
  image: Local<'i32'>,
  place: Node<'i32'>,
): Node<'none'>[] {
  const zero = { op: 'constant', dtype: 'float32', value: 0 } as const
  const task: LoopTask = {
    kind: 'loop',
    store: { buffer: SCRATCH, dtype: 'float32', index: { base: 0, by: images.map(() => 0) } },
    lengths: images,
    rank: 1,
    fold: 'sum',
    value: { op: 'apply', dtype: 'float32', name: 'mul', operands: [value, zero] },
  }
  return emitInnerLoops(f, task, [image], addresses, functions, place)
}

/** Puts the convolution's windows under some rows of pooling windows to `place`, one behind the other, each in whole vectors. */
function putSideBySide(
  f: FunctionBuilder,
  task: PooledFiltersTask,
  { addresses, functions }: ContractContext,
  given: readonly [image: Local<'i32'>, block: Local<'i32'>],
  place: Node<'i32'>,
): Node<'none'>[] {
  const { rows, pool, step, row } = rowsOf(task)
  const together = rows * pool[0]
  const [images, all, columns, ...window] = task.windows as [number, number, number, ...Shape]
  const [channels, high, wide] = window as [number, number, number]
  const renew = ({ base, by: [image, down, ...others] }: Affine): Affine => ({
    base,
    by: [image!, together * down!, down!, ...others],
  })
  const copy: LoopTask = {
    kind: 'loop',
    store: {
      buffer: SCRATCH,
      dtype: 'float32',
      index: { base: 0, by: [0, 0, row / 4, step / 4, high * wide, wide, 1] },
    },
    lengths: [images, all / together, together, columns, channels, high, wide],
    rank: 7,
    value: mapAffines(task.value, renew),
  }
  return emitInnerLoops(f, copy, given, addresses, functions, place)
}

const PARAMS = { numbers: 'i32', cotangents: 'i32', windows: 'i32', distances: 'i32', sums: 'i32' } as const

interface PooledKernel extends PooledRows {
  readonly vectors: number
  readonly fused: boolean
  /** Whether to multiply by the zeros, too. */
  readonly all: boolean
}

/** Adds to a filter's sums, under rows of pooling windows, the window of each maximum times its cotangent. */
function pooledKernel(module: WasmModule, kernel: PooledKernel): Func<typeof PARAMS, 'none'> {
  const { rows, columns, pool, step, row, number, cotangent, vectors, fused, all } = kernel
  return once(module, `pooled ${JSON.stringify(kernel)}`, () =>
    module.func(
      `product.pooled.${all ? 'all.' : ''}${4 * vectors}`,
      { params: PARAMS },
      ({ numbers, cotangents, windows, distances, sums }, f) => {
        const [at, down, across, element] = [
          f.local('i32', 'at'),
          f.local('i32', 'row'),
          f.local('i32', 'column'),
          f.local('i32', 'element'),
        ]
        const left = f.local('v128', 'left')
        const total = f.locals('v128', 'sum', vectors)
        const add = total.map((sum, vector) => {
          const right = v128.load(at, { offset: 16 * vector, align: 4 })
          return sum.set(fused ? f32x4.relaxed_madd(left, right, sum) : f32x4.add(sum, f32x4.mul(left, right)))
        })
        const behind = (which: Node<'i32'>) => at.set(i32.add(windows, i32.load(i32.add(distances, i32.shl(which, 2)))))
        const oneAlone = [behind(i32.load(numbers)), left.set(v128.load32_splat(cotangents)), ...add]
        const allOfThem = forRange(element, 0, pool[0] * pool[1], 1, [
          behind(element.get),
          left.set(f32x4.splat(0)),
          ifElse(i32.eq(i32.load(numbers), element), left.set(v128.load32_splat(cotangents))),
          ...add,
        ])
        return [
          ...total.map((sum, vector) => sum.set(v128.load(sums, { offset: 16 * vector, align: 4 }))),
          forRange(down, 0, rows, 1, [
            forRange(across, 0, columns, 1, [
              ...(all ? [allOfThem] : oneAlone),
              numbers.set(i32.add(numbers, number.column)),
              cotangents.set(i32.add(cotangents, cotangent.column)),
              windows.set(i32.add(windows, pool[1] * step)),
            ]),
            numbers.set(i32.add(numbers, number.row - columns * number.column)),
            cotangents.set(i32.add(cotangents, cotangent.row - columns * cotangent.column)),
            windows.set(i32.add(windows, pool[0] * row - columns * pool[1] * step)),
          ]),
          ...total.map((sum, vector) => v128.store(sums, sum, { offset: 16 * vector, align: 4 })),
        ]
      },
    ),
  )
}
