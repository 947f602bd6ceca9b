import { randomKey, ShapeError, treeLeaves, ValueError } from '@cotangent/core'
import { mul, normal, sigmoid } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import * as layer from './layer/index.ts'
import { chain, input } from './net.ts'
import { netFromJSON } from './netFromJSON.ts'
import { deepConvNet } from './nets/deepConvNet.ts'
import { multiLayerNet } from './nets/multiLayerNet.ts'
import { simpleConvNet } from './nets/simpleConvNet.ts'
import { twoLayerNet } from './nets/twoLayerNet.ts'

test('what is written reads well', () => {
  expect(twoLayerNet({ hiddenSize: 20 }).toJSON()).toEqual({
    layer: 'net',
    input: [784],
    layers: [
      { layer: 'dense', units: 20, weight: { init: 'normal', mean: 0, std: 0.01 }, bias: { init: 'zeros' } },
      { layer: 'relu' },
      { layer: 'dense', units: 10, weight: { init: 'normal', mean: 0, std: 0.01 }, bias: { init: 'zeros' } },
    ],
    weightDecay: 0,
  })
})

describe.each([
  ['twoLayerNet', twoLayerNet({ inputSize: 64 })],
  [
    'multiLayerNet',
    multiLayerNet({ inputSize: 64, hiddenSizes: [9, 8], dropoutRate: 0.3, batchNorm: true, weightDecay: 0.1 }),
  ],
  ['simpleConvNet', simpleConvNet({ inputShape: [1, 8, 8], filters: 3 })],
  ['deepConvNet', deepConvNet({ inputShape: [1, 8, 8], filters: [2, 2, 2, 2, 2, 2] })],
] as const)('%s', (_, net) => {
  test('comes back as the same net', () => {
    const again = netFromJSON(JSON.parse(JSON.stringify(net)))
    expect(again.toJSON()).toEqual(net.toJSON())
    expect(again.summary()).toBe(net.summary())
    expect([again.input, again.output, again.weightDecay]).toEqual([net.input, net.output, net.weightDecay])
    const [params, state] = net.init(randomKey(0))
    expect(treeLeaves(again.init(randomKey(0))).map(({ data }) => data)).toEqual(
      treeLeaves([params, state]).map(({ data }) => data),
    )
    const x = normal(randomKey(1), [3, ...net.input])
    const options = { training: true, key: randomKey(2) }
    expect(treeLeaves(again.apply(params, state, x, options)).map(({ data }) => data)).toEqual(
      treeLeaves(net.apply(params, state, x, options)).map(({ data }) => data),
    )
  })
})

const swish = layer.define({
  name: 'swish',
  options: ({ beta = 1 }: { beta?: number } = {}) => {
    if (!(beta > 0)) throw new ValueError('swish: beta must be positive')
    return { beta }
  },
  apply: (x, { options: { beta } }) => mul(x, sigmoid(mul(x, beta))),
})

describe("a layer of the user's own", () => {
  const net = chain(input([4]), layer.residual(layer.dense(4), swish({ beta: 2 })))
  const json = JSON.parse(JSON.stringify(net))

  test('is named, and read where it is given', () => {
    expect(json.layers[0].layers[1]).toEqual({ layer: 'swish', beta: 2 })
    const again = netFromJSON(json, { layers: [swish] })
    const [params, state] = net.init(randomKey(0))
    const x = normal(randomKey(1), [3, 4])
    expect(again.predict(params, state, x).data).toEqual(net.predict(params, state, x).data)
  })

  test('is asked for where it is not', () => {
    expect(() => netFromJSON(json)).toThrow(
      new ValueError(
        'netFromJSON: there is no layer "swish"; pass what layer.define gave for it, as netFromJSON(json, { layers: [swish] })',
      ),
    )
  })

  test('checks its own options', () => {
    json.layers[0].layers[1].beta = -1
    expect(() => netFromJSON(json, { layers: [swish] })).toThrow(new ValueError('swish: beta must be positive'))
  })
})

const dense = { layer: 'dense', units: 3 }
test.each([
  [JSON.stringify(twoLayerNet()), 'netFromJSON: this is no net; it is a text, so pass JSON.parse(text)'],
  [null, 'netFromJSON: this is no net; pass what net.toJSON() gave'],
  [dense, 'netFromJSON: this is no net; pass what net.toJSON() gave'],
  [{ layer: 'net', input: [4] }, 'net: layers is no list of layers; make them with the functions of layer'],
  [
    { layer: 'net', input: [4], layers: [{ units: 3 }] },
    'net: layers is no list of layers; make them with the functions of layer',
  ],
  [
    { layer: 'net', input: [4], layers: [{ layer: 'dense', units: '3' }] },
    'dense: units is "3"; give an integer from 1 up',
  ],
  [
    { layer: 'net', input: [4], layers: [{ ...dense, weight: { init: 'best' } }] },
    'dense: weight is {"init":"best"}, which is not an initialiser; use one of init, such as init.he()',
  ],
  [
    { layer: 'net', input: [4], layers: [{ layer: 'branches', merge: 'mul', branches: [[]] }] },
    "branches: cannot merge by \"mul\"; use 'add' or 'concat'",
  ],
  [
    { layer: 'net', input: [4], layers: [dense], weightDecay: 'much' },
    'net: weightDecay is "much"; give a number from 0 up',
  ],
])('refuses %j', (json, sentence) => {
  expect(() => netFromJSON(json)).toThrow(new ValueError(sentence))
})

test('refuses layers that do not fit, and shapes that are none', () => {
  const net = { layer: 'net', input: [1, 4, 4], layers: [dense] }
  expect(() => netFromJSON(net)).toThrow(
    new ShapeError('dense: needs a flat input, got [1, 4, 4]; put layer.flatten() before it'),
  )
  expect(() => netFromJSON({ ...net, input: 4 })).toThrow(
    new ShapeError("net: 4 is not a sample's shape; give sizes from 1 up, as [1, 28, 28]"),
  )
})

test('left-out options take their defaults', () => {
  const net = netFromJSON({ layer: 'net', input: [1, 5, 5], layers: [{ layer: 'conv2d', filters: 2, kernel: [3, 2] }] })
  expect(net.toJSON()).toEqual(chain(input([1, 5, 5]), layer.conv2d({ filters: 2, kernel: [3, 2] })).toJSON())
})
