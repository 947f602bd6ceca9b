import { f32x4, f64x2, i32x4, i64x2 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'

export type Shape = 'f32x4' | 'f64x2'

/**
 * A vector of floats: its instructions, and how the bits of a lane are laid out. What holds for both is written over
 * this.
 */
export interface Lanes {
  readonly shape: Shape
  readonly float: typeof f32x4 | typeof f64x2
  /** Integers as wide as the floats. */
  readonly int: typeof i32x4 | typeof i64x2
  /** The constant with this number, rounded to nearest, in every lane. */
  readonly splat: (value: number) => Node<'v128'>
  /** The constant with these bits in every lane. */
  readonly splatBits: (bits: bigint) => Node<'v128'>
  /** What `bitmask` gives where every lane is true. */
  readonly everyLane: number
  /** Stored bits of the significand. */
  readonly fraction: number
  /** The stored exponent of 1. */
  readonly bias: number
}

export const four: Lanes = {
  shape: 'f32x4',
  float: f32x4,
  int: i32x4,
  splat: (value) => f32x4.const(value, value, value, value),
  splatBits(bits) {
    const lane = Number(BigInt.asIntN(32, bits))
    return i32x4.const(lane, lane, lane, lane)
  },
  everyLane: 0b1111,
  fraction: 23,
  bias: 127,
}

export const two: Lanes = {
  shape: 'f64x2',
  float: f64x2,
  int: i64x2,
  splat: (value) => f64x2.const(value, value),
  splatBits: (bits) => i64x2.const(BigInt.asIntN(64, bits), BigInt.asIntN(64, bits)),
  everyLane: 0b11,
  fraction: 52,
  bias: 1023,
}
