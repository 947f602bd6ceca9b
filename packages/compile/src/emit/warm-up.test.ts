import { expect, test } from 'vitest'
import { webAssembly } from '../wasm/engine.ts'
import { WasmModule } from '../wasm/module.ts'
import { type MicroKernel, microKernel } from './micro-kernel.ts'
import { defineWarmUp } from './warm-up.ts'

const small: MicroKernel = {
  dtype: 'float32',
  rows: 2,
  columns: 20,
  aRow: 400,
  aStep: 4,
  bStep: 80,
  cRow: 200,
  cColumn: 4,
  fused: false,
  registers: 15,
}

const [BEGIN, BYTES, MEMORY] = [8192, 4096, 65_536]

/** The bytes of a memory of ones after the micro-kernels were tried on a place in the middle, and how many are others now. */
function warmedUp(...kernels: readonly MicroKernel[]) {
  const module = new WasmModule('warm-up')
  module.memory({ initial: 1, maximum: 1, export: true })
  for (const kernel of kernels) microKernel(module, kernel)
  defineWarmUp(module, { address: BEGIN, bytes: BYTES })
  const { exports } = new webAssembly.Instance(new webAssembly.Module(module.encode()), {})
  // What the module exports.
  const { memory, warm } = exports as unknown as { memory: { buffer: ArrayBuffer }; warm: () => undefined }
  const bytes = new Uint8Array(memory.buffer).fill(1)
  warm()
  const changed = (begin: number, end: number) => bytes.subarray(begin, end).filter((byte) => byte !== 1).length
  return { inside: changed(BEGIN, BEGIN + BYTES), outside: changed(0, BEGIN) + changed(BEGIN + BYTES, MEMORY) }
}

test('micro-kernels write to the place that they were given, and only there', () => {
  const { inside, outside } = warmedUp(small, { ...small, rows: 1 }, { ...small, rows: 3, columns: 10 })
  expect(inside).toBeGreaterThan(0)
  expect(outside).toBe(0)
})

test.each<readonly [string, Partial<MicroKernel>]>([
  ['rows of the output', { cRow: 8192 }],
  ['columns of the output', { cColumn: 400 }],
  ['rows of the left operand', { aRow: 65_536 }],
  ['steps of the right operand', { bStep: 4096 }],
  ['runs', { between: { turns: 2, aJump: 60_000, bJump: 0 } }],
  ['a run that goes back', { between: { turns: 2, aJump: -20_000, bJump: 0 } }],
])('what would go beyond it is left out: %s', (_, wide) => {
  expect(warmedUp({ ...small, ...wide })).toEqual({ inside: 0, outside: 0 })
})
