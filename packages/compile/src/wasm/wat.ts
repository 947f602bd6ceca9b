import type { Func, FunctionDefinition, Memory, ModuleContents } from './entities.ts'
import { type Entity, type Label, type Node, type Signature, special } from './node.ts'
import { SignatureTable } from './signature.ts'

/** The module in WebAssembly's text format, folded: operands stand inside the parentheses of what takes them. */
export function print({ name, imports, functions, tables, memories, globals, exports, data }: ModuleContents): string {
  const types = new SignatureTable()
  // The functions' types are numbered before those of indirect calls, as in the binary format.
  const importTexts = imports.map(({ module, name, kind, entity }) => {
    const what = kind === 'func' ? `(${functionHeader(entity, types)})` : printMemory(entity)
    return form(`import ${quote(module)} ${quote(name)}`, [what])
  })
  const headers = functions.map(({ func }) => functionHeader(func, types))
  const functionTexts = functions.map((definition, i) => printFunction(definition, headers[i]!, types))
  const parts = [
    ...types.signatures.map(printType),
    ...importTexts,
    ...functionTexts,
    ...tables.map(({ name, functions: { length } }) => `(table $${name} ${length} ${length} funcref)`),
    ...memories.map(printMemory),
    ...globals.map(({ global: { name, type, mutable }, initial }) =>
      form(`global $${name} ${mutable ? `(mut ${type})` : type}`, printNode(initial, { types, labels: [] })),
    ),
    ...exports.map(({ name, kind, entity }) => `(export ${quote(name)} (${kind} ${id(entity)}))`),
    ...tables.map((table) => form(`elem (table ${id(table)}) (i32.const 0) func`, table.functions.map(id))),
    ...data.map(({ name, bytes, address }) =>
      form(`data $${name}${address === undefined ? '' : ` (i32.const ${address})`}`, [quoteBytes(bytes)]),
    ),
  ]
  return `${form(`module $${name}`, parts)}\n`
}

function printType({ params, result }: Signature): string {
  return form('type', [form('func', [...params.map((type) => `(param ${type})`), ...printResult(result)])])
}

function printResult(result: string): string[] {
  return result === 'none' ? [] : [`(result ${result})`]
}

function functionHeader(func: Func, types: SignatureTable): string {
  const params = Object.entries(func.params).map(([name, type]) => `(param $${name} ${type})`)
  return [`func ${id(func)} (type ${types.indexOfFunc(func)})`, ...params, ...printResult(func.result)].join(' ')
}

function printMemory({ name, initial, maximum, shared }: Memory): string {
  return `(memory $${name} ${[initial, maximum ?? [], shared ? 'shared' : []].flat().join(' ')})`
}

function printFunction({ func, locals, body }: FunctionDefinition, header: string, types: SignatureTable): string {
  const others = locals.slice(Object.keys(func.params).length)
  const context = { types, labels: [] }
  return form(header, [
    ...others.map(({ name, type }) => `(local $${name} ${type})`),
    ...body.flatMap((node) => printNode(node, context)),
  ])
}

/** The module's types, and the labels around the node that is printed, outermost first. */
interface Context {
  readonly types: SignatureTable
  readonly labels: Label[]
}

/** The text of a node; a sequence gives several. */
function printNode(node: Node, context: Context): string[] {
  const { op, args, immediate } = node
  const inner = (node: Node) => printNode(node, context)
  if (op === special.sequence) return args.flatMap(inner)
  if (immediate.kind === 'body') return [printStructured(node, immediate.label, context)]
  return [form([op.name, ...printImmediate(node, context)].join(' '), args.flatMap(inner))]
}

/** A block, a loop, or an `if` whose arguments are the condition and the two branches. */
function printStructured({ op, type, args }: Node, label: Label, context: Context): string {
  const inner = (node: Node) => printNode(node, context)
  const [condition, then, otherwise] = args
  const before = op === special.if ? inner(condition!) : []
  context.labels.push(label)
  const head = [op.name, labelName(label, context), ...printResult(type)].join(' ')
  const body =
    op === special.if
      ? [form('then', inner(then!)), ...(otherwise!.args.length > 0 ? [form('else', inner(otherwise!))] : [])]
      : args.flatMap(inner)
  context.labels.pop()
  return form(head, [...before, ...body])
}

/** Numbered by depth, so that no label hides another. */
function labelName(label: Label, { labels }: Context): string {
  return `$${label.name}.${labels.lastIndexOf(label)}`
}

function printImmediate({ immediate }: Node, context: Context): (string | number)[] {
  switch (immediate.kind) {
    case 'none':
    case 'body':
    case 'reserved':
      return []
    case 'i32':
      return [immediate.value]
    case 'i64':
      return [`${immediate.value}`]
    case 'f32':
    case 'f64':
      return [printFloat(immediate.value)]
    case 'v128':
      return ['i8x16', ...immediate.bytes]
    case 'shuffle':
      return [...immediate.lanes]
    case 'lane':
      return [immediate.lane]
    case 'memory': {
      const { offset, align, lane } = immediate
      return [...(offset > 0 ? [`offset=${offset}`] : []), `align=${align}`, ...(lane === undefined ? [] : [lane])]
    }
    case 'local':
      return [id(immediate.local)]
    case 'global':
      return [id(immediate.global)]
    case 'data':
      return [id(immediate.data)]
    case 'call':
      return [id(immediate.func)]
    case 'callIndirect':
      return [id(immediate.table), `(type ${context.types.indexOf(immediate.signature)})`]
    case 'branch':
      return immediate.labels.map((label) => labelName(label, context))
  }
}

/** JavaScript prints the shortest decimal that reads back as the same number; an f32 is such a number too. */
function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (Math.abs(value) === Infinity) return value > 0 ? 'inf' : '-inf'
  return Object.is(value, -0) ? '-0' : `${value}`
}

/** `(head part part)`, on one line where it is short. */
function form(head: string, parts: readonly string[]): string {
  const line = `(${[head, ...parts].join(' ')})`
  if (line.length <= 100 && !line.includes('\n')) return line
  return `(${[head, ...parts].join('\n').replaceAll('\n', '\n  ')})`
}

function id({ name }: Entity): string {
  return `$${name}`
}

function quote(text: string): string {
  return quoteBytes(new TextEncoder().encode(text))
}

function quoteBytes(bytes: Uint8Array): string {
  const readable = (byte: number) => byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
  const parts = Array.from(bytes, (byte) =>
    readable(byte) ? String.fromCharCode(byte) : `\\${byte.toString(16).padStart(2, '0')}`,
  )
  return `"${parts.join('')}"`
}
