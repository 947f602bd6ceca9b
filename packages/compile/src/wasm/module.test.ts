import { InternalError } from '@cotangent/core'
import { describe, expect, test } from 'vitest'
import { assembled } from './assembler.ts'
import { block, br, call, drop, forRange, ifValue, select, sequence } from './control.ts'
import { webAssembly } from './engine.ts'
import { f32, f32x4, f64, f64x2, i8x16, i16x8, i32, i32x4, i64, i64x2, memory, v128 } from './instructions.ts'
import { WasmModule } from './module.ts'
import type { Label, Node, ValueType } from './node.ts'

function instantiate(module: WasmModule) {
  expect(module.encode({ names: false })).toEqual(assembled(module))
  return new webAssembly.Instance(new webAssembly.Module(module.encode())).exports
}

/** The bytes that a constant leaves in memory. */
function stored(store: (address: number) => Node<'none'>, size: number): number[] {
  const module = new WasmModule('constant')
  module.memory({ initial: 1, export: true })
  module.func('store', { export: true }, () => store(8))
  const { memory, store: run } = instantiate(module)
  if (typeof memory !== 'object' || typeof run !== 'function') throw new Error('exports are missing')
  run()
  return [...new Uint8Array(memory.buffer, 8, size)]
}

const bytesOf = (array: ArrayBufferView<ArrayBuffer>) => [...new Uint8Array(array.buffer)]

describe('constants arrive bit for bit', () => {
  // NaNs with other signs and payloads than the canonical one.
  const nan32 = new Float32Array(Uint32Array.of(0xffa00001).buffer)[0]!
  const nan64 = new Float64Array(BigUint64Array.of(0xfff4000000000001n).buffer)[0]!

  test.each([0, -0, 1, 0.1, -1.5e-45, 3.4e38, 1e39, 1.17e-38, Infinity, -Infinity, 2 ** -149, 16777217])(
    'f32 %d',
    (value) => {
      expect(stored((at) => f32.store(at, value), 4)).toEqual(bytesOf(Float32Array.of(value)))
      expect(stored((at) => v128.store(at, f32x4.const(value, 1, -0, value)), 16)).toEqual(
        bytesOf(Float32Array.of(value, 1, -0, value)),
      )
    },
  )

  test.each([0, -0, 0.1, 5e-324, Number.MAX_VALUE, -Infinity, Infinity, 2 ** 53 + 2])('f64 %d', (value) => {
    expect(stored((at) => f64.store(at, value), 8)).toEqual(bytesOf(Float64Array.of(value)))
    expect(stored((at) => v128.store(at, f64x2.const(-0, value)), 16)).toEqual(bytesOf(Float64Array.of(-0, value)))
  })

  test('NaN is the canonical one, whatever its bits were in JavaScript', () => {
    for (const nan of [NaN, nan32, nan64, -NaN]) {
      expect(stored((at) => f32.store(at, nan), 4)).toEqual([0, 0, 0xc0, 0x7f])
      expect(stored((at) => f64.store(at, nan), 8)).toEqual([0, 0, 0, 0, 0, 0, 0xf8, 0x7f])
      expect(stored((at) => v128.store(at, f32x4.const(nan, 0, 0, nan)), 16)).toEqual([
        0, 0, 0xc0, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0x7f,
      ])
    }
  })

  test.each([0, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1])('i32 %d', (value) => {
    expect(stored((at) => i32.store(at, value), 4)).toEqual(bytesOf(Uint32Array.of(value)))
  })

  test.each([0n, -1n, 64n, -65n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n])('i64 %d', (value) => {
    expect(stored((at) => i64.store(at, value), 8)).toEqual(bytesOf(BigUint64Array.of(value)))
    expect(stored((at) => v128.store(at, i64x2.const(value, 1n)), 16)).toEqual(bytesOf(BigUint64Array.of(value, 1n)))
  })

  test('integer vectors', () => {
    const bytes = Array.from({ length: 16 }, (_, i) => 250 + i)
    expect(stored((at) => v128.store(at, i8x16.const(...bytes)), 16)).toEqual(bytesOf(Uint8Array.from(bytes)))
    expect(stored((at) => v128.store(at, i16x8.const(-1, 2, 3, 4, 5, 6, 7, 65535)), 16)).toEqual(
      bytesOf(Int16Array.of(-1, 2, 3, 4, 5, 6, 7, -1)),
    )
    expect(stored((at) => v128.store(at, i32x4.const(-1, 2, 3, 4)), 16)).toEqual(bytesOf(Int32Array.of(-1, 2, 3, 4)))
  })
})

test('wide shuffles move whole lanes of the first operand, then of the second', () => {
  const shuffled = (shuffle: Node<'v128'>) => stored((at) => v128.store(at, shuffle), 16)
  const [a, b] = [i32x4.const(0, 1, 2, 3), i32x4.const(4, 5, 6, 7)]
  expect(shuffled(i32x4.shuffle(a, b, [7, 0, 5, 2]))).toEqual(bytesOf(Int32Array.of(7, 0, 5, 2)))
  expect(shuffled(i64x2.shuffle(a, b, [3, 0]))).toEqual(bytesOf(Int32Array.of(6, 7, 0, 1)))
  expect(shuffled(i16x8.shuffle(a, b, [2, 3, 8, 9, 0, 1, 14, 15]))).toEqual(bytesOf(Int32Array.of(1, 4, 0, 7)))
})

test('data segments: placed at instantiation, or copied when asked', () => {
  const module = new WasmModule('data')
  module.memory({ initial: 1, export: true })
  module.data('placed', Uint8Array.of(1, 2, 3), 65530)
  const passive = module.data('passive', Uint8Array.of(9, 8, 7, 6))
  module.func('copy', { params: { to: 'i32' }, export: true }, ({ to }) => memory.init(to, 1, 3, passive))
  const { memory: exported, copy } = instantiate(module)
  if (typeof exported !== 'object' || typeof copy !== 'function') throw new Error('exports are missing')
  const bytes = new Uint8Array(exported.buffer)
  expect([...bytes.subarray(65530, 65533)]).toEqual([1, 2, 3])
  copy(100)
  expect([...bytes.subarray(99, 104)]).toEqual([0, 8, 7, 6, 0])
})

test('globals keep their value between calls', () => {
  const module = new WasmModule('globals')
  const step = module.global('step', 'i64', -3n, { mutable: false })
  const total = module.global('total', 'i64', 10n)
  module.func('next', { result: 'i64', export: true }, () => sequence(total.set(i64.add(total, step)), total.get))
  const { next } = instantiate(module)
  if (typeof next !== 'function') throw new Error('exports are missing')
  expect([next(), next()]).toEqual([7n, 4n])
})

test('the engine names functions in its messages; equal names are told apart', () => {
  const module = new WasmModule('named')
  const inner = module.func('divide', { params: { by: 'i32' }, result: 'i32' }, ({ by }) => i32.div_s(1, by))
  const again = module.func('divide', { params: { by: 'i32' }, result: 'i32' }, ({ by }, f) => {
    const x = f.local('i32', 'by')
    return sequence(x.set(call(inner, { by })), x)
  })
  module.func('main', { export: true }, () => drop(call(again, { by: 0 })))
  const { main } = instantiate(module)
  if (typeof main !== 'function') throw new Error('exports are missing')
  const stack = () => {
    try {
      return main()
    } catch (error) {
      return String(error instanceof Error ? error.stack : error)
    }
  }
  expect(stack()).toMatch(/divide by zero[\s\S]*divide \(wasm[\s\S]*divide\.1 \(wasm[\s\S]*main \(wasm/)
  expect(module.toWat()).toContain('(local $by.1 i32)')
})

test('wrong types are compile errors, and thrown all the same', () => {
  const module = new WasmModule('types')
  const func = module.func('f', { params: { x: 'f32' }, result: 'f64' }, ({ x }) => f64.promote_f32(x))
  // @ts-expect-error a 32-bit float where an integer stands
  expect(() => i32.add(1, f32.const(1))).toThrow(InternalError)
  // @ts-expect-error a number has no vector type
  expect(() => f32x4.add(f32x4.splat(0), 1)).toThrow(InternalError)
  // @ts-expect-error the function takes an f32
  expect(() => call(func, { x: i32.const(1) })).toThrow(InternalError)
  // @ts-expect-error the function gives an f64
  expect(() => f32.neg(call(func, { x: 1 }))).toThrow(InternalError)
  // @ts-expect-error the values are of different types
  expect(() => select(f32.const(1), i32.const(1), 1)).toThrow(InternalError)
  // @ts-expect-error the values are of different types
  expect(() => ifValue(1, f32.const(1), i32.const(1))).toThrow(InternalError)
  // @ts-expect-error the body of a function with a result is its value
  expect(() => module.func('g', { result: 'i32' }, () => f32.const(1))).toThrow(InternalError)
})

describe('mistakes are internal errors that say where', () => {
  const f32Node: Node<ValueType> = f32.const(1)
  const inFunction = (build: () => Node<'none'>) => () => new WasmModule('m').func('f', {}, build)

  // The types forbid these; what reaches the writer without its types must not pass either.
  test.each([
    [
      'an operand of another type',
      () => i32.add(1, f32Node as Node<'i32'>),
      'i32.add: operand 2 is i32, it cannot be f32.const of type f32',
    ],
    ['a number where a vector stands', () => f32x4.add(1 as never, f32x4.splat(1)), 'v128.const: 1 is a number'],
    ['a fraction', () => i32.const(0.5), 'i32.const: 0.5 is not a 32-bit integer'],
    ['a large i32', () => i32.const(2 ** 32), 'i32.const: 4294967296 is not'],
    ['a large i64', () => i64.const(2n ** 64n), 'i64.const: 18446744073709551616n is not'],
    ['a lane', () => f32x4.extract_lane(f32x4.splat(0), 4), 'f32x4.extract_lane: no lane 4 among 4'],
    ['too few lanes', () => f32x4.const(1, 2, 3), 'f32x4.const: 3 lanes, it has 4'],
    ['an offset', () => f32.load(0, { offset: -4 }), 'f32.load: offset -4'],
    ['an alignment', () => f32.load(0, { align: 8 }), 'f32.load: alignment 8 does not fit an access of 4 bytes'],
    ['an atomic access that is not aligned', () => i32.atomic.load(0, { align: 2 }), 'i32.atomic.load: alignment 2'],
    ['a value left over', inFunction(() => i32.const(1) as never), 'function f: i32.const leaves a value of type i32'],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(InternalError)
    expect(build).toThrow(message)
  })

  test('a branch out of the block it belongs to', () => {
    const module = new WasmModule('m')
    module.func('f', {}, () => {
      const labels: Label[] = []
      const inner = block((exit) => {
        labels.push(exit)
        return br(exit)
      })
      return [inner, br(labels[0]!)]
    })
    expect(() => module.encode()).toThrow('br: it stands outside the exit it branches to')
  })

  test('a local, a function or a data segment from elsewhere', () => {
    const module = new WasmModule('m')
    const [one] = [
      module.func('one', { params: { x: 'i32' } }, ({ x }, f) => {
        module.func('two', {}, (_, g) => g.local('i32', 'y').set(x))
        return f.local('i32', 'z').set(x)
      }),
    ]
    expect(() => module.encode()).toThrow('local.get: local x belongs to another function')
    const other = new WasmModule('other')
    other.func('caller', {}, () => call(one, { x: 1 }))
    expect(() => other.encode()).toThrow('one belongs to another module')
  })

  test('arguments, exports, names, limits', () => {
    const module = new WasmModule('m')
    const f = module.func('f', { params: { x: 'i32' }, export: true }, () => [])
    expect(() => call(f, {} as never)).toThrow('call f: argument x is missing')
    expect(() => call(f, { x: 1, y: 2 } as never)).toThrow('call f: it has no parameter y')
    expect(() => module.func('g', { export: 'f' }, () => [])).toThrow('two exports are named f')
    expect(() => module.func('a name', {}, () => [])).toThrow('"a name" is no name')
    expect(() => module.memory({ initial: 1, shared: true })).toThrow('a shared memory needs a maximum')
    expect(() => module.func('h', { params: { 0: 'i32' } }, () => [])).toThrow('parameter 0')
  })
})

test('the text is readable', () => {
  const module = new WasmModule('example')
  module.memory({ initial: 2 })
  module.func('scale', { params: { at: 'i32', end: 'i32' }, export: true }, ({ at, end }, f) => {
    const i = f.local('i32', 'i')
    return forRange(i, at, end, 16, v128.store(i, f32x4.mul(v128.load(i), f32x4.splat(0.5))), { unsigned: true })
  })
  expect(module.toWat()).toMatchInlineSnapshot(`
    "(module $example
      (type (func (param i32) (param i32)))
      (func $scale (type 0) (param $at i32) (param $end i32)
        (local $i i32)
        (local.set $i (local.get $at))
        (if $if.0
          (i32.lt_u (local.get $i) (local.get $end))
          (then
            (loop $again.1
              (v128.store align=16
                (local.get $i)
                (f32x4.mul (v128.load align=16 (local.get $i)) (f32x4.splat (f32.const 0.5))))
              (br_if $again.1 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 16))) (local.get $end)))))))
      (memory $memory 2)
      (export "scale" (func $scale)))
    "
  `)
})
