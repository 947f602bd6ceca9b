/** Nets written as ONNX models give the same outputs in onnxruntime. */
import { randomKey, type Tensor, type Tree, treeMap } from '@cotangent/core'
import { encodeOnnx, type OnnxOptions } from '@cotangent/io'
import { loadMnist, syntheticDigits } from '@cotangent/mnist'
import {
  chain,
  deepConvNet,
  init,
  input,
  layer,
  multiLayerNet,
  type Net,
  type Placed,
  simpleConvNet,
  twoLayerNet,
} from '@cotangent/models'
import { add, mul, reshape, sigmoid, slice, uniform } from '@cotangent/ops'
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node'
import { expect, test } from 'vitest'

const BATCHES = [1, 7]
const TOLERANCE = 1e-5

const bias = init.uniform({ low: -0.5, high: 0.5 })

/** Between them, all layers. */
const NETS: Readonly<Record<string, Net>> = {
  twoLayerNet: twoLayerNet({ weightInitStd: 0.05 }),
  multiLayerNet: multiLayerNet(),
  'multiLayerNet with batchNorm and dropout': multiLayerNet({
    batchNorm: true,
    dropoutRate: 0.3,
    activation: 'sigmoid',
  }),
  'multiLayerNet with tanh': multiLayerNet({ activation: 'tanh', weightInitStd: 'xavier' }),
  'multiLayerNet with gelu': multiLayerNet({ activation: 'gelu' }),
  simpleConvNet: simpleConvNet({ weightInitStd: 0.05 }),
  deepConvNet: deepConvNet(),
  'layers for images': chain(
    input([1, 28, 28]),
    layer.conv2d({ filters: 6, kernel: [3, 5], stride: [2, 1], pad: [1, 2], dilation: [1, 2], bias }),
    layer.batchNorm({ epsilon: 1e-3 }),
    layer.leakyRelu({ slope: 0.1 }),
    layer.avgPool2d(3, { stride: 2, pad: 1 }),
    layer.conv2d({ filters: 8, kernel: 3, groups: 2, bias: false }),
    layer.elu(),
    layer.maxPool2d([2, 3], { stride: [1, 2], pad: [1, 0] }),
    layer.residual(layer.conv2d({ filters: 8, kernel: 3, pad: 1, bias }), layer.batchNorm(), layer.silu()),
    layer.branches(
      'add',
      [layer.conv2d({ filters: 6, kernel: 3, pad: 1 }), layer.batchNorm(), layer.relu()],
      [layer.conv2d({ filters: 6, kernel: 1, bias })],
    ),
    layer.branches('concat', [], [layer.conv2d({ filters: 3, kernel: 1 }), layer.softplus()]),
    layer.layerNorm(),
    layer.globalAvgPool(),
    layer.dense(10, { bias: false }),
    layer.dropout(0.4),
  ),
  'a net within a net': chain(
    input([784]),
    chain(input([784]), layer.dense(20), layer.layerNorm(), layer.gelu()),
    layer.tanh(),
    layer.dropout(0.4),
    layer.flatten(),
    layer.dense(10),
  ),
}

test('the nets use every layer', () => {
  const kinds = (placed: readonly Placed[]): string[] =>
    placed.flatMap((one) => [
      one.layer.kind.name,
      ...kinds(one.layer.kind.inside?.(one.input, one.layer.options) ?? []),
    ])
  const used = new Set(Object.values(NETS).flatMap((net) => kinds(net.layers)))
  for (const name of Object.keys(layer)) if (name !== 'define') expect(used, name).toContain(name)
})

test.each(Object.entries(NETS))('%s', (_, net) => expectSameOutputs(net))

test('a layer of the user’s own', () => {
  const swish = layer.define({
    name: 'swish',
    options: ({ beta }: { beta: number }) => ({ beta }),
    apply: (x, { options: { beta } }) => mul(x, sigmoid(mul(x, beta))),
  })
  const net = chain(input([784]), layer.dense(20), swish({ beta: 1.5 }), layer.dense(10))
  return expectSameOutputs(net, {
    rules: {
      swish: (x, { node, constant, options }) =>
        node('Mul', [x, node('Sigmoid', [node('Mul', [x, constant(Number(options.beta))])])]),
    },
  })
})

async function expectSameOutputs(net: Net, options?: OnnxOptions): Promise<void> {
  const [params, state] = trained(net)
  const session = await InferenceSession.create(encodeOnnx(net, params, state, options))
  expect([session.inputNames, session.outputNames]).toEqual([['input'], ['output']])
  expect(session.inputMetadata).toMatchObject([{ type: 'float32', shape: ['batch', ...net.input] }])
  expect(session.outputMetadata).toMatchObject([{ type: 'float32', shape: ['batch', ...net.output] }])
  for (const count of BATCHES) {
    const x = reshape(slice(await images, { begin: [0], end: [count] }), [count, ...net.input])
    const expected = net.predict(params, state, x)
    const { output } = await session.run({ input: new OnnxTensor('float32', Float32Array.from(x.data), x.shape) })
    expect(output!.dims).toEqual(expected.shape)
    const values = output!.data as Float32Array
    const difference = Math.max(...values.map((value, at) => Math.abs(value - expected.data[at]!)))
    expect(difference).toBeLessThan(TOLERANCE)
    // Had the net no opinion, it would agree with everything.
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.01)
  }
  await session.release()
}

/** Parameters all unlike those a net begins with, and the running statistics of some batches. */
function trained(net: Net) {
  const [first, begun] = net.init(randomKey(0))
  const params = moved(first)
  let state = begun
  for (const seed of [1, 2, 3]) {
    const x = uniform(randomKey(seed), [8, ...net.input])
    state = net.apply(params, state, x, { training: true, key: randomKey(seed) })[1]
  }
  return [params, state] as const
}

function moved<T extends Tree>(tree: T): T {
  let seed = 100
  return treeMap((leaf) => add(leaf, uniform(randomKey(seed++), leaf.shape, { low: -0.02, high: 0.02 })), tree)
}

/** Digits as numbers from 0 to 1. */
const images: Promise<Tensor> = process.env.MNIST_DIR
  ? loadMnist({ dir: process.env.MNIST_DIR }).then(({ test }) => test.images)
  : Promise.resolve(syntheticDigits({ seed: 5, count: Math.max(...BATCHES) }).images)
