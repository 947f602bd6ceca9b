import { doWhile } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { f32x4, i32, v128 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'

/**
 * Winograd's F(4×4, 3×3) with the points 0, 1, −1, 2, −2 and ∞ (Lavin and Gray, "Fast algorithms for convolutional neural
 * networks", 2016): a tile of 4×4 outputs is Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, with g the 3×3 filter and d the 6×6 images under it.
 * Each transform is one row of vectors to another; applied along columns, then along rows, it is the matrix product from both sides.
 *
 * Its error in float32: the largest one against float64, by the largest element, for normal numbers in the shapes of DeepConvNet
 * and batches of 100. Without Winograd it is from 1.5e-7 to 4.8e-7 everywhere.
 *
 * | channels, image          | value  | by images | by filters |
 * | ------------------------ | ------ | --------- | ---------- |
 * | 16 to 16, 28×28          | 4.5e-6 | 4.6e-6    | 3.2e-6     |
 * | 16 to 32, 14×14          | 5.4e-6 | 5.2e-6    | 3.3e-6     |
 * | 32 to 32, 14×14, pad 2   | 6.5e-6 | 6.2e-6    | 4.2e-6     |
 * | 32 to 64, 8×8            | 5.1e-6 | 6.4e-6    | 2.7e-6     |
 * | 64 to 64, 8×8            | 6.7e-6 | 5.7e-6    | 3.0e-6     |
 */
type Transform = (
  f: FunctionBuilder,
  x: readonly Local<'v128'>[],
) => { readonly before: readonly Node<'none'>[]; readonly results: readonly Node<'v128'>[] }

/** The planes of a transformed tile: 6×6. */
export const PLANES = 36

/** Rows and columns of outputs of a tile. */
export const TILE = 4

type Vector = Local<'v128'> | Node<'v128'>

const times = (factor: number, x: Vector) => f32x4.mul(x, f32x4.const(factor, factor, factor, factor))
const plus = (x: Vector, y: Vector) => f32x4.add(x, y)
const minus = (x: Vector, y: Vector) => f32x4.sub(x, y)

/** A local for a part that several results share. */
function keeper(f: FunctionBuilder) {
  const before: Node<'none'>[] = []
  const keep = (value: Node<'v128'>): Local<'v128'> => {
    const local = f.local('v128', 'part')
    before.push(local.set(value))
    return local
  }
  return { before, keep }
}

/** Bᵀ d. */
export const ofImages: Transform = (f, x) => {
  const { before, keep } = keeper(f)
  const [d0, d1, d2, d3, d4, d5] = x as Six
  const [even, odd] = [keep(minus(d4, times(4, d2))), keep(minus(d3, times(4, d1)))]
  const [wide, twice] = [keep(minus(d4, d2)), keep(times(2, minus(d3, d1)))]
  const results = [
    plus(times(4, minus(d0, d2)), wide),
    plus(even, odd),
    minus(even, odd),
    plus(wide, twice),
    minus(wide, twice),
    minus(minus(d5, d3), times(2, twice)),
  ]
  return { before, results }
}

/** Aᵀ m. */
export const toOutput: Transform = (f, x) => {
  const { before, keep } = keeper(f)
  const [m0, m1, m2, m3, m4, m5] = x as Six
  const [near, nearOdd] = [keep(plus(m1, m2)), keep(minus(m1, m2))]
  const [far, farOdd] = [keep(plus(m3, m4)), keep(minus(m3, m4))]
  const results = [
    plus(plus(m0, near), far),
    plus(nearOdd, times(2, farOdd)),
    plus(near, times(4, far)),
    plus(plus(nearOdd, times(8, farOdd)), m5),
  ]
  return { before, results }
}

/** A y. */
export const ofCotangents: Transform = (f, x) => {
  const { before, keep } = keeper(f)
  const [y0, y1, y2, y3] = x as readonly [Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>]
  const [even, odd] = [keep(plus(y0, y2)), keep(plus(y1, y3))]
  const [farEven, farOdd] = [keep(plus(y0, times(4, y2))), keep(times(2, plus(y1, times(4, y3))))]
  const results = [y0.get, plus(even, odd), minus(even, odd), plus(farEven, farOdd), minus(farEven, farOdd), y3.get]
  return { before, results }
}

/** G g. */
export const ofFilters: Transform = (f, x) => {
  const { before, keep } = keeper(f)
  const [g0, g1, g2] = x as readonly [Local<'v128'>, Local<'v128'>, Local<'v128'>]
  const [near, nearOdd] = [keep(times(-1 / 6, plus(g0, g2))), keep(times(-1 / 6, g1))]
  const [far, farOdd] = [keep(plus(times(1 / 24, g0), times(1 / 6, g2))), keep(times(1 / 12, g1))]
  const results = [
    times(1 / 4, g0),
    plus(near, nearOdd),
    minus(near, nearOdd),
    plus(far, farOdd),
    minus(far, farOdd),
    g2.get,
  ]
  return { before, results }
}

/** Gᵀ u. */
export const toFilters: Transform = (f, x) => {
  const { before, keep } = keeper(f)
  const [u0, u1, u2, u3, u4, u5] = x as Six
  const [near, far] = [keep(times(-1 / 6, plus(u1, u2))), keep(plus(u3, u4))]
  const results = [
    plus(plus(times(1 / 4, u0), near), times(1 / 24, far)),
    plus(times(1 / 6, minus(u2, u1)), times(1 / 12, minus(u3, u4))),
    plus(plus(near, times(1 / 6, far)), u5),
  ]
  return { before, results }
}

type Six = readonly [Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>, Local<'v128'>]

/**
 * So many vectors side by side transformed: read at `from` plus each of `loads`, written at `to` plus each of `stores`, in bytes.
 * Both addresses are behind the last vector afterwards.
 */
export function transformed(
  f: FunctionBuilder,
  transform: Transform,
  vectors: number,
  from: Local<'i32'>,
  loads: readonly number[],
  to: Local<'i32'>,
  stores: readonly number[],
): Node<'none'>[] {
  const x = loads.map(() => f.local('v128', 'x'))
  const end = f.local('i32', 'end')
  const { before, results } = transform(f, x)
  return [
    end.set(i32.add(from, 16 * vectors)),
    doWhile(
      [
        ...x.map((local, at) => local.set(v128.load(from, { offset: loads[at]!, align: 4 }))),
        ...before,
        ...results.map((result, at) => v128.store(to, result, { offset: stores[at]!, align: 4 })),
        from.set(i32.add(from, 16)),
        to.set(i32.add(to, 16)),
      ],
      i32.lt_u(from, end),
    ),
  ]
}

/** A square of vectors, row after row, transformed along its columns, then along its rows. */
export function transformedSquare(
  f: FunctionBuilder,
  transform: Transform,
  rows: readonly (readonly Local<'v128'>[])[],
): { readonly before: readonly Node<'none'>[]; readonly results: readonly (readonly Node<'v128'>[])[] } {
  const before: Node<'none'>[] = []
  const keep = (parts: ReturnType<Transform>): Local<'v128'>[] => {
    before.push(...parts.before)
    return parts.results.map((result) => {
      const local = f.local('v128', 'turned')
      before.push(local.set(result))
      return local
    })
  }
  const columns = rows[0]!.map((_, column) =>
    keep(
      transform(
        f,
        rows.map((row) => row[column]!),
      ),
    ),
  )
  const results = columns[0]!.map((_, row) => {
    const parts = transform(
      f,
      columns.map((column) => column[row]!),
    )
    before.push(...parts.before)
    return parts.results
  })
  return { before, results }
}

/** The numbers 0, step, 2 step, … */
export const everyStep = (count: number, step: number): number[] => Array.from({ length: count }, (_, at) => at * step)
