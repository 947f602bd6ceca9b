import { InternalError } from '@cotangent/core'
import { writeFloat32, writeFloat64 } from './bytes.ts'
import {
  type Entity,
  type Immediate,
  type Node,
  noImmediate,
  type Operator,
  special,
  type Type,
  type ValueType,
} from './node.ts'
import { laneOpcodes, memoryLaneOpcodes, memoryOpcodes, plainOpcodes } from './opcodes.ts'
import { type Operand, toNode } from './operand.ts'

// One namespace per type, as the specification has them, with one builder per instruction: operands first, immediates last.
// `f32x4.replace_lane(vector, value, lane)`, `v128.load(address, { offset: 16 })`, `i32.atomic.rmw.add(address, 1)`.

/** In bytes: what is added to the address, without wrapping; and its alignment, only a hint, by default the natural one. */
interface MemoryAccess {
  readonly offset?: number
  readonly align?: number
}

export const i32 = {
  const: (value: number) => toNode('i32', value, 'i32.const', 'the value'),
  ...plain('i32'),
  ...memoryAccess('i32'),
  atomic: {
    ...memoryAccess('i32.atomic'),
    rmw: memoryAccess('i32.atomic.rmw'),
    rmw8: memoryAccess('i32.atomic.rmw8'),
    rmw16: memoryAccess('i32.atomic.rmw16'),
  },
}

export const i64 = {
  const: (value: bigint) => toNode('i64', value, 'i64.const', 'the value'),
  ...plain('i64'),
  ...memoryAccess('i64'),
  atomic: {
    ...memoryAccess('i64.atomic'),
    rmw: memoryAccess('i64.atomic.rmw'),
    rmw8: memoryAccess('i64.atomic.rmw8'),
    rmw16: memoryAccess('i64.atomic.rmw16'),
    rmw32: memoryAccess('i64.atomic.rmw32'),
  },
}

export const f32 = {
  const: (value: number) => toNode('f32', value, 'f32.const', 'the value'),
  ...plain('f32'),
  ...memoryAccess('f32'),
}

export const f64 = {
  const: (value: number) => toNode('f64', value, 'f64.const', 'the value'),
  ...plain('f64'),
  ...memoryAccess('f64'),
}

export const v128 = { ...plain('v128'), ...memoryAccess('v128'), ...memoryLane('v128') }

export const i8x16 = {
  const: (...lanes: number[]) => vector('i8x16', 16, lanes, (view, at, lane) => view.setInt8(at, lane)),
  ...plain('i8x16'),
  ...laneAccess('i8x16'),
  shuffle: shuffle('i8x16', 16),
}

export const i16x8 = {
  const: (...lanes: number[]) => vector('i16x8', 8, lanes, (view, at, lane) => view.setInt16(at, lane, true)),
  ...plain('i16x8'),
  ...laneAccess('i16x8'),
  shuffle: shuffle('i16x8', 8),
}

export const i32x4 = {
  const: (...lanes: number[]) => vector('i32x4', 4, lanes, (view, at, lane) => view.setInt32(at, lane, true)),
  ...plain('i32x4'),
  ...laneAccess('i32x4'),
  shuffle: shuffle('i32x4', 4),
}

export const i64x2 = {
  const: (...lanes: bigint[]) => vector('i64x2', 2, lanes, (view, at, lane) => view.setBigInt64(at, lane, true)),
  ...plain('i64x2'),
  ...laneAccess('i64x2'),
  shuffle: shuffle('i64x2', 2),
}

export const f32x4 = {
  const: (...lanes: number[]) => vector('f32x4', 4, lanes, writeFloat32),
  ...plain('f32x4'),
  ...laneAccess('f32x4'),
}

export const f64x2 = {
  const: (...lanes: number[]) => vector('f64x2', 2, lanes, writeFloat64),
  ...plain('f64x2'),
  ...laneAccess('f64x2'),
}

const bulk = ['i32', 'i32', 'i32'] as const
const zeros = [noImmediate, { kind: 'reserved', zeros: 1 }, { kind: 'reserved', zeros: 2 }] as const

export const memory = {
  /** Current size in pages of 65,536 bytes. */
  size: () => node(special['memory.size'], [], 'i32', [], zeros[1]),
  /** Grows by so many pages; gives the size before, or −1. */
  grow: (pages: Operand<'i32'>) => node(special['memory.grow'], ['i32'], 'i32', [pages], zeros[1]),
  copy: (to: Operand<'i32'>, from: Operand<'i32'>, bytes: Operand<'i32'>) =>
    node(special['memory.copy'], bulk, 'none', [to, from, bytes], zeros[2]),
  fill: (to: Operand<'i32'>, byte: Operand<'i32'>, bytes: Operand<'i32'>) =>
    node(special['memory.fill'], bulk, 'none', [to, byte, bytes], zeros[1]),
  /** Copies from a passive data segment; `from` is an offset in it. */
  init: (to: Operand<'i32'>, from: Operand<'i32'>, bytes: Operand<'i32'>, data: Entity) =>
    node(special['memory.init'], bulk, 'none', [to, from, bytes], { kind: 'data', data, zeros: 1 }),
  atomic: memoryAccess('memory.atomic'),
}

export const data = {
  /** Gives a passive data segment's bytes back to the engine. */
  drop: (segment: Entity) => node(special['data.drop'], [], 'none', [], { kind: 'data', data: segment, zeros: 0 }),
}

export const atomic = {
  fence: () => node(special['atomic.fence'], [], 'none', [], zeros[1]),
}

/** A node whose operands are checked against what its operator takes; arguments after them are left alone. */
function node<T extends Type>(
  op: Operator,
  params: readonly ValueType[],
  type: T,
  operands: readonly Operand[],
  immediate: Immediate,
): Node<T> {
  const args: Node[] = []
  for (let i = 0; i < params.length; i++) args.push(toNode(params[i]!, operands[i]!, op.name, i))
  return { op, type, args, immediate }
}

type Group = { readonly [signature: string]: { readonly [name: string]: number | readonly [number, number] } }
type NamesOf<G> = { [S in keyof G]: keyof G[S] }[keyof G]
type SignatureOf<G, N> = { [S in keyof G]: N extends keyof G[S] ? S : never }[keyof G]
type OperandsOf<S> = S extends `${infer T extends ValueType} ${infer Rest}` ? [Operand<T>, ...OperandsOf<Rest>] : []
type ResultOf<S> = S extends `${string}-> ${infer T extends Type}` ? T : never
type Builder<S, I extends unknown[]> = (...args: [...OperandsOf<S>, ...I]) => Node<ResultOf<S>>
type Builders<G, I extends unknown[]> = { readonly [N in NamesOf<G>]: Builder<SignatureOf<G, N>, I> }

/** The builders of a group of the opcode table; `immediate` makes a node's immediate from the arguments after the operands. */
function builders<G extends Group, I extends unknown[]>(
  namespace: string,
  group: G,
  immediate: (name: string, width: number, first: I[0], second: I[1]) => Immediate,
): Builders<G, I> {
  const built: { [name: string]: (...args: unknown[]) => Node } = {}
  for (const [signature, names] of Object.entries(group)) {
    // The table's signatures are made of these types; that is what OperandsOf and ResultOf read.
    const types = signature.replace('-> ', '').split(' ') as ValueType[]
    const params = types.slice(0, -1)
    const result: Type = types.at(-1)!
    for (const [name, entry] of Object.entries(names)) {
      const [code, width] = typeof entry === 'number' ? [entry, 0] : entry
      const op = { name: `${namespace}.${name}`, code }
      built[name] = (...args) => {
        // The caller's arguments have the types that Builder gives them: operands, then immediates.
        const first = args[params.length] as I[0]
        const second = args[params.length + 1] as I[1]
        return node(op, params, result, args as Operand[], immediate(op.name, width, first, second))
      }
    }
  }
  // Built name by name from the group that Builders reads.
  return built as unknown as Builders<G, I>
}

function plain<K extends keyof typeof plainOpcodes>(namespace: K) {
  return builders<(typeof plainOpcodes)[K], []>(namespace, plainOpcodes[namespace], () => noImmediate)
}

function memoryAccess<K extends keyof typeof memoryOpcodes>(namespace: K) {
  return builders<(typeof memoryOpcodes)[K], [access?: MemoryAccess]>(
    namespace,
    memoryOpcodes[namespace],
    (name, bytes, access) => checkedAccess(name, bytes, namespace.includes('atomic'), access),
  )
}

function memoryLane<K extends keyof typeof memoryLaneOpcodes>(namespace: K) {
  return builders<(typeof memoryLaneOpcodes)[K], [lane: number, access?: MemoryAccess]>(
    namespace,
    memoryLaneOpcodes[namespace],
    (name, bytes, lane, access) => ({
      ...checkedAccess(name, bytes, false, access),
      lane: checkedLane(name, lane, 16 / bytes),
    }),
  )
}

function laneAccess<K extends keyof typeof laneOpcodes>(namespace: K) {
  return builders<(typeof laneOpcodes)[K], [lane: number]>(namespace, laneOpcodes[namespace], (name, lanes, lane) => ({
    kind: 'lane',
    lane: checkedLane(name, lane, lanes),
  }))
}

function checkedAccess(name: string, bytes: number, exact: boolean, { offset = 0, align = bytes }: MemoryAccess = {}) {
  if (offset >>> 0 !== offset) throw new InternalError(`${name}: offset ${offset} is not an unsigned 32-bit integer`)
  if (align > bytes || align < 1 || !Number.isInteger(Math.log2(align)) || (exact && align !== bytes)) {
    throw new InternalError(`${name}: alignment ${align} does not fit an access of ${bytes} bytes`)
  }
  return { kind: 'memory', offset, align } as const
}

function checkedLane(name: string, lane: number, lanes: number): number {
  if (!Number.isInteger(lane) || lane < 0 || lane >= lanes)
    throw new InternalError(`${name}: no lane ${lane} among ${lanes}`)
  return lane
}

/** A constant vector from its lanes. */
function vector<L>(
  shape: string,
  count: number,
  lanes: readonly L[],
  write: (view: DataView, at: number, lane: L) => void,
): Node<'v128'> {
  if (lanes.length !== count) throw new InternalError(`${shape}.const: ${lanes.length} lanes, it has ${count}`)
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  lanes.forEach((lane, i) => {
    write(view, (i * 16) / count, lane)
  })
  return { op: special['v128.const'], type: 'v128', args: [], immediate: { kind: 'v128', bytes } }
}

/**
 * `shuffle(a, b, lanes)`: lane i of the result is lane `lanes[i]` of a, then b. The instruction set has it for i8x16; for wider
 * lanes their bytes are written out.
 */
function shuffle(shape: string, count: number) {
  const bytes = 16 / count
  return (a: Operand<'v128'>, b: Operand<'v128'>, lanes: readonly number[]): Node<'v128'> => {
    if (lanes.length !== count) throw new InternalError(`${shape}.shuffle: ${lanes.length} lanes, it has ${count}`)
    const byteLanes = lanes.flatMap((lane) => {
      const first = checkedLane(`${shape}.shuffle`, lane, 2 * count) * bytes
      return Array.from({ length: bytes }, (_, i) => first + i)
    })
    const immediate = { kind: 'shuffle', lanes: byteLanes } as const
    return node(special['i8x16.shuffle'], ['v128', 'v128'], 'v128', [a, b], immediate)
  }
}
