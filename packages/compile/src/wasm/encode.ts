import { InternalError } from '@cotangent/core'
import { ByteWriter } from './bytes.ts'
import type { FunctionDefinition, Memory, ModuleContents } from './entities.ts'
import { nameSection } from './names.ts'
import { type Entity, type Label, type LocalEntity, type Node, type Operator, special, type Type } from './node.ts'
import { elseCode, endCode, typeCodes } from './opcodes.ts'
import { constant } from './operand.ts'
import { SignatureTable } from './signature.ts'

export interface EncodeOptions {
  /** Whether to name functions, for the engine's messages and profiles. Default: true. */
  readonly names?: boolean
}

const header = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
const functionTypeCode = 0x60
const functionReferenceCode = 0x70
const kindCodes = { func: 0, table: 1, memory: 2, global: 3 }

/** The module in WebAssembly's binary format (core specification, section 5). */
export function encode(module: ModuleContents, { names = true }: EncodeOptions = {}): Uint8Array<ArrayBuffer> {
  const { imports, functions, tables, memories, globals, exports, data } = module
  const indices = indexSpaces(module)
  const types = new SignatureTable()
  for (const { kind, entity } of imports) if (kind === 'func') types.indexOfFunc(entity)
  for (const { func } of functions) types.indexOfFunc(func)
  // Before the type section, since indirect calls add their types.
  const code = codeSection(functions, indices, types)

  const out = new ByteWriter(1 << 16)
  out.raw(header)
  section(out, 1, types.signatures, ({ params, result }, to) => {
    to.byte(functionTypeCode)
    to.list(params, (type) => to.byte(typeCodes[type]))
    to.list(result === 'none' ? [] : [result], (type) => to.byte(typeCodes[type]))
  })
  section(out, 2, imports, ({ module, name, kind, entity }, to) => {
    to.text(module)
    to.text(name)
    to.byte(kindCodes[kind])
    if (kind === 'func') to.u32(types.indexOfFunc(entity))
    else memoryLimits(to, entity)
  })
  section(out, 3, functions, ({ func }, to) => to.u32(types.indexOfFunc(func)))
  section(out, 4, tables, ({ functions }, to) => {
    to.byte(functionReferenceCode)
    to.byte(1)
    to.u32(functions.length)
    to.u32(functions.length)
  })
  section(out, 5, memories, (memory, to) => memoryLimits(to, memory))
  section(out, 6, globals, ({ global, initial }, to) => {
    to.byte(typeCodes[global.type])
    to.byte(global.mutable ? 1 : 0)
    constantExpression(to, initial)
  })
  section(out, 7, exports, ({ name, kind, entity }, to) => {
    to.text(name)
    to.byte(kindCodes[kind])
    to.u32(indexOf({ indices }, entity))
  })
  section(out, 9, tables, (table, to) => {
    const index = indexOf({ indices }, table)
    to.byte(index === 0 ? 0 : 2)
    if (index > 0) to.u32(index)
    constantExpression(to, constant('i32', 0))
    if (index > 0) to.byte(kindCodes.func)
    to.list(table.functions, (func) => to.u32(indexOf({ indices }, func)))
  })
  if (data.some(({ address }) => address === undefined)) {
    const count = new ByteWriter(8)
    count.u32(data.length)
    out.byte(12)
    out.sized(count)
  }
  if (functions.length > 0) {
    out.byte(10)
    out.sized(code)
  }
  section(out, 11, data, ({ bytes, address }, to) => {
    to.byte(address === undefined ? 1 : 0)
    if (address !== undefined) constantExpression(to, constant('i32', address))
    to.u32(bytes.length)
    to.raw(bytes)
  })
  if (names) {
    out.byte(0)
    out.sized(nameSection(module))
  }
  return out.toBytes()
}

type Indices = ReadonlyMap<Entity, number>

/** Each kind of entity is numbered for itself, imports first. */
function indexSpaces({ imports, functions, tables, globals, memories, data }: ModuleContents): Indices {
  const imported = imports.filter(({ kind }) => kind === 'func').map(({ entity }) => entity)
  const spaces: Entity[][] = [
    [...imported, ...functions.map(({ func }) => func)],
    [...tables],
    [...globals.map(({ global }) => global)],
    [...memories],
    [...data],
  ]
  return new Map(spaces.flatMap((space) => space.map((entity, index) => [entity, index])))
}

function indexOf({ indices }: { readonly indices: Indices }, entity: Entity): number {
  const index = indices.get(entity)
  if (index === undefined) throw new InternalError(`${entity.name} belongs to another module`)
  return index
}

function section<T>(out: ByteWriter, id: number, items: readonly T[], write: (item: T, to: ByteWriter) => void): void {
  if (items.length === 0) return
  const content = new ByteWriter()
  content.list(items, (item) => write(item, content))
  out.byte(id)
  out.sized(content)
}

function memoryLimits(to: ByteWriter, { initial, maximum, shared = false }: Memory): void {
  to.byte((maximum === undefined ? 0 : 1) | (shared ? 2 : 0))
  to.u32(initial)
  if (maximum !== undefined) to.u32(maximum)
}

/** What code is written with: where to, and what its names mean there. */
interface Context {
  readonly out: ByteWriter
  readonly locals: readonly LocalEntity[]
  readonly labels: Label[]
  readonly indices: Indices
  readonly types: SignatureTable
}

function codeSection(functions: readonly FunctionDefinition[], indices: Indices, types: SignatureTable): ByteWriter {
  const section = new ByteWriter(1 << 14)
  const out = new ByteWriter(1 << 12)
  section.list(functions, ({ func, locals, body }) => {
    out.clear()
    localTypes(out, locals.slice(Object.keys(func.params).length))
    expression(body, { out, locals, labels: [], indices, types })
    section.sized(out)
  })
  return section
}

/** Runs of equal types: how many, and which. */
function localTypes(out: ByteWriter, locals: readonly LocalEntity[]): void {
  const runs: { count: number; readonly type: Type }[] = []
  for (const { type } of locals) {
    const last = runs.at(-1)
    if (last?.type === type) last.count++
    else runs.push({ count: 1, type })
  }
  out.list(runs, ({ count, type }) => {
    out.u32(count)
    out.byte(typeCodes[type])
  })
}

function constantExpression(out: ByteWriter, node: Node): void {
  expression([node], { out, locals: [], labels: [], indices: new Map(), types: new SignatureTable() })
}

function expression(nodes: readonly Node[], context: Context): void {
  for (const node of nodes) instruction(node, context)
  context.out.byte(endCode)
}

function instruction(node: Node, context: Context): void {
  if (node.immediate.kind === 'body') {
    structured(node, node.immediate.label, context)
    return
  }
  const { args } = node
  for (let i = 0; i < args.length; i++) instruction(args[i]!, context)
  if (node.op === special.sequence) return
  opcode(node.op.code, context.out)
  immediate(node, context)
}

/** A block, a loop, or an `if` whose arguments are the condition and the two branches. */
function structured({ op, type, args }: Node, label: Label, context: Context): void {
  const { out, labels } = context
  const [condition, then, otherwise] = args
  if (op === special.if) instruction(condition!, context)
  out.byte(op.code)
  out.byte(typeCodes[type])
  labels.push(label)
  if (op === special.if) {
    instruction(then!, context)
    if (otherwise!.args.length > 0) out.byte(elseCode)
    instruction(otherwise!, context)
  } else {
    for (const arg of args) instruction(arg, context)
  }
  labels.pop()
  out.byte(endCode)
}

/** A prefixed opcode is its prefix, then its number in LEB128 (opcodes.ts tells how the table writes them). */
function opcode(code: number, out: ByteWriter): void {
  if (code <= 0xff) {
    out.byte(code)
  } else {
    out.byte(code >> 12)
    out.u32(code & 0xfff)
  }
}

function immediate({ op, immediate }: Node, context: Context): void {
  const { out } = context
  switch (immediate.kind) {
    case 'none':
    case 'body':
      return
    case 'local':
      if (context.locals[immediate.local.index] !== immediate.local) {
        throw new InternalError(`${op.name}: local ${immediate.local.name} belongs to another function`)
      }
      out.u32(immediate.local.index)
      return
    case 'memory':
      out.u32(Math.log2(immediate.align))
      out.u32(immediate.offset)
      if (immediate.lane !== undefined) out.byte(immediate.lane)
      return
    case 'i32':
      out.s32(immediate.value)
      return
    case 'i64':
      out.s64(immediate.value)
      return
    case 'f32':
      out.f32(immediate.value)
      return
    case 'f64':
      out.f64(immediate.value)
      return
    case 'v128':
      out.raw(immediate.bytes)
      return
    case 'shuffle':
      for (const lane of immediate.lanes) out.byte(lane)
      return
    case 'lane':
      out.byte(immediate.lane)
      return
    case 'reserved':
      for (let i = 0; i < immediate.zeros; i++) out.byte(0)
      return
    case 'global':
      out.u32(indexOf(context, immediate.global))
      return
    case 'call':
      out.u32(indexOf(context, immediate.func))
      return
    case 'callIndirect':
      out.u32(context.types.indexOf(immediate.signature))
      out.u32(indexOf(context, immediate.table))
      return
    case 'data':
      out.u32(indexOf(context, immediate.data))
      for (let i = 0; i < immediate.zeros; i++) out.byte(0)
      return
    case 'branch':
      if (op === special.br_table) out.u32(immediate.labels.length - 1)
      for (const label of immediate.labels) out.u32(depth(label, op, context))
  }
}

/** How many blocks stand between a branch and the one it goes to. */
function depth(label: Label, { name }: Operator, { labels }: Context): number {
  const at = labels.lastIndexOf(label)
  if (at < 0) throw new InternalError(`${name}: it stands outside the ${label.name} it branches to`)
  return labels.length - 1 - at
}
