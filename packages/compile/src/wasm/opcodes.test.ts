import { expect, test } from 'vitest'
import { assembled } from './assembler.ts'
import { drop } from './control.ts'
import { webAssembly } from './engine.ts'
import {
  atomic,
  data,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i16x8,
  i32,
  i32x4,
  i64,
  i64x2,
  memory,
  v128,
} from './instructions.ts'
import { WasmModule } from './module.ts'
import type { Node, ValueType } from './node.ts'
import { laneOpcodes, memoryLaneOpcodes, memoryOpcodes, plainOpcodes } from './opcodes.ts'

const namespaces = { i32, i64, f32, f64, v128, i8x16, i16x8, i32x4, i64x2, f32x4, f64x2, memory }

const sample = { i32: 7, i64: -9n, f32: 1.5, f64: -0.25, v128: i16x8.const(1, -2, 3, -4, 5, -6, 7, 32767) }

interface Row {
  readonly name: string
  readonly node: Node
}

/** A call of the builder of every instruction of one part of the table. */
function rows(table: object, immediates: (width: number) => unknown[]): Row[] {
  return Object.entries(table).flatMap(([namespace, group]: [string, object]) =>
    Object.entries(group).flatMap(([signature, names]: [string, object]) =>
      Object.entries(names).map(([name, entry]: [string, number | readonly [number, number]]) => {
        const path = [...namespace.split('.'), ...name.split('.')]
        // The namespaces are walked by the names of the table: what is not there is undefined, and the call throws.
        const build = path.reduce<never>((at, key) => at[key] as never, namespaces as never) as (
          ...args: unknown[]
        ) => Node
        const params = signature.split(' ').slice(0, -2) as ValueType[]
        const operands = params.map((type) => sample[type])
        return {
          name: `${namespace}.${name}`,
          node: build(...operands, ...immediates(typeof entry === 'number' ? 0 : entry[1])),
        }
      }),
    ),
  )
}

function moduleOf(node: Node): WasmModule {
  const module = new WasmModule('one')
  module.memory({ initial: 1, maximum: 2, shared: true })
  module.func('f', {}, () => (node.type === 'none' ? (node as Node<'none'>) : drop(node)))
  return module
}

const all = [
  ...rows(plainOpcodes, () => []),
  ...rows(memoryOpcodes, () => [{ offset: 300 }]),
  ...rows(laneOpcodes, (lanes) => [lanes - 1]),
  ...rows(memoryLaneOpcodes, (bytes) => [16 / bytes - 1, { offset: 70000, align: 1 }]),
]

test('the table is whole: as many instructions as the specifications have', () => {
  const count = (pattern: RegExp) => all.filter(({ name }) => pattern.test(name)).length
  expect(all.length).toBe(new Set(all.map(({ name }) => name)).size)
  // Of 236 vector instructions v128.const and i8x16.shuffle, of 67 atomic ones the fence have encodings of their own.
  expect(count(/^(v128|[if]\d+x\d+)\.(?!relaxed)/)).toBe(234)
  expect(count(/relaxed/)).toBe(20)
  expect(count(/atomic/)).toBe(66)
  // 123 numeric operators of version 1 without constants, 8 saturating, 5 sign-extending; 23 loads and stores.
  expect(count(/^[if](32|64)\.(?!atomic)/)).toBe(123 + 8 + 5 + 23)
})

test('every instruction is encoded as wabt encodes its text', () => {
  for (const { name, node } of all) {
    const module = moduleOf(node)
    expect(module.encode({ names: false }), name).toEqual(assembled(module))
  }
})

test('the engine accepts every instruction outside relaxed SIMD', () => {
  const refused = all.filter(
    ({ name, node }) => !name.includes('relaxed') && !webAssembly.validate(moduleOf(node).encode()),
  )
  expect(refused.map(({ name }) => name)).toEqual([])
})

test('instructions with encodings of their own', () => {
  const module = new WasmModule('special')
  module.memory({ initial: 1, maximum: 65536, shared: true, export: true })
  const bytes = module.data('bytes', Uint8Array.of(0, 34, 92, 127, 255, 65))
  module.data('placed', new TextEncoder().encode('text "quoted"'), 70000)
  module.func('f', {}, () => [
    drop(i8x16.shuffle(sample.v128, sample.v128, [0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31])),
    drop(i32x4.shuffle(sample.v128, sample.v128, [0, 4, 1, 5])),
    drop(memory.size()),
    drop(memory.grow(1)),
    memory.copy(0, 1, 2),
    memory.fill(0, 1, 2),
    memory.init(0, 1, 2, bytes),
    data.drop(bytes),
    atomic.fence(),
  ])
  expect(webAssembly.validate(module.encode())).toBe(true)
  expect(module.encode({ names: false })).toEqual(assembled(module))
})
