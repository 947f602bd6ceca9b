import { randomKey, type Shape, type Tensor, tensor, ValueError } from '@cotangent/core'
import { normal } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import type { TensorTree } from '../layer.ts'
import { chain, input } from '../net.ts'
import * as layer from './index.ts'

/** Mean and variance of feature or channel `c` of a batch [n, c, …], by loops. */
function statistics(x: Tensor, c: number): { mean: number; variance: number; count: number } {
  const [, channels = 1] = x.shape
  const inner = x.shape.slice(2).reduce((a, b) => a * b, 1)
  const values = [...x.data].filter((_, at) => Math.floor(at / inner) % channels === c)
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, variance, count: values.length }
}

const stateOf = (tree: TensorTree) => tree.batchNorm1 as { mean: Tensor; variance: Tensor }

describe.each<[string, Shape]>([
  ['features', [3]],
  ['channels', [3, 4, 2]],
])('batchNorm of %s', (_, shape) => {
  const x = normal(randomKey(1), [6, ...shape], { mean: 2, std: 3, dtype: 'float64' })
  const net = chain(input(shape), layer.batchNorm())
  const [params, state] = net.init(randomKey(0), { dtype: 'float64' })

  test('starts with running mean 0 and variance 1', () => {
    expect([...stateOf(state).mean.data]).toEqual([0, 0, 0])
    expect([...stateOf(state).variance.data]).toEqual([1, 1, 1])
  })

  test('in training has mean 0 and variance 1 over the batch, and follows its statistics', () => {
    const [y, next] = net.apply(params, state, x, { training: true })
    for (const c of [0, 1, 2]) {
      const [before, after] = [statistics(x, c), statistics(y, c)]
      expect(after.mean).toBeCloseTo(0, 10)
      expect(after.variance).toBeCloseTo(before.variance / (before.variance + 1e-5), 10)
      // The book's rule: running = 0.9 · running + 0.1 · batch, with the biased variance.
      expect(stateOf(next).mean.data[c]).toBeCloseTo(0.1 * before.mean, 10)
      expect(stateOf(next).variance.data[c]).toBeCloseTo(0.9 + 0.1 * before.variance, 10)
    }
    const [, later] = net.apply(params, next, x, { training: true })
    expect(stateOf(later).mean.data[0]).toBeCloseTo(0.19 * statistics(x, 0).mean, 10)
  })

  test('in inference uses the running statistics, sample by sample', () => {
    const running = { batchNorm1: { mean: tensor([1, 2, 3]), variance: tensor([4, 9, 16]) } }
    const [y, after] = net.apply(params, running, x)
    expect(after).toBe(running)
    const inner = shape.slice(1).reduce((a, b) => a * b, 1)
    for (let at = 0; at < x.size; at++) {
      const c = Math.floor(at / inner) % 3
      expect(y.data[at]).toBeCloseTo((x.data[at]! - (c + 1)) / Math.sqrt((c + 2) ** 2 + 1e-5), 6)
    }
  })

  test('follows other conventions by its options', () => {
    const other = chain(input(shape), layer.batchNorm({ momentum: 0.99, unbiased: true }))
    const [, next] = other.apply(params, state, x, { training: true })
    const { mean, variance, count } = statistics(x, 2)
    expect(stateOf(next).mean.data[2]).toBeCloseTo(0.01 * mean, 10)
    expect(stateOf(next).variance.data[2]).toBeCloseTo(0.99 + (0.01 * variance * count) / (count - 1), 10)
  })
})

test('batchNorm scales by gamma and shifts by beta', () => {
  const net = chain(input([1]), layer.batchNorm({ epsilon: 0 }))
  const params = { batchNorm1: { gamma: tensor([3]), beta: tensor([-1]) } }
  const [, state] = net.init(randomKey(0))
  const [y] = net.apply(params, state, tensor([[2], [4]]), { training: true })
  expect([...y.data]).toEqual([-4, 2])
})

test('batchNorm keeps the dtype of its state, whatever the batch has', () => {
  const net = chain(input([3]), layer.batchNorm())
  const [params, state] = net.init(randomKey(0))
  const [, next] = net.apply(params, state, normal(randomKey(1), [4, 3], { dtype: 'float64' }), { training: true })
  expect(stateOf(next).mean.dtype).toBe('float32')
})

test('batchNorm of one value has no unbiased variance', () => {
  const net = chain(input([3]), layer.batchNorm({ unbiased: true }))
  const [params, state] = net.init(randomKey(0))
  expect(() => net.apply(params, state, normal(randomKey(1), [1, 3]), { training: true })).toThrow(
    new ValueError(
      'batchNorm: one value of each feature, in a batch of shape [1, 3], has no unbiased variance; train on larger batches',
    ),
  )
})

test('layerNorm gives each sample mean 0 and variance 1, the same in training', () => {
  const net = chain(input([3, 4]), layer.layerNorm({ epsilon: 0 }))
  const [params, state] = net.init(randomKey(0), { dtype: 'float64' })
  const x = normal(randomKey(1), [5, 3, 4], { mean: -4, dtype: 'float64' })
  const y = net.predict(params, state, x)
  expect(net.apply(params, state, x, { training: true })[0].data).toEqual(y.data)
  const rows = Array.from({ length: 5 }, (_, row) => [...y.data.slice(row * 12, row * 12 + 12)])
  for (const row of rows) {
    const mean = row.reduce((a, b) => a + b, 0) / 12
    expect(mean).toBeCloseTo(0, 10)
    expect(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 12).toBeCloseTo(1, 10)
  }
})

test.each([
  [() => layer.batchNorm({ momentum: 1 }), 'batchNorm: momentum is 1; give a number from 0 up to, not including, 1'],
  [() => layer.batchNorm({ epsilon: -1 }), 'batchNorm: epsilon is -1; give a number from 0 up'],
  [() => layer.layerNorm({ epsilon: Number.NaN }), 'layerNorm: epsilon is null; give a number from 0 up'],
])('refuses options out of range %#', (call, sentence) => {
  expect(call).toThrow(new ValueError(sentence))
})
