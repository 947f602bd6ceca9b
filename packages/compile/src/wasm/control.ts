import { InternalError } from '@cotangent/core'
import type { Func, Local, Params, Table } from './entities.ts'
import { i32 } from './instructions.ts'
import {
  type Body,
  type Label,
  type Node,
  noImmediate,
  type Signature,
  special,
  type Type,
  type ValueType,
} from './node.ts'
import { type Operand, type Readable, statements, toNode } from './operand.ts'

/** Statements in order; with a value, an expression that runs them first. */
export function sequence(body: Body): Node<'none'>
export function sequence<T extends ValueType>(body: Body, value: Node<T> | Readable<T>): Node<T>
export function sequence(body: Body, value?: Node | Readable<ValueType>): Node {
  const args: Node[] = statements(body, 'sequence')
  if (value === undefined) return { op: special.sequence, type: 'none', args, immediate: noImmediate }
  const last = 'get' in value ? value.get : value
  return { op: special.sequence, type: last.type, args: [...args, last], immediate: noImmediate }
}

/** A block of statements; a branch to its label leaves it. */
export function block(build: (exit: Label) => Body): Node<'none'> {
  const label = { name: 'exit' }
  return {
    op: special.block,
    type: 'none',
    args: statements(build(label), 'block'),
    immediate: { kind: 'body', label },
  }
}

/** Statements that a branch to the label runs again; without one they run once. */
export function loop(build: (again: Label) => Body): Node<'none'> {
  const label = { name: 'again' }
  return { op: special.loop, type: 'none', args: statements(build(label), 'loop'), immediate: { kind: 'body', label } }
}

export function br(label: Label): Node<'none'> {
  return { op: special.br, type: 'none', args: [], immediate: { kind: 'branch', labels: [label] } }
}

export function brIf(label: Label, condition: Operand<'i32'>): Node<'none'> {
  const args = [toNode('i32', condition, 'br_if', 'the condition')]
  return { op: special.br_if, type: 'none', args, immediate: { kind: 'branch', labels: [label] } }
}

/** Branches to `labels[index]`, or to `otherwise` from their number on. */
export function brTable(index: Operand<'i32'>, labels: readonly Label[], otherwise: Label): Node<'none'> {
  const args = [toNode('i32', index, 'br_table', 'the index')]
  return { op: special.br_table, type: 'none', args, immediate: { kind: 'branch', labels: [...labels, otherwise] } }
}

export function ifElse(condition: Operand<'i32'>, then: Body, otherwise: Body = []): Node<'none'> {
  return ifNode(condition, sequence(then), sequence(otherwise))
}

/** The value of the branch taken; only that one is evaluated. */
export function ifValue<T extends ValueType>(
  condition: Operand<'i32'>,
  then: Node<T> | Readable<T>,
  otherwise: NoInfer<Node<T> | Readable<T>>,
): Node<T> {
  const value = sequence([], then)
  return ifNode(condition, value, sequence([], toNode(value.type, otherwise, 'if', 'the second value')))
}

function ifNode<T extends Type>(condition: Operand<'i32'>, then: Node<T>, otherwise: Node<T>): Node<T> {
  const args = [toNode('i32', condition, 'if', 'the condition'), then, otherwise]
  return { op: special.if, type: then.type, args, immediate: { kind: 'body', label: { name: 'if' } } }
}

/** The first value where the condition is not 0, else the second; both are evaluated, before the condition. */
export function select<T extends ValueType>(
  a: Node<T> | Readable<T>,
  b: NoInfer<Operand<T>>,
  condition: Operand<'i32'>,
): Node<T> {
  const first = 'get' in a ? a.get : a
  const args = [first, toNode(first.type, b, 'select', 1), toNode('i32', condition, 'select', 'the condition')]
  return { op: special.select, type: first.type, args, immediate: noImmediate }
}

type Arguments<P extends Params> = { readonly [K in keyof P]: Operand<P[K]> }

/** Calls a function of the module, or an imported one; arguments by name, evaluated in the order of the parameters. */
export function call<P extends Params, R extends Type>(
  func: Func<P, R>,
  ...[given]: Record<never, never> extends Arguments<P> ? [Arguments<P>?] : [Arguments<P>]
): Node<R> {
  const params = Object.entries<ValueType>(func.params)
  const operands: { readonly [name: string]: Operand | undefined } = { ...given }
  const unknown = Object.keys(operands).find((name) => !(name in func.params))
  if (unknown !== undefined) throw new InternalError(`call ${func.name}: it has no parameter ${unknown}`)
  const args = params.map(([name, type]) => {
    const operand = operands[name]
    if (operand === undefined) throw new InternalError(`call ${func.name}: argument ${name} is missing`)
    return toNode(type, operand, func.name, name)
  })
  return { op: special.call, type: func.result, args, immediate: { kind: 'call', func } }
}

/** Calls the function at an index of a table; a trap when its signature is another. */
export function callIndirect<R extends Type>(
  table: Table,
  index: Operand<'i32'>,
  signature: Signature & { readonly result: R },
  operands: readonly Operand[],
): Node<R> {
  if (operands.length !== signature.params.length) {
    throw new InternalError(`call_indirect: ${operands.length} arguments for ${signature.params.length} parameters`)
  }
  const args: Node[] = signature.params.map((type, i) => toNode(type, operands[i]!, 'call_indirect', i))
  args.push(toNode('i32', index, 'call_indirect', 'the index'))
  return {
    op: special.call_indirect,
    type: signature.result,
    args,
    immediate: { kind: 'callIndirect', table, signature },
  }
}

/** Leaves the function before its end, with its result where it has one. */
export function earlyReturn(value?: Node | Readable<ValueType>): Node<'none'> {
  const args = value === undefined ? [] : ['get' in value ? value.get : value]
  return { op: special.return, type: 'none', args, immediate: noImmediate }
}

/** Evaluates a value and forgets it. */
export function drop(value: Node): Node<'none'> {
  return { op: special.drop, type: 'none', args: [value], immediate: noImmediate }
}

export function unreachable(): Node<'none'> {
  return { op: special.unreachable, type: 'none', args: [], immediate: noImmediate }
}

export interface RangeOptions {
  /** Known to run once or more: no test before the first round. */
  readonly atLeastOnce?: boolean
  /** Compares as unsigned, as addresses want it. */
  readonly unsigned?: boolean
}

/**
 * Counts from `begin` below `end` by `step`, testing after each round, and before the first one only where it may be missing.
 * `end` and `step` are evaluated every round: keep what is not a literal in a local. After rounds were run the counter is the
 * first value not below `end`. Compares as signed.
 */
export function forRange(
  counter: Local<'i32'>,
  begin: Operand<'i32'>,
  end: Operand<'i32'>,
  step: Operand<'i32'>,
  body: Body,
  { atLeastOnce = false, unsigned = false }: RangeOptions = {},
): Node<'none'> {
  const less = unsigned ? i32.lt_u : i32.lt_s
  const rounds = doWhile(body, less(counter.tee(i32.add(counter, step)), end))
  const known = typeof begin === 'number' && typeof end === 'number'
  if (atLeastOnce || (known && begin < end)) return sequence([counter.set(begin), rounds])
  return sequence([counter.set(begin), known ? [] : ifElse(less(counter, end), rounds)])
}

/** Runs the body, and again as long as the condition is not 0 after it. */
export function doWhile(body: Body, condition: Operand<'i32'>): Node<'none'> {
  return loop((again) => [body, brIf(again, condition)])
}

/** Runs the body as long as the condition is not 0 before it. */
export function whileLoop(condition: Operand<'i32'>, body: Body): Node<'none'> {
  return ifElse(condition, doWhile(body, condition))
}

/** Runs the body while the counter is below `end`, one turn further each time. */
export const whileBelow = (counter: Local<'i32'>, end: Operand<'i32'>, body: Body): Node<'none'> =>
  whileLoop(i32.lt_s(counter, end), [body, counter.set(i32.add(counter, 1))])

/** The lesser of two counters. */
export const lesser = (x: Node<'i32'>, y: Node<'i32'>): Node<'i32'> => select(x, y, i32.lt_s(x, y))
