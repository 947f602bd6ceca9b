import { checkGradients, randomKey, type Shape, type TensorLike, treeLeaves } from '@cotangent/core'
import { mul, normal } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import * as init from '../init.ts'
import { type Layer, layerOf } from '../layer.ts'
import { chain, input } from '../net.ts'
import { netFromJSON } from '../netFromJSON.ts'
import { place } from '../sequence.ts'
import * as layer from './index.ts'
import { builtInKinds } from './kinds.ts'

const weight = init.normal(0.5)
const bias = init.uniform({ low: -1, high: 1 })

/** Each built-in layer with some inputs, and the output's shape, worked out by hand. */
const LAYERS: readonly (readonly [name: string, layer: Layer, input: Shape, output: Shape])[] = [
  ['dense', layer.dense(4, { weight, bias }), [3], [4]],
  ['dense without bias', layer.dense(1, { weight, bias: false }), [5], [1]],
  ['conv2d', layer.conv2d({ filters: 3, kernel: 2, weight, bias }), [2, 4, 5], [3, 3, 4]],
  [
    'conv2d with everything',
    layer.conv2d({
      filters: 4,
      kernel: [2, 3],
      stride: [2, 1],
      pad: [1, 2],
      dilation: [2, 1],
      groups: 2,
      weight,
      bias,
    }),
    [2, 5, 4],
    [4, 3, 6],
  ],
  ['conv2d without bias', layer.conv2d({ filters: 1, kernel: 3, weight, bias: false }), [1, 3, 3], [1, 1, 1]],
  ['maxPool2d', layer.maxPool2d(2), [2, 5, 4], [2, 2, 2]],
  ['maxPool2d, overlapping', layer.maxPool2d([3, 2], { stride: [1, 2], pad: [1, 0] }), [2, 4, 5], [2, 4, 2]],
  ['avgPool2d', layer.avgPool2d(3, { stride: 2, pad: 1 }), [2, 5, 5], [2, 3, 3]],
  ['globalAvgPool', layer.globalAvgPool(), [3, 2, 4], [3]],
  ['flatten', layer.flatten(), [3, 2, 4], [24]],
  ['flatten of a flat input', layer.flatten(), [3], [3]],
  ['relu', layer.relu(), [3, 2], [3, 2]],
  ['sigmoid', layer.sigmoid(), [3], [3]],
  ['tanh', layer.tanh(), [3], [3]],
  ['gelu', layer.gelu(), [3], [3]],
  ['elu', layer.elu(), [3], [3]],
  ['silu', layer.silu(), [3], [3]],
  ['softplus', layer.softplus(), [3], [3]],
  ['leakyRelu', layer.leakyRelu({ slope: 0.2 }), [3], [3]],
  ['dropout', layer.dropout(0.4), [6], [6]],
  ['batchNorm of features', layer.batchNorm(), [3], [3]],
  ['batchNorm of channels', layer.batchNorm({ epsilon: 0.1 }), [2, 2, 3], [2, 2, 3]],
  ['layerNorm', layer.layerNorm(), [2, 3], [2, 3]],
  [
    'residual',
    layer.residual(
      layer.conv2d({ filters: 2, kernel: 3, pad: 1, weight, bias: false }),
      layer.batchNorm(),
      layer.tanh(),
    ),
    [2, 3, 3],
    [2, 3, 3],
  ],
  [
    'branches that add',
    layer.branches(
      'add',
      [
        layer.conv2d({ filters: 3, kernel: 3, stride: 2, pad: 1, weight, bias: false }),
        layer.batchNorm(),
        layer.tanh(),
      ],
      [layer.conv2d({ filters: 3, kernel: 1, stride: 2, weight, bias })],
    ),
    [2, 4, 3],
    [3, 2, 2],
  ],
  [
    'branches that join',
    layer.branches('concat', [layer.dense(2, { weight })], [], [layer.tanh(), layer.dense(1, { weight })]),
    [3],
    [6],
  ],
  ['a net', chain(input([3]), layer.dense(4, { weight }), layer.tanh(), layer.dense(2, { weight })), [3], [2]],
]

test('the table holds every kind of layer', () => {
  const here = new Set(LAYERS.map(([, { kind }]) => kind.name))
  expect([...here].sort()).toEqual(builtInKinds.map((kind) => kind.name).sort())
})

const samples = 3
const inputOf = (shape: Shape) => normal(randomKey(5), [samples, ...shape], { dtype: 'float64' })
const modes = [{ training: false }, { training: true, key: randomKey(7) }] as const

describe.each(LAYERS)('%s', (_name, one, shape, output) => {
  const net = chain(input(shape), one)
  const [params, state] = net.init(randomKey(1), { dtype: 'float64' })

  test('gives the shape it says', () => {
    expect(place(shape, [one])).toMatchObject([{ output }])
    for (const options of modes) {
      expect(net.apply(params, state, inputOf(shape), options)[0].shape).toEqual([samples, ...output])
    }
  })

  test('takes batches of one', () => {
    const x = normal(randomKey(3), [1, ...shape])
    expect(net.apply(...net.init(randomKey(1)), x, { training: true, key: randomKey(2) })[0].shape).toEqual([
      1,
      ...output,
    ])
  })

  test('has the gradients of its tape, by input and parameters', () => {
    for (const options of modes) {
      const f = (p: typeof params, x: TensorLike) => net.apply(p, state, mul(x, 1), options)[0]
      const report = checkGradients(f, [params, inputOf(shape)])
      expect(report.ok, String(report)).toBe(true)
    }
  })

  test('starts and runs the same after JSON', () => {
    const again = netFromJSON(JSON.parse(JSON.stringify(net)))
    expect(JSON.stringify(again)).toBe(JSON.stringify(net))
    expect(again.output).toEqual(net.output)
    const [sameParams, sameState] = again.init(randomKey(1), { dtype: 'float64' })
    expect(treeLeaves([sameParams, sameState]).map(({ data }) => data)).toEqual(
      treeLeaves([params, state]).map(({ data }) => data),
    )
    for (const options of modes) {
      expect(again.apply(params, state, inputOf(shape), options)[0].data).toEqual(
        net.apply(params, state, inputOf(shape), options)[0].data,
      )
    }
  })

  test('is frozen data', () => {
    expect(Object.isFrozen(one) && Object.isFrozen(one.options)).toBe(true)
    expect(layerOf(one.kind, one.options).options).toEqual(one.options)
  })
})
