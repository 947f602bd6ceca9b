import { InternalError } from '@cotangent/core'
import { type EncodeOptions, encode } from './encode.ts'
import {
  type DataSegment,
  type Export,
  type Func,
  type FunctionDefinition,
  Global,
  type GlobalDefinition,
  type Import,
  Local,
  type Memory,
  type MemoryLimits,
  type Params,
  type Table,
} from './entities.ts'
import type { Body, Entity, Node, Type, ValueType } from './node.ts'
import { type Literal, type Operand, statements, toNode } from './operand.ts'
import { print } from './wat.ts'

/** The name that something is exported by; `true` for its own. */
interface ExportOption {
  readonly export?: boolean | string
}

interface NamedSignature<P extends Params, R extends Type> {
  readonly params?: P
  readonly result?: R
}

type ParamLocals<P extends Params> = { readonly [K in keyof P]: Local<P[K]> }
type FunctionBody<R extends Type> = R extends ValueType ? Operand<R> : Body

/**
 * A WebAssembly module under construction. Parts are numbered as they are added; a name that is taken gets a number behind.
 *
 * @example
 * const module = new WasmModule('example')
 * module.func('add', { params: { a: 'i32', b: 'i32' }, result: 'i32', export: true }, ({ a, b }) => i32.add(a, b))
 * const bytes = module.encode()
 */
export class WasmModule {
  readonly #name: string
  readonly #imports: Import[] = []
  readonly #functions: FunctionDefinition[] = []
  readonly #tables: Table[] = []
  readonly #memories: Memory[] = []
  readonly #globals: GlobalDefinition[] = []
  readonly #exports: Export[] = []
  readonly #data: DataSegment[] = []
  readonly #names = new Map<string, Set<string>>()

  constructor(name: string) {
    this.#name = name
  }

  /**
   * Defines a function. `build` gets its parameters as locals and a builder for more of them, and gives the body: statements,
   * or for a function with a result the expression that is its value (`sequence(statements, value)` with statements first).
   */
  func<const P extends Params = Record<never, never>, const R extends Type = 'none'>(
    name: string,
    signature: NamedSignature<P, R> & ExportOption,
    build: (params: ParamLocals<P>, f: FunctionBuilder) => FunctionBody<NoInfer<R>>,
  ): Func<P, R> {
    const func = this.#declare(name, signature)
    const f = new FunctionBuilder()
    const params = Object.fromEntries(
      Object.entries<ValueType>(func.params).map(([key, type]) => [key, f.local(type, key)]),
    )
    // One local per parameter, of its type; and the body is what FunctionBody says for that result.
    const body = build(params as ParamLocals<P>, f) as Body | Operand
    this.#functions.push({ func, locals: f.all, body: functionBody(func, body) })
    this.#export('func', func, signature)
    return func
  }

  importFunc<const P extends Params = Record<never, never>, const R extends Type = 'none'>(
    module: string,
    name: string,
    signature: NamedSignature<P, R> = {},
  ): Func<P, R> {
    const entity = this.#declare(name, signature)
    this.#imports.push({ module, name, kind: 'func', entity })
    return entity
  }

  /** Imports the memory; sizes in pages of 65,536 bytes. */
  importMemory(module: string, name: string, limits: MemoryLimits): void {
    this.#imports.push({ module, name, kind: 'memory', entity: this.#memory(limits) })
  }

  /** Defines the memory; sizes in pages of 65,536 bytes. */
  memory(limits: MemoryLimits & ExportOption): void {
    const memory = this.#memory(limits)
    this.#memories.push(memory)
    this.#export('memory', memory, limits)
  }

  /** Defines a global, mutable unless said otherwise. */
  global<T extends Exclude<ValueType, 'v128'>>(
    name: string,
    type: T,
    initial: Literal<T>,
    options: { readonly mutable?: boolean } & ExportOption = {},
  ): Global<T> {
    const global = new Global(this.#unique('global', name), type, options.mutable ?? true)
    this.#globals.push({ global, initial: toNode(type, initial, 'global', name) })
    this.#export('global', global, options)
    return global
  }

  /** Defines a table of these functions, for `callIndirect`. */
  table(name: string, functions: readonly Func[], options: ExportOption = {}): Table {
    const table = { name: this.#unique('table', name), functions }
    this.#tables.push(table)
    this.#export('table', table, options)
    return table
  }

  /** Bytes that instantiating the module writes at an address; without one they are passive, for `memory.init`. */
  data(name: string, bytes: Uint8Array, address?: number): DataSegment {
    const segment = { name: this.#unique('data', name), bytes, address }
    this.#data.push(segment)
    return segment
  }

  /** The binary format. */
  encode(options: EncodeOptions = {}): Uint8Array<ArrayBuffer> {
    return encode(this.#contents(), options)
  }

  /** The text format. */
  toWat(): string {
    return print(this.#contents())
  }

  #contents() {
    return {
      name: this.#name,
      imports: this.#imports,
      functions: this.#functions,
      tables: this.#tables,
      memories: this.#memories,
      globals: this.#globals,
      exports: this.#exports,
      data: this.#data,
    }
  }

  #declare<P extends Params, R extends Type>(name: string, { params, result }: NamedSignature<P, R>): Func<P, R> {
    // JavaScript would put such keys of an object first.
    const numeric = Object.keys(params ?? {}).find((key) => /^\d+$/.test(key))
    if (numeric !== undefined)
      throw new InternalError(`function ${name}: parameter ${numeric} needs a name that is no number`)
    // Absent means none of them, which is what the type parameters default to.
    return { name: this.#unique('func', name), params: params ?? ({} as P), result: result ?? ('none' as R) }
  }

  #memory({ initial, maximum, shared = false }: MemoryLimits): Memory {
    if (shared && maximum === undefined) throw new InternalError('memory: a shared memory needs a maximum')
    return { name: this.#unique('memory', 'memory'), initial, maximum, shared }
  }

  #export(kind: Export['kind'], entity: Entity, option: ExportOption): void {
    if (!option.export) return
    const name = option.export === true ? entity.name : option.export
    if (this.#exports.some((other) => other.name === name)) throw new InternalError(`two exports are named ${name}`)
    this.#exports.push({ name, kind, entity })
  }

  #unique(kind: string, name: string): string {
    const taken = this.#names.get(kind) ?? new Set()
    this.#names.set(kind, taken)
    return uniqueName(taken, name)
  }
}

/** Adds locals to a function while its body is built. */
export class FunctionBuilder {
  readonly #locals: Local[] = []
  readonly #names = new Set<string>()

  /** A new local, zero when the function starts. */
  local<T extends ValueType>(type: T, name: string): Local<T> {
    const local = new Local(uniqueName(this.#names, name), type, this.#locals.length)
    this.#locals.push(local)
    return local
  }

  /** So many new locals, named `name0`, `name1`, … */
  locals<T extends ValueType>(type: T, name: string, count: number): Local<T>[] {
    return Array.from({ length: count }, (_, i) => this.local(type, `${name}${i}`))
  }

  /** All of them, the parameters first. */
  get all(): readonly Local[] {
    return this.#locals
  }
}

function functionBody({ name, result }: Func, body: Body | Operand): readonly Node[] {
  const where = `function ${name}`
  // FunctionBody is an operand where the function has a result, else a body.
  if (result !== 'none') return [toNode(result, body as Operand, where, 'the result')]
  return statements(body as Body, where)
}

/** The name, or where it is taken the first free one of `name.1`, `name.2`, … */
function uniqueName(taken: Set<string>, name: string): string {
  if (!/^[\w!#$%&'*+./:<=>?@\\^`|~-]+$/.test(name)) throw new InternalError(`"${name}" is no name in the text format`)
  let unique = name
  for (let i = 1; taken.has(unique); i++) unique = `${name}.${i}`
  taken.add(unique)
  return unique
}
