import { InternalError } from '@cotangent/core'
import { type Body, type Node, special, type Type, type ValueType } from './node.ts'

/** What stands where a value is wanted: a node, a local or global (read there), or a literal number. */
export type Operand<T extends ValueType = ValueType> = Node<T> | Readable<T> | Literal<T>

export type Literal<T extends ValueType> = T extends 'i64' ? bigint : T extends 'v128' ? never : number

/** A local or global. */
export interface Readable<T extends ValueType> {
  readonly get: Node<T>
}

/**
 * The node that an operand stands for; throws when its type is not the one wanted. For the message: the operator, and the
 * operand's name or number.
 */
export function toNode<T extends ValueType>(type: T, operand: Operand, op: string, what: string | number): Node<T> {
  const node = typeof operand !== 'object' ? constant(type, operand) : 'get' in operand ? operand.get : operand
  if (hasType(node, type)) return node
  const place = typeof what === 'string' ? what : `operand ${what + 1}`
  throw new InternalError(`${op}: ${place} is ${type}, it cannot be ${node.op.name} of type ${node.type}`)
}

/**
 * The constant of a literal: i32 from −2³¹ to 2³² − 1, i64 from −2⁶³ to 2⁶⁴ − 1; f32 rounds to nearest; a NaN becomes the
 * canonical one.
 */
export function constant(type: ValueType, literal: number | bigint): Node {
  if (typeof literal === 'bigint') {
    if (type !== 'i64' || (BigInt.asIntN(64, literal) !== literal && BigInt.asUintN(64, literal) !== literal)) {
      throw new InternalError(`${type}.const: ${literal}n is not a value of that type`)
    }
    return { op: special['i64.const'], type, args: [], immediate: { kind: 'i64', value: BigInt.asIntN(64, literal) } }
  }
  switch (type) {
    case 'i32':
      if ((literal | 0) !== literal && literal >>> 0 !== literal)
        throw new InternalError(`i32.const: ${literal} is not a 32-bit integer`)
      return { op: special['i32.const'], type, args: [], immediate: { kind: 'i32', value: literal | 0 } }
    case 'f32':
      return { op: special['f32.const'], type, args: [], immediate: { kind: 'f32', value: Math.fround(literal) } }
    case 'f64':
      return { op: special['f64.const'], type, args: [], immediate: { kind: 'f64', value: literal } }
    default:
      throw new InternalError(`${type}.const: ${literal} is a number; ${type} constants are made otherwise`)
  }
}

/** The statements of a body in order, nesting flattened; throws at one that leaves a value. */
export function statements(body: Body, where: string): Node<'none'>[] {
  const flat: Node<'none'>[] = []
  flatten(body, where, flat)
  return flat
}

function flatten(body: Body, where: string, flat: Node<'none'>[]): void {
  if (isList(body)) {
    for (const part of body) flatten(part, where, flat)
  } else if (body.type === 'none') {
    flat.push(body)
  } else {
    throw new InternalError(
      `${where}: ${body.op.name} leaves a value of type ${body.type} where a statement stands; drop it`,
    )
  }
}

function isList(body: Body): body is readonly Body[] {
  return Array.isArray(body)
}

function hasType<T extends Type>(node: Node, type: T): node is Node<T> {
  return node.type === type
}
