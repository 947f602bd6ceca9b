import { type Entity, type Node, special, type Type, type ValueType } from './node.ts'
import { type Operand, type Readable, toNode } from './operand.ts'

/** A variable of a function. Itself an operand: it is read where it stands. */
export class Local<T extends ValueType = ValueType> implements Readable<T> {
  readonly name: string
  readonly type: T
  readonly index: number
  readonly get: Node<T>

  constructor(name: string, type: T, index: number) {
    this.name = name
    this.type = type
    this.index = index
    this.get = { op: special['local.get'], type, args: [], immediate: { kind: 'local', local: this } }
  }

  set(value: Operand<T>): Node<'none'> {
    return { op: special['local.set'], type: 'none', args: [this.#checked(value)], immediate: this.get.immediate }
  }

  /** Sets it and gives the value. */
  tee(value: Operand<T>): Node<T> {
    return { op: special['local.tee'], type: this.type, args: [this.#checked(value)], immediate: this.get.immediate }
  }

  #checked(value: Operand<T>): Node<T> {
    return toNode(this.type, value, 'local.set', this.name)
  }
}

/** A variable of the module; an operand like a local. */
export class Global<T extends ValueType = ValueType> implements Readable<T> {
  readonly name: string
  readonly type: T
  readonly mutable: boolean
  readonly get: Node<T>

  constructor(name: string, type: T, mutable: boolean) {
    this.name = name
    this.type = type
    this.mutable = mutable
    this.get = { op: special['global.get'], type, args: [], immediate: { kind: 'global', global: this } }
  }

  set(value: Operand<T>): Node<'none'> {
    const args = [toNode(this.type, value, 'global.set', this.name)]
    return { op: special['global.set'], type: 'none', args, immediate: this.get.immediate }
  }
}

/** Parameter names and types, in order. */
export type Params = { readonly [name: string]: ValueType }

export interface Func<P extends Params = Params, R extends Type = Type> extends Entity {
  readonly params: P
  readonly result: R
}

export interface Memory extends Entity, MemoryLimits {}

/** Sizes in pages of 65,536 bytes. A shared memory needs a maximum. */
export interface MemoryLimits {
  readonly initial: number
  readonly maximum?: number
  readonly shared?: boolean
}

/** Functions to be called by their index. */
export interface Table extends Entity {
  readonly functions: readonly Func[]
}

/** Bytes placed at an address when the module is instantiated, or passive: copied by `memory.init`. */
export interface DataSegment extends Entity {
  readonly bytes: Uint8Array
  readonly address?: number
}

/** What a module consists of, as plain data in the order of its index spaces, where imports come first. */
export interface ModuleContents {
  readonly name: string
  readonly imports: readonly Import[]
  readonly functions: readonly FunctionDefinition[]
  readonly tables: readonly Table[]
  readonly memories: readonly Memory[]
  readonly globals: readonly GlobalDefinition[]
  readonly exports: readonly Export[]
  readonly data: readonly DataSegment[]
}

export type Import = { readonly module: string; readonly name: string } & (
  | { readonly kind: 'func'; readonly entity: Func }
  | { readonly kind: 'memory'; readonly entity: Memory }
)

export interface FunctionDefinition {
  readonly func: Func
  /** The parameters, then the other locals. */
  readonly locals: readonly Local[]
  readonly body: readonly Node[]
}

export interface GlobalDefinition {
  readonly global: Global
  readonly initial: Node
}

export interface Export {
  readonly name: string
  readonly kind: 'func' | 'table' | 'memory' | 'global'
  readonly entity: Entity
}
