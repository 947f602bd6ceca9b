import { InternalError } from '@cotangent/core'
import type { Affine } from '../affine.ts'
import type { Guard, Value } from '../value.ts'
import { ifValue } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { i32 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import type { Arithmetic } from './arithmetic.ts'
import type { Cursor, Cursors } from './cursor.ts'

/** What elements are computed with: one at a time, or side by side along the loop `along`. */
export interface ElementContext {
  readonly f: FunctionBuilder
  readonly cursors: Cursors
  readonly counters: readonly Local<'i32'>[]
  readonly arithmetic: Arithmetic
  /** For single elements, to compute what lanes share. */
  readonly single: Arithmetic
  /** The loop whose turns the lanes are. */
  readonly along: number
}

/** An element, or as many as there are lanes: statements to run first, and the value. */
export interface Element {
  readonly before: readonly Node<'none'>[]
  readonly value: Node
}

/** The code for `value` at the present turn of the loops. Parts that occur several times are computed once, into locals. */
export function emitElement(value: Value, context: ElementContext): Element {
  const { before, values } = emitElements([value], context)
  return { before, value: values[0]! }
}

/** The code for several values at once, which may share parts. */
export function emitElements(
  values: readonly Value[],
  context: ElementContext,
): { readonly before: readonly Node<'none'>[]; readonly values: readonly Node[] } {
  const uses = countUses(values)
  const locals = new Map<Value, Local>()
  const before: Node<'none'>[] = []
  const emit = (part: Value, guarded: boolean): Node => {
    const known = locals.get(part)
    if (known) return known.get
    const node = emitPart(part, guarded)
    // What stands under a guard may not run: it is not kept for elsewhere.
    if (guarded || part.op === 'constant' || (uses.get(part) ?? 0) < 2) return node
    const local = context.f.local(node.type as Exclude<Node['type'], 'none'>, 'shared')
    before.push(local.set(node as Node<typeof local.type>))
    locals.set(part, local)
    return local.get
  }
  const emitPart = (part: Value, guarded: boolean): Node => {
    switch (part.op) {
      case 'constant':
        return context.arithmetic.constant(part.dtype, part.value)
      case 'load':
        return emitLoad(part, context)
      case 'guard': {
        const inside = emit(part.value, true)
        return ifValue(
          allInside(part.guards, context.counters),
          inside as Node<'v128'>,
          context.arithmetic.constant(part.dtype, part.fill) as Node<'v128'>,
        )
      }
      case 'apply': {
        const operands = part.operands.map((operand) => emit(operand, guarded))
        return context.arithmetic.apply(part.name, part.dtype, operandDType(part), operands)
      }
    }
  }
  return { before, values: values.map((value) => emit(value, false)) }
}

/** The dtype that an operation works in: that of its operands, or of what a select chooses between. */
const operandDType = (part: Extract<Value, { op: 'apply' }>) =>
  (part.name === 'select' ? part.operands[1]! : part.operands[0]!).dtype

type Load = Extract<Value, { op: 'load' }>

/** Where a load reads at the present turn of the loops: at an address, to which the offset of a cursor is added. */
export function placeOfLoad(
  { buffer, dtype, index, indirect }: Load,
  context: ElementContext,
): { readonly cursor: Cursor; readonly address: Node<'i32'> } {
  const cursor = context.cursors.at(buffer, dtype, index)
  if (indirect === undefined) return { cursor, address: cursor.local.get }
  return { cursor, address: i32.add(cursor.local, lookedUp(indirect, cursor.bytes, context)) }
}

function emitLoad(part: Load, context: ElementContext): Node {
  const { arithmetic, along } = context
  const { cursor, address } = placeOfLoad(part, context)
  if (arithmetic.lanes === 1) return arithmetic.load(part.dtype, address, cursor.offset)
  const step = part.index.by[along] ?? 0
  if (step === 1) return arithmetic.load(part.dtype, address, cursor.offset)
  if (step === 0) return arithmetic.loadOne(part.dtype, address, cursor.offset)
  return arithmetic.loadApart(part.dtype, address, cursor.offset, step * cursor.bytes)
}

function lookedUp(
  { value, stride }: NonNullable<Extract<Value, { op: 'load' }>['indirect']>,
  bytes: number,
  context: ElementContext,
): Node<'i32'> {
  const index = emitElement(value, { ...context, arithmetic: context.single })
  if (index.before.length > 0) throw new InternalError('an index with parts of its own')
  return i32.mul(index.value as Node<'i32'>, stride * bytes)
}

/** 1 where every place is inside its bounds. Compared as unsigned: below 0 is beyond every bound. */
export function allInside(guards: readonly Guard[], counters: readonly Local<'i32'>[]): Node<'i32'> {
  return guards
    .map(({ place, below }) => i32.lt_u(affineNode(place, counters), below))
    .reduce((all, one) => i32.and(all, one))
}

/** The value of a place in terms of the loop counters. */
function affineNode({ base, by }: Affine, counters: readonly Local<'i32'>[]): Node<'i32'> {
  const terms = by.flatMap((coefficient, axis) => {
    if (coefficient === 0) return []
    const counter = counters[axis]!.get
    return [coefficient === 1 ? counter : i32.mul(counter, coefficient)]
  })
  const sum = terms.reduce<Node<'i32'> | undefined>((total, term) => (total ? i32.add(total, term) : term), undefined)
  if (sum === undefined) return i32.const(base)
  return base === 0 ? sum : i32.add(sum, base)
}

function countUses(values: readonly Value[]): Map<Value, number> {
  const uses = new Map<Value, number>()
  const visit = (part: Value): void => {
    const before = uses.get(part) ?? 0
    uses.set(part, before + 1)
    if (before > 0) return
    if (part.op === 'guard') visit(part.value)
    if (part.op === 'apply') part.operands.forEach(visit)
  }
  values.forEach(visit)
  return uses
}

/** Whether `value` can be computed for several turns of loop `along` at once: its guards and looked-up places alike in all of them. */
export function uniformAlong(value: Value, along: number): boolean {
  const still = (affine: Affine) => (affine.by[along] ?? 0) === 0
  switch (value.op) {
    case 'constant':
      return true
    case 'load': {
      const step = value.index.by[along] ?? 0
      // Bytes are only loaded side by side.
      const near = step === 0 || step === 1 || (value.dtype !== 'uint8' && value.dtype !== 'bool')
      return near && (value.indirect === undefined || affinesStill(value.indirect.value, still))
    }
    case 'guard':
      return value.guards.every(({ place }) => still(place)) && uniformAlong(value.value, along)
    case 'apply':
      return value.operands.every((operand) => uniformAlong(operand, along))
  }
}

function affinesStill(value: Value, still: (affine: Affine) => boolean): boolean {
  switch (value.op) {
    case 'constant':
      return true
    case 'load':
      return still(value.index) && (value.indirect === undefined || affinesStill(value.indirect.value, still))
    case 'guard':
      return value.guards.every(({ place }) => still(place)) && affinesStill(value.value, still)
    case 'apply':
      return value.operands.every((operand) => affinesStill(operand, still))
  }
}
