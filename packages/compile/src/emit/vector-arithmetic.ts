import { type DType, InternalError } from '@cotangent/core'
import type { ScalarOp, Value } from '../value.ts'
import { f32x4, f64x2, i16x8, i32, i32x4, i64x2, v128 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'
import { type Arithmetic, type FunctionCaller, isFunction } from './arithmetic.ts'

/** Elements side by side in a vector; bool is a mask, all ones for true. */
type Vector = Node<'v128'>

// Nodes are checked when they are built.
const asVectors = (nodes: readonly Node[]) => nodes as readonly Vector[]

/** Four elements of 32 bits; uint8 in memory becomes 32 bits wide here. */
export const fourLanes = (functions: FunctionCaller): Arithmetic => ({
  lanes: 4,
  type: () => 'v128',
  constant(dtype, value) {
    if (dtype === 'float32') return f32x4.const(value, value, value, value)
    const lane = dtype === 'bool' ? -value : value
    return i32x4.const(lane, lane, lane, lane)
  },
  load(dtype, address, offset) {
    if (dtype === 'float32' || dtype === 'int32') return v128.load(address, { offset, align: 4 })
    return widened(dtype, v128.load32_zero(address, { offset, align: 1 }))
  },
  loadOne(dtype, address, offset) {
    if (dtype === 'float32' || dtype === 'int32') return v128.load32_splat(address, { offset })
    return widened(dtype, v128.load8_splat(address, { offset }))
  },
  loadApart: (_, address, offset, bytes) =>
    [1, 2, 3].reduce<Vector>(
      (lanes, lane) => v128.load32_lane(i32.add(address, lane * bytes), lanes, lane, { offset }),
      v128.load32_zero(address, { offset }),
    ),
  store: (_, address, offset, value) => v128.store(address, value as Vector, { offset, align: 4 }),
  storeApart: (address, offset, bytes, value) =>
    [0, 1, 2, 3].map((lane) => v128.store32_lane(i32.add(address, lane * bytes), value, lane, { offset })),
  apply(name, to, from, operands) {
    const [x, y, z] = asVectors(operands)
    if (name === 'select') return v128.bitselect(y!, z!, x!)
    if (name === 'cast') return fourCast(to, from, x!)
    if (isFunction(name)) return functions.call(name, 'f32x4', asVectors(operands))
    if (from === 'float32') return vectorFloat(f32x4, SIGN_32, f32x4.const(1, 1, 1, 1), name, [x!, y!])
    if (from === 'bool' && name === 'notEqual') return v128.xor(x!, y!)
    return fourIntegers(name, x!, y!)
  },
})

/** Two elements of float64. */
export const twoLanes = (functions: FunctionCaller): Arithmetic => ({
  lanes: 2,
  type: () => 'v128',
  constant(dtype, value) {
    return dtype === 'bool' ? i64x2.const(BigInt(-value), BigInt(-value)) : f64x2.const(value, value)
  },
  load: (_, address, offset) => v128.load(address, { offset, align: 8 }),
  loadOne: (_, address, offset) => v128.load64_splat(address, { offset }),
  loadApart: (_, address, offset, bytes) =>
    v128.load64_lane(i32.add(address, bytes), v128.load64_zero(address, { offset }), 1, { offset }),
  store: (_, address, offset, value) => v128.store(address, value as Vector, { offset, align: 8 }),
  storeApart: (address, offset, bytes, value) =>
    [0, 1].map((lane) => v128.store64_lane(i32.add(address, lane * bytes), value, lane, { offset })),
  apply(name, to, from, operands) {
    const [x, y, z] = asVectors(operands)
    if (name === 'select') return v128.bitselect(y!, z!, x!)
    if (name === 'cast') {
      if (to === from) return x!
      return to === 'bool' ? f64x2.ne(x!, f64x2.const(0, 0)) : v128.and(x!, f64x2.const(1, 1))
    }
    if (isFunction(name)) return functions.call(name, 'f64x2', asVectors(operands))
    if (from === 'bool') return name === 'not' ? v128.not(x!) : v128.xor(v128.not(x!), y!)
    return vectorFloat(f64x2, SIGN_64, f64x2.const(1, 1), name, [x!, y!])
  },
})

/** How many lanes `value` can be computed in; 1 where some part of it has no vector instruction. */
export function lanesFor(value: Value, stored: DType): 1 | 2 | 4 {
  if (stored === 'float64') return allOf(value, inTwoLanes) ? 2 : 1
  return (stored === 'float32' || stored === 'int32') && allOf(value, inFourLanes) ? 4 : 1
}

function allOf(value: Value, holds: (value: Value) => boolean): boolean {
  if (!holds(value)) return false
  if (value.op === 'guard') return allOf(value.value, holds)
  return value.op !== 'apply' || value.operands.every((operand) => allOf(operand, holds))
}

function inFourLanes(value: Value): boolean {
  if (value.dtype === 'float64' || value.dtype === 'key') return false
  if (value.op !== 'apply') return true
  const from = value.operands[0]!.dtype
  // uint8 wraps at 8 bits, and integers have no vector division.
  if (value.dtype === 'uint8') return false
  if (value.name === 'cast') return value.dtype === 'bool' || value.dtype === 'float32' || value.dtype === 'int32'
  if (from === 'bool') return BOOL_OPERATIONS.has(value.name)
  return from === 'float32' || (value.name !== 'div' && value.name !== 'pow')
}

/** What works on masks as it does on 0 and 1. */
const BOOL_OPERATIONS: ReadonlySet<string> = new Set(['not', 'equal', 'notEqual', 'select'])

function inTwoLanes(value: Value): boolean {
  if (value.dtype !== 'float64' && value.dtype !== 'bool') return false
  // A bool in memory is a byte, which does not become a mask of 64 bits.
  if (value.op === 'load') return value.dtype === 'float64'
  if (value.op !== 'apply' || value.dtype !== 'bool') return true
  const from = value.operands[0]!.dtype
  return (
    from === 'float64' ||
    (from === 'bool' && (value.name === 'not' || value.name === 'equal' || value.name === 'select'))
  )
}

/** Four bytes as four 32-bit integers, or as masks. */
function widened(dtype: DType, bytes: Vector): Vector {
  const wide = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes))
  return dtype === 'bool' ? i32x4.ne(wide, i32x4.const(0, 0, 0, 0)) : wide
}

function fourCast(to: DType, from: DType, x: Vector): Vector {
  if (to === from || (from === 'uint8' && to === 'int32')) return x
  switch (to) {
    case 'bool':
      return from === 'float32' ? f32x4.ne(x, f32x4.const(0, 0, 0, 0)) : i32x4.ne(x, i32x4.const(0, 0, 0, 0))
    case 'float32':
      return from === 'bool' ? v128.and(x, f32x4.const(1, 1, 1, 1)) : f32x4.convert_i32x4_s(x)
    case 'int32':
      return from === 'bool' ? v128.and(x, i32x4.const(1, 1, 1, 1)) : i32x4.trunc_sat_f32x4_s(x)
    default:
      throw new InternalError(`no vector cast from ${from} to ${to}`)
  }
}

const SIGN_32 = i32x4.const(-(2 ** 31), -(2 ** 31), -(2 ** 31), -(2 ** 31))
const SIGN_64 = i64x2.const(-(2n ** 63n), -(2n ** 63n))

function vectorFloat(
  float: typeof f32x4 | typeof f64x2,
  signBit: Vector,
  one: Vector,
  name: ScalarOp,
  [x, y]: readonly [Vector, Vector],
): Vector {
  switch (name) {
    case 'neg':
      return float.neg(x)
    case 'abs':
      return float.abs(x)
    case 'sqrt':
      return float.sqrt(x)
    case 'sign': {
      const zero = v128.xor(one, one)
      // ±1 by the sign, except for zeros and NaN, which stay.
      return v128.bitselect(v128.or(v128.and(x, signBit), one), x, v128.or(float.lt(x, zero), float.gt(x, zero)))
    }
    case 'not':
      return float.eq(x, v128.xor(one, one))
    case 'add':
      return float.add(x, y)
    case 'sub':
      return float.sub(x, y)
    case 'mul':
      return float.mul(x, y)
    case 'div':
      return float.div(x, y)
    case 'maximum':
      return float.max(x, y)
    case 'minimum':
      return float.min(x, y)
    case 'equal':
      return float.eq(x, y)
    case 'notEqual':
      return float.ne(x, y)
    case 'less':
      return float.lt(x, y)
    case 'lessEqual':
      return float.le(x, y)
    default:
      throw new InternalError(`no vector instruction for ${name}`)
  }
}

function fourIntegers(name: ScalarOp, x: Vector, y: Vector): Vector {
  const zero = i32x4.const(0, 0, 0, 0)
  switch (name) {
    case 'neg':
      return i32x4.neg(x)
    case 'abs':
      return i32x4.abs(x)
    case 'sign':
      // Masks are −1: (x < 0) − (x > 0).
      return i32x4.sub(i32x4.lt_s(x, zero), i32x4.gt_s(x, zero))
    case 'not':
      return i32x4.eq(x, zero)
    case 'add':
      return i32x4.add(x, y)
    case 'sub':
      return i32x4.sub(x, y)
    case 'mul':
      return i32x4.mul(x, y)
    case 'maximum':
      return i32x4.max_s(x, y)
    case 'minimum':
      return i32x4.min_s(x, y)
    case 'equal':
      return i32x4.eq(x, y)
    case 'notEqual':
      return i32x4.ne(x, y)
    case 'less':
      return i32x4.lt_s(x, y)
    case 'lessEqual':
      return i32x4.le_s(x, y)
    default:
      throw new InternalError(`no vector instruction for ${name} of integers`)
  }
}
