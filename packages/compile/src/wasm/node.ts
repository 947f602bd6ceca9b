import { specialOpcodes, type typeCodes } from './opcodes.ts'

/** What a node leaves on the stack: one value, or nothing (a statement). */
export type Type = keyof typeof typeCodes
export type ValueType = Exclude<Type, 'none'>

/** An instruction of the set: its name in the text format and its opcode. */
export interface Operator {
  readonly name: string
  readonly code: number
}

/**
 * An expression or statement: plain immutable data. Its code is emitted wherever the node stands, so a node that stands in two
 * places runs twice; a value that is needed twice belongs in a local.
 */
export interface Node<T extends Type = Type> {
  readonly op: Operator
  readonly type: T
  readonly args: readonly Node[]
  readonly immediate: Immediate
}

/** What an instruction carries besides its operands. Offsets and alignments are in bytes. */
export type Immediate =
  | { readonly kind: 'none' }
  | { readonly kind: 'i32' | 'f32' | 'f64'; readonly value: number }
  | { readonly kind: 'i64'; readonly value: bigint }
  | { readonly kind: 'v128'; readonly bytes: Uint8Array }
  | { readonly kind: 'shuffle'; readonly lanes: readonly number[] }
  | { readonly kind: 'lane'; readonly lane: number }
  | { readonly kind: 'memory'; readonly offset: number; readonly align: number; readonly lane?: number }
  | { readonly kind: 'reserved'; readonly zeros: number }
  | { readonly kind: 'local'; readonly local: LocalEntity }
  | { readonly kind: 'global'; readonly global: Entity }
  | { readonly kind: 'data'; readonly data: Entity; readonly zeros: number }
  | { readonly kind: 'call'; readonly func: Entity }
  | { readonly kind: 'callIndirect'; readonly table: Entity; readonly signature: Signature }
  | { readonly kind: 'branch'; readonly labels: readonly Label[] }
  | { readonly kind: 'body'; readonly label: Label }

/** A part of the module that instructions refer to; the encoder finds its index by identity. */
export interface Entity {
  readonly name: string
}

export interface LocalEntity extends Entity {
  readonly type: ValueType
  readonly index: number
}

/** Where a branch goes: past the end of its block, or back to the start of its loop. */
export interface Label {
  readonly name: string
}

export interface Signature {
  readonly params: readonly ValueType[]
  readonly result: Type
}

/** One statement, or several in order; nesting is flattened, so `Array.map` unrolls a loop. */
export type Body = Node<'none'> | readonly Body[]

export const noImmediate: Immediate = { kind: 'none' }

/** Instructions with an encoding of their own, and `sequence`, which has no code: its arguments, one after the other. */
export const special: { readonly [name in keyof typeof specialOpcodes | 'sequence']: Operator } = {
  sequence: { name: 'sequence', code: -1 },
  ...mapValues(specialOpcodes, (code, name) => ({ name, code })),
}

function mapValues<K extends string, V, W>(record: Readonly<Record<K, V>>, f: (value: V, key: K) => W): Record<K, W> {
  // Object.entries forgets the key type; the record has exactly its own keys.
  const entries = Object.entries(record) as [K, V][]
  return Object.fromEntries(entries.map(([key, value]) => [key, f(value, key)])) as Record<K, W>
}
