import { vectorsOf } from '../panels.ts'
import { whileLoop } from '../wasm/control.ts'
import type { Func, Local } from '../wasm/entities.ts'
import { f32x4, i32, v128 } from '../wasm/instructions.ts'
import type { WasmModule } from '../wasm/module.ts'
import { addWhatIsThere, addZero, write } from './micro-kernel.ts'
import { LISTED } from './nonzeros.ts'
import { once } from './once.ts'

/** One row of a product in float32, over those k alone that a list names. Distances in bytes. */
export interface SparseKernel {
  /** The panels of the right operand that it runs through together, with where each begins from the first one on. */
  readonly panels: readonly SparsePanel[]
  readonly aStep: number
  readonly fused: boolean
}

export interface SparsePanel {
  readonly columns: number
  readonly offset: number
  /** From one k to the next. */
  readonly step: number
}

/** Vectors of sums that one kernel has at most: with what is multiplied they take all fifteen registers. */
export const MOST_SUMS = 13

const PARAMS = { list: 'i32', end: 'i32', a: 'i32', b: 'i32', sums: 'i32' } as const

/**
 * Writes the same sums as those of micro-kernels, each in the same order, without the products with zero, to `sums`, in whole
 * vectors: the numbers from `list` up to `end` are the k of all others. What becomes of the sums is another function's: arithmetic
 * behind the loop would make V8 keep some of them in memory during it, which takes twice the time.
 */
export function sparseKernel(module: WasmModule, kernel: SparseKernel): Func<typeof PARAMS, 'none'> {
  const { panels, aStep, fused } = kernel
  return once(module, `sparse ${JSON.stringify(kernel)}`, () =>
    module.func(`product.sparse.${columnsOf(panels)}`, { params: PARAMS }, ({ list, end, a, b, sums }, f) => {
      const k = f.local('i32', 'k')
      const left = f.local('v128', 'left')
      // Panels whose steps are the same are told apart by offsets.
      const places = new Map<number, Local<'i32'>>()
      for (const { step } of panels) if (!places.has(step)) places.set(step, f.local('i32', 'at'))
      const vectors = panels.flatMap(({ columns, offset, step }) =>
        Array.from({ length: vectorsOf(columns, 'float32') }, (_, vector) => ({
          sum: f.local('v128', 'sum'),
          right: v128.load(places.get(step)!, { offset: offset + 16 * vector, align: 4 }),
        })),
      )
      return [
        whileLoop(i32.lt_u(list, end), [
          k.set(i32.load(list)),
          list.set(i32.add(list, LISTED)),
          left.set(v128.load32_splat(i32.add(a, i32.mul(k, aStep)))),
          ...[...places].map(([step, place]) => place.set(i32.add(b, i32.mul(k, step)))),
          ...vectors.map(({ sum, right }) =>
            sum.set(fused ? f32x4.relaxed_madd(left, right, sum) : f32x4.add(sum, f32x4.mul(left, right))),
          ),
        ]),
        ...vectors.map(({ sum }, at) => v128.store(sums, sum, { offset: 16 * at, align: 4 })),
      ]
    }),
  )
}

const SETTLED_PARAMS = { sums: 'i32', c: 'i32' } as const

/** Writes the sums of a row to the output, or adds them to what is there. */
export function settleSums(
  module: WasmModule,
  panels: readonly SparsePanel[],
  { cColumn, adds }: { readonly cColumn: number; readonly adds: boolean },
): Func<typeof SETTLED_PARAMS, 'none'> {
  const columns = columnsOf(panels)
  return once(module, `settle ${columns} ${cColumn} ${adds}`, () =>
    module.func(`settle.${columns}`, { params: SETTLED_PARAMS }, ({ sums, c }, f) => {
      const written = { dtype: 'float32', columns, cRow: 0, cColumn } as const
      const row = f.locals('v128', 'sum', vectorsOf(columns, 'float32'))
      return [
        ...row.map((sum, at) => sum.set(v128.load(sums, { offset: 16 * at, align: 4 }))),
        ...(adds ? addWhatIsThere(written, [row], c) : addZero(written, [row])),
        ...write(written, [row], c),
      ]
    }),
  )
}

/** How many columns panels have together. */
export const columnsOf = (panels: readonly SparsePanel[]): number =>
  panels.reduce((all, { columns }) => all + columns, 0)
