import { expect, test } from 'vitest'
import type { Entry } from './measure.ts'
import { ROWS } from './rows.ts'
import { growthText, rowText } from './table.ts'

const entry = (system: string, title: string, threads: number, values: readonly number[], note?: string): Entry => ({
  system,
  title,
  threads,
  values: [values],
  ...(note === undefined ? {} : { note }),
})

const row = (name: string) => ROWS.find((one) => one.name === name)!

test('medians, ranges, and the ratio to the best of each peer, slower ones called so', () => {
  const table = rowText(row('w1'), [
    entry('cotangent', 'Cotangent', 2, [0.2, 0.3, 0.25]),
    entry('cotangent', 'Cotangent', 1, [0.4, 0.4, 0.4]),
    entry('pytorch', 'PyTorch 1.13', 2, [0.5, 0.5, 0.5]),
    entry('pytorch', 'PyTorch 1.13', 1, [0.2, 0.2, 0.2]),
    entry('jax-js', 'jax-js wasm', 1, [5, 5, 5]),
  ])
  const [, two, one, slower, best, jax] = table.split('\n')
  expect(two).toMatch(/^ {2}Cotangent, 2 threads +0\.250 {2}\(0\.200 to 0\.300\)$/)
  expect(one).not.toContain('×')
  expect(slower).not.toContain('×')
  expect(best).toMatch(/Cotangent 1\.25 × its time: slower$/)
  expect(jax).toMatch(/Cotangent 0\.05 × its time$/)
})

test('of rates more is better', () => {
  const table = rowText(row('inference-w1'), [
    entry('cotangent', 'Cotangent', 2, [1e6]),
    entry('cotangent', 'Cotangent', 1, [2e6]),
    entry('onnxruntime-web', 'onnxruntime-web', 2, [1e6]),
    entry('onnxruntime-node', 'onnxruntime-node', 2, [4e6]),
  ])
  expect(table).toMatch(/onnxruntime-web, 2 threads +1\.00 M +Cotangent 2\.00 × as many\n/)
  expect(table).toMatch(/onnxruntime-node, 2 threads +4\.00 M +Cotangent 0\.50 × as many: slower$/)
})

test('who has no figure says why; no line is wider than 100 columns', () => {
  const reason = `npm could not install @tensorflow/tfjs: ${'no network '.repeat(20)}`
  const table = rowText(row('w2'), [
    entry('cotangent', 'Cotangent', 2, [100_000.5, 200_000.5]),
    entry('pytorch', 'PyTorch 2.10', 2, [100_000.5, 200_000.5]),
    entry('tfjs', 'tfjs', 1, [], reason),
  ])
  expect(table).toContain('not measured: npm could not install')
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
})

test('a size a line, with the share of what the machine can do', () => {
  const growth = { name: 'batch', title: 'How a step grows', size: 'batch', sizes: [1, 10_000] } as const
  const point = (size: number, ms: number) => ({
    size,
    cotangent: [
      { threads: 2, ms, share: 0.5 },
      { threads: 1, ms: 2 * ms, share: 0.9 },
    ],
    peer: { title: 'PyTorch 1.13', threads: 1, ms: 1 },
  })
  const lines = growthText({ growth, points: [point(1, 0.5), point(10_000, 20)] }).split('\n')
  expect(lines[2]).toMatch(/^ +1 +0\.500 +50 % +1\.000 +90 % +1\.000 +0\.50 ×$/)
  expect(lines[3]).toMatch(/^ +10,000 +20\.0 +50 % +40\.0 +90 % +1\.000 +20\.00 × {2}slower$/)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
})
