import { randomKey, type Tensor, treeLeaves, ValueError } from '@cotangent/core'
import { mean, variance } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import * as init from './init.ts'
import { checkInitializer, type Initializer, initialize } from './initializer.ts'
import * as layer from './layer/index.ts'
import type { Layer } from './layer.ts'
import { chain, input } from './net.ts'

const deviation = (x: Tensor) => Math.sqrt(variance(x).item())

/** The weights that a layer starts with, many enough for their statistics. */
const weightsOf = (initializer: Initializer) =>
  initialize({ shape: [300, 200], initializer, fans: { in: 300, out: 200 } }, randomKey(4), 'float64')

// The standard error of a deviation of 60,000 numbers is about 0.3 %.
describe.each([
  ['normal', init.normal(0.01), 0.01],
  ['normal around a mean', init.normal(2, { mean: -3 }), 2],
  ['uniform', init.uniform({ low: -1, high: 3 }), 4 / Math.sqrt(12)],
  ['xavier', init.xavier(), Math.sqrt(1 / 300)],
  ['xavier by fan-out', init.xavier({ fan: 'out' }), Math.sqrt(1 / 200)],
  ['xavier of Glorot and Bengio', init.xavier({ fan: 'average', distribution: 'uniform' }), Math.sqrt(2 / 500)],
  ['he', init.he(), Math.sqrt(2 / 300)],
  ['he, uniform', init.he({ fan: 'out', distribution: 'uniform' }), Math.sqrt(2 / 200)],
] as const)('%s', (_name, initializer, expected) => {
  const weights = weightsOf(initializer)

  test('has its standard deviation and mean', () => {
    expect(deviation(weights) / expected).toBeCloseTo(1, 2)
    const centre = initializer.init === 'normal' ? initializer.mean : initializer.init === 'uniform' ? 1 : 0
    expect((mean(weights).item() - centre) / expected).toBeCloseTo(0, 1)
  })

  test('keeps a uniform distribution within its bounds', () => {
    const largest = Math.max(...weights.data)
    const bound =
      initializer.init === 'uniform'
        ? 3
        : 'distribution' in initializer && initializer.distribution === 'uniform'
          ? Math.sqrt(3) * expected
          : undefined
    if (bound === undefined) expect(largest).toBeGreaterThan(Math.sqrt(3) * expected)
    else expect(largest / bound).toBeCloseTo(1, 2)
    expect(largest).toBeLessThanOrEqual(bound ?? Number.POSITIVE_INFINITY)
  })
})

test('zeros and ones', () => {
  expect(new Set(weightsOf(init.zeros()).data)).toEqual(new Set([0]))
  expect(new Set(weightsOf(init.ones()).data)).toEqual(new Set([1]))
})

describe('fan-in and fan-out of a layer', () => {
  const firstWeights = (shape: readonly number[], one: Layer) =>
    treeLeaves(chain(input(shape), one).init(randomKey(2), { dtype: 'float64' })[0])[0] as Tensor

  test('of dense are its inputs and units', () => {
    const spread = (fan: 'in' | 'out') => deviation(firstWeights([400], layer.dense(100, { weight: init.he({ fan }) })))
    expect(spread('in') / Math.sqrt(2 / 400)).toBeCloseTo(1, 1)
    expect(spread('out') / Math.sqrt(2 / 100)).toBeCloseTo(1, 1)
  })

  test('of conv2d are the channels and filters of a group times the area of the kernel', () => {
    const spread = (fan: 'in' | 'out') =>
      deviation(
        firstWeights([32, 9, 9], layer.conv2d({ filters: 64, kernel: [5, 3], groups: 2, weight: init.he({ fan }) })),
      )
    expect(spread('in') / Math.sqrt(2 / (16 * 15))).toBeCloseTo(1, 1)
    expect(spread('out') / Math.sqrt(2 / (32 * 15))).toBeCloseTo(1, 1)
  })
})

test('the layers’ defaults are He’s weights and zero biases, also in float32', () => {
  const [params] = chain(input([500]), layer.dense(300)).init(randomKey(0))
  const [W, b] = treeLeaves(params) as [Tensor, Tensor]
  expect([W.dtype, b.dtype]).toEqual(['float32', 'float32'])
  expect(deviation(W) / Math.sqrt(2 / 500)).toBeCloseTo(1, 1)
  expect(new Set(b.data)).toEqual(new Set([0]))
})

describe('refusals', () => {
  test.each([
    [
      () => init.normal(-1),
      'init.normal: mean 0 and standard deviation -1 are no normal distribution; give finite numbers, and a deviation from 0 up',
    ],
    [
      () => init.uniform({ low: 1, high: 0 }),
      'init.uniform: 1 to 0 is no interval; give two finite numbers, the lower first',
    ],
    [
      () => initialize({ shape: [3], initializer: init.he() }, randomKey(0), 'float32'),
      "init.he: this parameter has no fan-in and fan-out to scale by; give its layer's parameter `fans`, or use init.normal(std)",
    ],
    ...[{ init: 'he', fan: 'all' }, { init: 'glorot' }, { init: 'normal', mean: 0, std: null }, null, 'he'].map(
      (value) =>
        [
          () => checkInitializer('dense', 'weight', value),
          `dense: weight is ${JSON.stringify(value)}, which is not an initialiser; use one of init, such as init.he()`,
        ] as const,
    ),
  ] as const)('%#', (call, sentence) => {
    expect(call).toThrow(new ValueError(sentence))
  })
})
