import { add, mul, randomKey, type Tensor, tensor, ValueError, zeros } from '@cotangent/core'
import { matmul, normal, relu, softmax, sum } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { compile } from './compile.ts'
import { type ExportOptions, exportProgram } from './standalone.ts'
import { webAssembly } from './wasm/engine.ts'

const w = normal(randomKey(1), [40, 30])
const b = normal(randomKey(2), [30])
const net = (x: Tensor) => softmax(relu(add(matmul(x, w), b)))
const x = normal(randomKey(3), [70, 40])

/** A program's own exports, as any engine of WebAssembly gives them. */
function instantiate(wasm: Uint8Array<ArrayBuffer>) {
  const { exports } = new webAssembly.Instance(new webAssembly.Module(wasm))
  const { memory, run } = exports as unknown as { memory: { buffer: ArrayBuffer }; run(): void }
  const addressOf = (name: string) => (exports as unknown as Record<string, { value: number }>)[name]!.value
  return { names: Object.keys(exports), memory, run, addressOf }
}

test('an exported program gives the bits of the compiled one, again and again', () => {
  const { wasm, inputs, outputs } = exportProgram(net, [zeros([70, 40])])
  const program = instantiate(wasm)
  expect(program.names.sort()).toEqual(['input', 'memory', 'output', 'run'])
  const compiled = compile(net, { threads: 1, relaxedMultiplyAdd: false })
  for (const given of [x, mul(x, -2), x]) {
    const input = new Float32Array(program.memory.buffer, program.addressOf('input'), 70 * 40)
    input.set(given.data as Float32Array)
    program.run()
    const output = new Float32Array(program.memory.buffer, program.addressOf('output'), 70 * 30)
    expect(output).toEqual(compiled(given).data)
    expect(input).toEqual(given.data)
  }
  expect(inputs).toEqual([{ name: 'input', address: program.addressOf('input'), dtype: 'float32', shape: [70, 40] }])
  expect(outputs).toEqual([{ name: 'output', address: program.addressOf('output'), dtype: 'float32', shape: [70, 30] }])
})

test('several arguments and results of several dtypes, under names', () => {
  const f = ({ pixels, gain }: { pixels: Tensor<'uint8'>; gain: Tensor<'float64'> }) =>
    [mul(pixels, gain), sum(pixels), pixels] as const
  const args = { pixels: tensor(new Uint8Array(3)), gain: zeros([1], { dtype: 'float64' }) }
  const names = { inputs: ['pixels', 'gain'], outputs: ['scaled', 'total', 'same'] }
  const { wasm, inputs, outputs, types } = exportProgram(f, [args], names)
  expect(outputs.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
    ['scaled', 'float64', [3]],
    ['total', 'int32', []],
    ['same', 'uint8', [3]],
  ])
  const { memory, run, addressOf } = instantiate(wasm)
  new Uint8Array(memory.buffer, addressOf('pixels'), 3).set([1, 20, 250])
  new Float64Array(memory.buffer, addressOf('gain'), 1).set([0.5])
  run()
  expect([...new Float64Array(memory.buffer, addressOf('scaled'), 3)]).toEqual([0.5, 10, 125])
  expect(new Int32Array(memory.buffer, addressOf('total'), 1)[0]).toBe(271)
  expect([...new Uint8Array(memory.buffer, addressOf('same'), 3)]).toEqual([1, 20, 250])
  expect([...inputs, ...outputs].every(({ address }) => address % 64 === 0 && address > 0)).toBe(true)
  expect(types).toContain(
    '  /** The address in bytes of this input: uint8 [3], row by row. */\n  readonly pixels: WebAssembly.Global\n',
  )
  expect(types).toContain('//   new Float64Array(memory.buffer, scaled.value, 3) // [3]\n')
})

test('names are numbered where there are several', () => {
  const { inputs, outputs } = exportProgram((a: Tensor, c: Tensor) => [add(a, c), mul(a, c)], [x, x])
  expect([...inputs, ...outputs].map(({ name }) => name)).toEqual(['input0', 'input1', 'output0', 'output1'])
})

test('the custom section says where tensors lie', () => {
  const { wasm, inputs, outputs } = exportProgram(net, [x])
  const text = new TextDecoder().decode(wasm)
  const json = text.slice(text.lastIndexOf('{"version":1'))
  expect(JSON.parse(json)).toEqual({ version: 1, inputs, outputs })
})

test('memory is as large as needed, and weights lie in the module once', () => {
  const large = normal(randomKey(1), [500, 400])
  const { wasm } = exportProgram((x: Tensor) => add(matmul(x, large), matmul(mul(x, 2), large)), [zeros([1, 500])])
  expect(wasm.length).toBeGreaterThan(large.size * 4)
  expect(wasm.length).toBeLessThan(large.size * 4 + 20_000)
  const pages = instantiate(wasm).memory.buffer.byteLength / 65_536
  expect(pages).toBeGreaterThanOrEqual(Math.ceil((large.size * 4) / 65_536))
  expect(pages).toBeLessThanOrEqual(Math.ceil((large.size * 4) / 65_536) + 8)
})

test.each<[wrong: string, options: ExportOptions, message: string]>([
  ['too many', { inputs: ['a', 'b'] }, 'inputs names 2 tensors, but there are 1; name each of them'],
  ['a name taken', { inputs: ['a'], outputs: ['a'] }, '"a" cannot name an export'],
  ['the name of another export', { inputs: ['memory'] }, '"memory" cannot name an export'],
  ['no name', { outputs: ['the result'] }, '"the result" cannot name an export'],
])('%s is refused', (_, options, message) => {
  expect(() => exportProgram(net, [x], options)).toThrow(ValueError)
  expect(() => exportProgram(net, [x], options)).toThrow(message)
})

test('a number among the arguments is refused', () => {
  expect(() => exportProgram((a: Tensor, factor: number) => mul(a, factor), [x, 2])).toThrow(
    new ValueError('exportProgram: a number among the arguments would have no place in memory; pass a tensor'),
  )
})
