import type { Local } from '../wasm/entities.ts'
import { f32x4, f64x2, i64x2 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'

/** Lanes 0 and 1, and lanes 2 and 3 of f32x4 as f64x2. */
export const promoted = (x: Local<'v128'>): readonly [Node<'v128'>, Node<'v128'>] => [
  f64x2.promote_low_f32x4(x),
  f64x2.promote_low_f32x4(i64x2.shuffle(x, x, [1, 1])),
]

/** The f32x4 of these lanes, rounded to nearest. */
export const demoted = (low: Node<'v128'> | Local<'v128'>, high: Node<'v128'> | Local<'v128'>): Node<'v128'> =>
  i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), [0, 2])
