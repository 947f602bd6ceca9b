import { type DType, InternalError } from '@cotangent/core'
import { FUNCTIONS, type ScalarOp } from '../value.ts'
import { select } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { f32, f32x4, f64, f64x2, i32, i64 } from '../wasm/instructions.ts'
import type { Node, ValueType } from '../wasm/node.ts'

/** How many elements go through one instruction: one, four of 32 bits, or two of 64. */
type Lanes = 1 | 4 | 2

/** The instructions for elements side by side in one value. */
export interface Arithmetic {
  readonly lanes: Lanes
  /** The WebAssembly type that holds elements of `dtype`. */
  type(dtype: DType): ValueType
  constant(dtype: DType, value: number): Node
  /** The elements at an address, the first of them at `offset` bytes from it. */
  load(dtype: DType, address: Node<'i32'>, offset: number): Node
  /** As many copies of the element at an address. */
  loadOne(dtype: DType, address: Node<'i32'>, offset: number): Node
  /** The elements from an address on, so many bytes apart. */
  loadApart(dtype: DType, address: Node<'i32'>, offset: number, bytes: number): Node
  store(dtype: DType, address: Node<'i32'>, offset: number, value: Node): Node<'none'>
  /** Stores elements from an address on, so many bytes apart; only of those that have several lanes. */
  storeApart?(address: Node<'i32'>, offset: number, bytes: number, value: Local<'v128'>): Node<'none'>[]
  apply(name: ScalarOp, to: DType, from: DType, operands: readonly Node[]): Node
}

/** Calls the module's own scalar functions, on vectors: the same bits for one element as for several. */
export interface FunctionCaller {
  call(name: FunctionName, shape: 'f32x4' | 'f64x2', operands: readonly Node<'v128'>[]): Node<'v128'>
  /** x to the power of y, modulo 2³². */
  integerPower(x: Node<'i32'>, y: Node<'i32'>): Node<'i32'>
}

export type FunctionName = (typeof FUNCTIONS)[number]

const FUNCTION_NAMES: ReadonlySet<ScalarOp> = new Set(FUNCTIONS)

export const isFunction = (name: ScalarOp): name is FunctionName => FUNCTION_NAMES.has(name)

// Nodes are checked when they are built, so these narrow what the caller knows by dtype.
const asI32 = (node: Node) => node as Node<'i32'>
const asF32 = (node: Node) => node as Node<'f32'>
const asF64 = (node: Node) => node as Node<'f64'>

const SCALAR_TYPES = { float32: 'f32', float64: 'f64', int32: 'i32', uint8: 'i32', bool: 'i32', key: 'i64' } as const

/** One element at a time: integers and bool in i32, both words of a key in i64. */
export const scalarArithmetic = (functions: FunctionCaller): Arithmetic => ({
  lanes: 1,
  type: (dtype) => SCALAR_TYPES[dtype],
  constant(dtype, value) {
    if (dtype === 'float32') return f32.const(value)
    if (dtype === 'key') return i64.const(BigInt(value))
    return dtype === 'float64' ? f64.const(value) : i32.const(value)
  },
  load(dtype, address, offset) {
    switch (dtype) {
      case 'float32':
        return f32.load(address, { offset })
      case 'float64':
        return f64.load(address, { offset })
      case 'int32':
        return i32.load(address, { offset })
      case 'key':
        return i64.load(address, { offset })
      default:
        return i32.load8_u(address, { offset })
    }
  },
  loadOne(dtype, address, offset) {
    return this.load(dtype, address, offset)
  },
  loadApart(dtype, address, offset) {
    return this.load(dtype, address, offset)
  },
  store(dtype, address, offset, value) {
    switch (dtype) {
      case 'float32':
        return f32.store(address, asF32(value), { offset })
      case 'float64':
        return f64.store(address, asF64(value), { offset })
      case 'int32':
        return i32.store(address, asI32(value), { offset })
      case 'key':
        return i64.store(address, value as Node<'i64'>, { offset })
      default:
        return i32.store8(address, asI32(value), { offset })
    }
  },
  apply(name, to, from, operands) {
    if (name === 'select')
      return select(operands[1] as Node<ValueType>, operands[2] as Node<ValueType>, asI32(operands[0]!))
    if (name === 'cast') return scalarCast(to, from, operands[0]!)
    if (isFunction(name)) {
      if (from === 'float32' || from === 'float64') return scalarFunction(functions, name, from, operands)
      // All other functions give floats.
      const result = functions.integerPower(asI32(operands[0]!), asI32(operands[1]!))
      return to === 'uint8' ? i32.and(result, 255) : result
    }
    if (from === 'float32') return scalarFloat(f32, f32.const(0), f32.const(1), name, operands.map(asF32))
    if (from === 'float64') return scalarFloat(f64, f64.const(0), f64.const(1), name, operands.map(asF64))
    const result = scalarInteger(name, operands.map(asI32))
    return to === 'uint8' ? i32.and(result, 255) : result
  },
})

function scalarFunction(functions: FunctionCaller, name: FunctionName, dtype: DType, operands: readonly Node[]): Node {
  const wide = dtype === 'float64'
  const splat = (node: Node) => (wide ? f64x2.splat(asF64(node)) : f32x4.splat(asF32(node)))
  const result = functions.call(name, wide ? 'f64x2' : 'f32x4', operands.map(splat))
  return wide ? f64x2.extract_lane(result, 0) : f32x4.extract_lane(result, 0)
}

function scalarCast(to: DType, from: DType, x: Node): Node {
  if (to === from) return x
  const single = from === 'float32'
  const isFloat = single || from === 'float64'
  switch (to) {
    case 'bool':
      if (isFloat) return single ? f32.ne(asF32(x), 0) : f64.ne(asF64(x), 0)
      return i32.ne(asI32(x), 0)
    case 'float32':
      return from === 'float64' ? f32.demote_f64(asF64(x)) : f32.convert_i32_s(asI32(x))
    case 'float64':
      return single ? f64.promote_f32(asF32(x)) : f64.convert_i32_s(asI32(x))
    case 'int32':
      if (!isFloat) return x
      return single ? i32.trunc_sat_f32_s(asF32(x)) : i32.trunc_sat_f64_s(asF64(x))
    case 'uint8': {
      if (!isFloat) return i32.and(asI32(x), 255)
      // Clamped while still a float, as the reference backend does: NaN gives 0.
      if (single) return i32.trunc_sat_f32_s(f32.min(f32.max(asF32(x), 0), 255))
      return i32.trunc_sat_f64_s(f64.min(f64.max(asF64(x), 0), 255))
    }
    case 'key':
      throw new InternalError('a cast to a key')
  }
}

type FloatNode<T extends 'f32' | 'f64'> = Node<T>

interface FloatInstructions<T extends 'f32' | 'f64'> {
  readonly [name: string]: unknown
  neg(x: FloatNode<T>): Node
  abs(x: FloatNode<T>): Node
  sqrt(x: FloatNode<T>): Node
  copysign(x: FloatNode<T>, y: FloatNode<T>): FloatNode<T>
  add(x: FloatNode<T>, y: FloatNode<T>): Node
  sub(x: FloatNode<T>, y: FloatNode<T>): Node
  mul(x: FloatNode<T>, y: FloatNode<T>): Node
  div(x: FloatNode<T>, y: FloatNode<T>): Node
  max(x: FloatNode<T>, y: FloatNode<T>): Node
  min(x: FloatNode<T>, y: FloatNode<T>): Node
  eq(x: FloatNode<T>, y: FloatNode<T>): Node<'i32'>
  ne(x: FloatNode<T>, y: FloatNode<T>): Node<'i32'>
  lt(x: FloatNode<T>, y: FloatNode<T>): Node<'i32'>
  gt(x: FloatNode<T>, y: FloatNode<T>): Node<'i32'>
  le(x: FloatNode<T>, y: FloatNode<T>): Node<'i32'>
}

function scalarFloat<T extends 'f32' | 'f64'>(
  float: FloatInstructions<T>,
  zero: FloatNode<T>,
  one: FloatNode<T>,
  name: ScalarOp,
  [x, y]: readonly FloatNode<T>[],
): Node {
  switch (name) {
    case 'neg':
      return float.neg(x!)
    case 'abs':
      return float.abs(x!)
    case 'sqrt':
      return float.sqrt(x!)
    case 'sign':
      // ±1 by the sign, except for zeros and NaN, which stay.
      return select(float.copysign(one, x!), x!, i32.or(float.lt(x!, zero), float.gt(x!, zero)))
    case 'not':
      return float.eq(x!, zero)
    case 'add':
      return float.add(x!, y!)
    case 'sub':
      return float.sub(x!, y!)
    case 'mul':
      return float.mul(x!, y!)
    case 'div':
      return float.div(x!, y!)
    case 'maximum':
      return float.max(x!, y!)
    case 'minimum':
      return float.min(x!, y!)
    case 'equal':
      return float.eq(x!, y!)
    case 'notEqual':
      return float.ne(x!, y!)
    case 'less':
      return float.lt(x!, y!)
    case 'lessEqual':
      return float.le(x!, y!)
    default:
      throw new InternalError(`no instruction for ${name}`)
  }
}

function scalarInteger(name: ScalarOp, [x, y]: readonly Node<'i32'>[]): Node<'i32'> {
  switch (name) {
    case 'neg':
      return i32.sub(0, x!)
    case 'abs':
      return select(x!, i32.sub(0, x!), i32.ge_s(x!, 0))
    case 'sign':
      return i32.sub(i32.gt_s(x!, 0), i32.lt_s(x!, 0))
    case 'not':
      return i32.eqz(x!)
    case 'add':
      return i32.add(x!, y!)
    case 'sub':
      return i32.sub(x!, y!)
    case 'mul':
      return i32.mul(x!, y!)
    case 'div': {
      // In 64 bits, where −2³¹ / −1 does not trap; division by 0 gives 0, as casting its infinite quotient does in JavaScript.
      const quotient = i64.div_s(i64.extend_i32_s(x!), select(i64.extend_i32_s(y!), i64.const(1n), y!))
      return select(i32.wrap_i64(quotient), i32.const(0), y!)
    }
    case 'maximum':
      return select(x!, y!, i32.gt_s(x!, y!))
    case 'minimum':
      return select(x!, y!, i32.lt_s(x!, y!))
    case 'equal':
      return i32.eq(x!, y!)
    case 'notEqual':
      return i32.ne(x!, y!)
    case 'less':
      return i32.lt_s(x!, y!)
    case 'lessEqual':
      return i32.le_s(x!, y!)
    default:
      throw new InternalError(`no integer instruction for ${name}`)
  }
}
