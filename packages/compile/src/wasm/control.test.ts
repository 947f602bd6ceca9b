import { expect, test } from 'vitest'
import { assembled } from './assembler.ts'
import {
  block,
  br,
  brTable,
  call,
  callIndirect,
  doWhile,
  earlyReturn,
  forRange,
  ifElse,
  ifValue,
  select,
  sequence,
  unreachable,
  whileLoop,
} from './control.ts'
import { webAssembly } from './engine.ts'
import type { Local } from './entities.ts'
import { f32, f64, i32 } from './instructions.ts'
import { WasmModule } from './module.ts'
import type { Body } from './node.ts'

/** The exported functions of a module, after its bytes were found to agree with wabt's. */
function run(module: WasmModule, imports = {}) {
  expect(module.encode({ names: false })).toEqual(assembled(module))
  const { exports } = new webAssembly.Instance(new webAssembly.Module(module.encode()), imports)
  return (name: string, ...args: (number | bigint)[]) => {
    const func = exports[name]
    if (typeof func !== 'function') throw new Error(`${name} is not an exported function`)
    return func(...args)
  }
}

test('a range of literals has no guard, any other tests before its first round', () => {
  const module = new WasmModule('ranges')
  const rounds = (name: string, begin: number | 'begin', end: number | 'end', options = {}) =>
    module.func(name, { params: { begin: 'i32', end: 'i32' }, result: 'i32', export: true }, (params, f) => {
      const i = f.local('i32', 'i')
      const count = f.local('i32', 'count')
      const at = (bound: number | 'begin' | 'end') => (typeof bound === 'number' ? bound : params[bound])
      return sequence([forRange(i, at(begin), at(end), 3, count.set(i32.add(count, 1)), options)], count)
    })
  rounds('literal', 0, 10)
  rounds('none', 5, 5)
  rounds('any', 'begin', 'end')
  rounds('atLeastOnce', 'begin', 'end', { atLeastOnce: true })
  rounds('unsigned', 'begin', 'end', { unsigned: true })
  const call = run(module)
  expect(call('literal', 0, 0)).toBe(4)
  expect(call('none', 0, 0)).toBe(0)
  expect([call('any', 0, 10), call('any', 0, -3), call('any', 0, 0), call('any', -4, 3)]).toEqual([4, 0, 0, 3])
  expect(call('atLeastOnce', 5, 0)).toBe(1)
  expect(call('unsigned', 0x7ffffffe, 0x80000001 | 0)).toBe(1)
  expect(call('any', 0x7ffffffe, 0x80000001 | 0)).toBe(0)
  expect(module.toWat().match(/\(if /g)?.length).toBe(2)
})

test('while runs from zero rounds on, do-while from one', () => {
  const module = new WasmModule('loops')
  for (const [name, make] of [
    ['whileLoop', (n: Local<'i32'>, body: Body) => whileLoop(n, body)],
    ['doWhile', (n: Local<'i32'>, body: Body) => doWhile(body, n)],
  ] as const) {
    module.func(name, { params: { n: 'i32' }, result: 'i32', export: true }, ({ n }, f) => {
      const sum = f.local('i32', 'sum')
      return sequence(make(n, [sum.set(i32.add(sum, n)), n.set(i32.sub(n, 1))]), sum)
    })
  }
  const call = run(module)
  expect([call('whileLoop', 4), call('whileLoop', 0), call('doWhile', 4), call('doWhile', 1)]).toEqual([10, 0, 10, 1])
})

test('branches find their label through blocks, loops and ifs', () => {
  const module = new WasmModule('branches')
  module.func('pick', { params: { index: 'i32' }, result: 'i32', export: true }, ({ index }) =>
    sequence(
      block((outer) => [
        block((second) =>
          block((first) => [
            ifElse(i32.eq(index, 9), br(outer)),
            brTable(index, [first, second], outer),
            unreachable(),
          ]),
        ),
        earlyReturn(i32.const(20)),
      ]),
      i32.const(30),
    ),
  )
  const call = run(module)
  // Leaving `first` or `second` ends in the early return, `outer` passes it by.
  expect([call('pick', 0), call('pick', 1), call('pick', 2), call('pick', 9), call('pick', -1)]).toEqual([
    20, 20, 30, 30, 30,
  ])
})

test('select evaluates both values, ifValue one', () => {
  const module = new WasmModule('choice')
  const evaluated = module.global('evaluated', 'i32', 0, { export: true })
  const noted = (value: number) => sequence(evaluated.set(i32.add(evaluated, 1)), f32.const(value))
  module.func('select', { params: { c: 'i32' }, result: 'f32', export: true }, ({ c }) => select(noted(1), noted(2), c))
  module.func('ifValue', { params: { c: 'i32' }, result: 'f32', export: true }, ({ c }) =>
    ifValue(c, noted(1), noted(2)),
  )
  module.func('count', { result: 'i32', export: true }, () => evaluated)
  const call = run(module)
  expect([call('select', 1), call('select', 0), call('count')]).toEqual([1, 2, 4])
  expect([call('ifValue', 1), call('ifValue', 0), call('count')]).toEqual([1, 2, 6])
})

test('calls: by name, imported, through tables', () => {
  const module = new WasmModule('calls')
  const scale = module.importFunc('env', 'scale', { params: { x: 'f64', by: 'i32' }, result: 'f64' })
  const log = module.importFunc('env', 'log', { params: { x: 'f64' } })
  const twice = module.func('twice', { params: { x: 'f64' }, result: 'f64' }, ({ x }) => f64.add(x, x))
  const square = module.func('square', { params: { x: 'f64' }, result: 'f64' }, ({ x }) => f64.mul(x, x))
  const other = module.func('other', {}, () => [])
  const first = module.table('first', [twice, square])
  const second = module.table('second', [square, other, twice], { export: 'table' })
  const unary = { params: ['f64'], result: 'f64' } as const
  module.func('direct', { params: { x: 'f64' }, result: 'f64', export: 'direct call' }, ({ x }) =>
    sequence([call(log, { x }), call(other)], call(scale, { by: 3, x: call(twice, { x }) })),
  )
  for (const table of [first, second]) {
    module.func(table.name, { params: { x: 'f64', at: 'i32' }, result: 'f64', export: true }, ({ x, at }) =>
      callIndirect(table, at, unary, [x]),
    )
  }
  const logged: number[] = []
  const run1 = run(module, {
    env: { scale: (x: number, by: number) => x * by, log: (x: number) => void logged.push(x) },
  })
  expect(run1('direct call', 5)).toBe(30)
  expect(logged).toEqual([5])
  expect([run1('first', 5, 0), run1('first', 5, 1), run1('second', 5, 0), run1('second', 5, 2)]).toEqual([
    10, 25, 25, 10,
  ])
  expect(() => run1('second', 5, 1)).toThrow(/signature/)
})
