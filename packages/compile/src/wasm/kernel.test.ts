import { expect, test } from 'vitest'
import { assembled } from './assembler.ts'
import { doWhile } from './control.ts'
import { webAssembly } from './engine.ts'
import { f32x4, i32, v128 } from './instructions.ts'
import { WasmModule } from './module.ts'

/** A matrix product's micro-kernel: 2 rows of A times a packed panel of 16 columns of B. */
function productModule(): WasmModule {
  const module = new WasmModule('product')
  module.importMemory('env', 'memory', { initial: 1 })
  const params = { a: 'i32', rowBytes: 'i32', panel: 'i32', panelEnd: 'i32', c: 'i32', columnBytes: 'i32' } as const
  module.func('product2x16', { params, export: true }, ({ a, rowBytes, panel, panelEnd, c, columnBytes }, f) => {
    const sums = [0, 1].map((row) => f.locals('v128', `sum${row}_`, 4))
    const factor = f.local('v128', 'factor')
    const loaded = f.locals('v128', 'b', 4)
    const second = f.local('i32', 'second')
    const columns = [0, 1, 2, 3]
    return [
      second.set(i32.add(a, rowBytes)),
      doWhile(
        [
          loaded.map((b, j) => b.set(v128.load(panel, { offset: 16 * j }))),
          sums.map((row, i) => [
            factor.set(v128.load32_splat(i === 0 ? a : second)),
            row.map((sum, j) => sum.set(f32x4.add(sum, f32x4.mul(factor, loaded[j]!)))),
          ]),
          a.set(i32.add(a, 4)),
          second.set(i32.add(second, 4)),
        ],
        i32.lt_u(panel.tee(i32.add(panel, 64)), panelEnd),
      ),
      columns.map((j) => v128.store(c, sums[0]![j]!, { offset: 16 * j })),
      c.set(i32.add(c, columnBytes)),
      columns.map((j) => v128.store(c, sums[1]![j]!, { offset: 16 * j })),
    ]
  })
  return module
}

test('a matrix product kernel multiplies', () => {
  const module = productModule()
  expect(module.encode({ names: false })).toEqual(assembled(module))
  const memory = new webAssembly.Memory({ initial: 1 })
  const compiled = new webAssembly.Module(module.encode())
  const { product2x16 } = new webAssembly.Instance(compiled, { env: { memory } }).exports
  if (typeof product2x16 !== 'function') throw new Error('the export is missing')
  const depth = 37
  const numbers = new Float32Array(memory.buffer)
  const [a, b, c] = [0, 128, 1024]
  for (let i = 0; i < 2 * depth; i++) numbers[a + i] = ((i * 7) % 11) - 5
  for (let i = 0; i < 16 * depth; i++) numbers[b + i] = ((i * 5) % 13) - 6
  product2x16(4 * a, 4 * depth, 4 * b, 4 * (b + 16 * depth), 4 * c, 64)
  for (let row = 0; row < 2; row++) {
    for (let column = 0; column < 16; column++) {
      let sum = 0
      for (let k = 0; k < depth; k++) sum += numbers[a + row * depth + k]! * numbers[b + 16 * k + column]!
      expect(numbers[c + 16 * row + column]).toBe(sum)
    }
  }
})
