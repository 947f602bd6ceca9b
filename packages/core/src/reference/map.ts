import { allocate, type DType, isFloat, type TypedArray } from '../dtype.ts'
import { InternalError } from '../errors.ts'
import { type Expression, expressionDType } from '../kernel/expression.ts'
import type { TensorType } from '../kernel/kernel.ts'
import { broadcastView } from '../kernel/view.ts'
import { sameShape, sizeOf } from '../shape.ts'
import { erf } from './erf.ts'
import type { Operand } from './operand.ts'
import { evaluateView } from './view.ts'

/** Elements that go through all instructions before the next ones do, so that intermediate values stay in cache. */
const BLOCK = 4096

/** A place for values: read at `index & mask`, so that mask 0 repeats one value and mask −1 walks. */
interface Register {
  array: TypedArray
  mask: number
}

type Instruction = (from: number, count: number) => void

/** A scalar expression over whole tensors, one instruction at a time over blocks; every value is rounded to its dtype. */
export function evaluateMap(expression: Expression, inputs: readonly Operand[], output: TensorType): TypedArray {
  const size = sizeOf(output.shape)
  const result = allocate(output.dtype, size)
  if (size === 0) return result
  const dtypes = inputs.map((input) => input.dtype)
  const sources = inputs.map((input) => spread(input, output))
  const instructions: Instruction[] = []
  const known = new Map<Expression, Register>()
  const block = Math.min(size, BLOCK)

  const emit = (node: Expression, target?: TypedArray): Register => {
    const before = known.get(node)
    if (before) return before
    const register = emitNew(node, target)
    known.set(node, register)
    return register
  }
  const emitNew = (node: Expression, target: TypedArray | undefined): Register => {
    if (node.op === 'input') return sourceRegister(node.index)
    if (node.op === 'constant') throw new InternalError('a constant without a neighbour to take its dtype from')
    const dtype = expressionDType(node, dtypes)
    const operands = operandsOf(node).map((operand) =>
      operand.op === 'constant' ? constantRegister(operand.value, operandDType(node, dtypes)) : emit(operand),
    )
    const register: Register = { array: target ?? allocate(dtype, block), mask: -1 }
    const loop = loopOf(node, dtype, operandDType(node, dtypes))
    const [x, y = NONE, z = NONE] = operands
    instructions.push((from, count) => {
      const out = target ? target.subarray(from, from + count) : register.array
      loop(out, x!.array, x!.mask, y.array, y.mask, z.array, z.mask, count)
    })
    return register
  }
  const sourceRegister = (index: number): Register => {
    const { array, mask } = sources[index]!
    if (mask === 0) return { array, mask }
    const register: Register = { array, mask }
    instructions.push((from, count) => {
      register.array = array.subarray(from, from + count)
    })
    return register
  }

  const last = emit(expression, expression.op === 'input' ? undefined : result)
  if (expression.op === 'input')
    return evaluateView(broadcastView(inputs[expression.index]!.shape, output.shape), inputs[expression.index]!)
  if (last.array !== result) throw new InternalError('a map kernel lost its result')
  for (let from = 0; from < size; from += block) {
    const count = Math.min(block, size - from)
    for (const instruction of instructions) instruction(from, count)
  }
  return result
}

const NONE: Register = { array: new Float64Array(1), mask: 0 }

const constantRegister = (value: number, dtype: DType): Register => {
  const array = allocate(dtype, 1)
  array[0] = value
  return { array, mask: 0 }
}

/** An input as one array of the output's size, or as one value. */
function spread(input: Operand, output: TensorType): Register {
  if (sizeOf(input.shape) === 1) return { array: input.array, mask: 0 }
  if (sameShape(input.shape, output.shape)) return { array: input.array, mask: -1 }
  return { array: evaluateView(broadcastView(input.shape, output.shape), input), mask: -1 }
}

function operandsOf(node: Expression): readonly Expression[] {
  if (node.op === 'select') return [node.condition, node.x, node.y]
  if ('y' in node) return [node.x, node.y]
  return 'x' in node ? [node.x] : []
}

/** The dtype that a node's operands are in: that of its result, except where it compares or casts. */
function operandDType(node: Expression, inputs: readonly DType[]): DType {
  if (node.op === 'select') return expressionDType(node, inputs)
  if ('y' in node) return expressionDType({ op: 'add', x: node.x, y: node.y }, inputs)
  return 'x' in node ? expressionDType(node.x, inputs) : expressionDType(node, inputs)
}

type Loop = (
  out: TypedArray,
  x: TypedArray,
  mx: number,
  y: TypedArray,
  my: number,
  z: TypedArray,
  mz: number,
  count: number,
) => void

function loopOf(node: Expression, dtype: DType, operands: DType): Loop {
  if (node.op === 'cast') return castLoop(dtype, operands)
  if (node.op === 'mul' && !isFloat(dtype)) return LOOPS.integerMul!
  if (node.op === 'pow' && !isFloat(dtype)) return LOOPS.integerPow!
  const loop = LOOPS[node.op]
  if (!loop) throw new InternalError(`no loop for ${node.op}`)
  return loop
}

// One small loop an operation: each is compiled for the few array kinds it meets.
const unary =
  (f: (x: number) => number): Loop =>
  (out, x, mx, _y, _my, _z, _mz, count) => {
    for (let i = 0; i < count; i++) out[i] = f(x[i & mx]!)
  }

const binaryLoop =
  (f: (x: number, y: number) => number): Loop =>
  (out, x, mx, y, my, _z, _mz, count) => {
    for (let i = 0; i < count; i++) out[i] = f(x[i & mx]!, y[i & my]!)
  }

const LOOPS: Readonly<Record<string, Loop>> = {
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  expm1: unary(Math.expm1),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  sqrt: unary(Math.sqrt),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tanh: unary(Math.tanh),
  erf: unary(erf),
  not: unary((x) => (x === 0 ? 1 : 0)),
  add(out, x, mx, y, my, _z, _mz, count) {
    for (let i = 0; i < count; i++) out[i] = x[i & mx]! + y[i & my]!
  },
  sub(out, x, mx, y, my, _z, _mz, count) {
    for (let i = 0; i < count; i++) out[i] = x[i & mx]! - y[i & my]!
  },
  mul(out, x, mx, y, my, _z, _mz, count) {
    for (let i = 0; i < count; i++) out[i] = x[i & mx]! * y[i & my]!
  },
  integerMul: binaryLoop(Math.imul),
  div(out, x, mx, y, my, _z, _mz, count) {
    for (let i = 0; i < count; i++) out[i] = x[i & mx]! / y[i & my]!
  },
  pow: binaryLoop(Math.pow),
  integerPow: binaryLoop(integerPower),
  maximum: binaryLoop(Math.max),
  minimum: binaryLoop(Math.min),
  equal: binaryLoop((x, y) => (x === y ? 1 : 0)),
  notEqual: binaryLoop((x, y) => (x !== y ? 1 : 0)),
  less: binaryLoop((x, y) => (x < y ? 1 : 0)),
  lessEqual: binaryLoop((x, y) => (x <= y ? 1 : 0)),
  select(out, x, mx, y, my, z, mz, count) {
    for (let i = 0; i < count; i++) out[i] = x[i & mx]! !== 0 ? y[i & my]! : z[i & mz]!
  },
}

/** xʸ modulo 2³², by squaring; of a negative power, a fraction, what is left when it is rounded towards zero. */
function integerPower(x: number, y: number): number {
  if (y < 0) return x === 1 || (x === -1 && (y & 1) === 0) ? 1 : x === -1 ? -1 : 0
  let power = 1
  let square = x
  for (let left = y; left > 0; left >>= 1) {
    if ((left & 1) === 1) power = Math.imul(power, square)
    square = Math.imul(square, square)
  }
  return power
}

/** Floats to integers truncate and stop at the ends of the range (NaN gives 0); integers to smaller ones wrap. */
function castLoop(to: DType, from: DType): Loop {
  if (to === 'bool') return unary((x) => (x !== 0 ? 1 : 0))
  if (!isFloat(from) || isFloat(to)) return unary((x) => x)
  const [low, high] = to === 'uint8' ? [0, 255] : [-(2 ** 31), 2 ** 31 - 1]
  return unary((x) => Math.min(high, Math.max(low, x)))
}
