import {
  type AnyTensor,
  checkGradients,
  randomKey,
  ShapeError,
  type Tensor,
  tensor,
  treeZip,
  ValueError,
  valueAndGrad,
} from '@cotangent/core'
import { mul, normal, sub } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import type { Net } from '../net.ts'
import { deepConvNet } from './deepConvNet.ts'
import { multiLayerNet } from './multiLayerNet.ts'
import { simpleConvNet } from './simpleConvNet.ts'
import { twoLayerNet } from './twoLayerNet.ts'

const key = randomKey(11)

/** Each of the book's nets, small enough for every element of every gradient to be compared. */
const NETS: readonly (readonly [string, Net])[] = [
  ['twoLayerNet', twoLayerNet({ inputSize: 6, hiddenSize: 5, outputSize: 3, weightInitStd: 0.5 })],
  [
    'multiLayerNet',
    multiLayerNet({ inputSize: 6, hiddenSizes: [5, 4], outputSize: 3, activation: 'sigmoid', weightInitStd: 'xavier' }),
  ],
  [
    'multiLayerNet with everything',
    multiLayerNet({
      inputSize: 6,
      hiddenSizes: [5, 4],
      outputSize: 3,
      activation: 'tanh',
      weightDecay: 0.3,
      dropoutRate: 0.25,
      batchNorm: true,
    }),
  ],
  [
    'simpleConvNet',
    simpleConvNet({ inputShape: [2, 8, 8], filters: 3, kernel: 3, hiddenSize: 5, outputSize: 3, weightInitStd: 0.5 }),
  ],
  ['deepConvNet', deepConvNet({ inputShape: [1, 8, 8], filters: [2, 2, 2, 3, 2, 2], hiddenSize: 4, outputSize: 3 })],
]

describe.each(NETS)('%s', (_, net) => {
  const [params, state] = net.init(randomKey(3), { dtype: 'float64' })
  const x = normal(randomKey(4), [3, ...net.input], { dtype: 'float64' })
  const t = tensor([0, 2, 1], { dtype: 'int32' })

  test.each([{ training: false }, { training: true, key }])(
    'every gradient of its loss is the numerical one, %o',
    (options) => {
      const loss = (p: typeof params) => net.loss(p, state, x, t, options)[0]
      // A bias before batch normalisation has the derivative 0: what the tape leaves of it is measured against 10⁻³.
      const report = checkGradients(loss, [params], { scale: 1e-3 })
      expect(report.ok, String(report)).toBe(true)
      expect(report.leaves.map(({ path }) => path)).not.toHaveLength(0)
    },
  )
})

describe('the nets have the layers of the book', () => {
  const kinds = (net: Net) => net.layers.map(({ name }) => name).join(' ')
  const outputs = (net: Net) => net.layers.map(({ output }) => output.join('×')).join(' ')

  test('twoLayerNet', () => {
    expect(kinds(twoLayerNet())).toBe('dense1 relu1 dense2')
    expect(outputs(twoLayerNet())).toBe('50 50 10')
  })

  test('multiLayerNet', () => {
    expect(kinds(multiLayerNet({ hiddenSizes: [100, 50] }))).toBe('dense1 relu1 dense2 relu2 dense3')
    expect(kinds(multiLayerNet({ hiddenSizes: [7], batchNorm: true, dropoutRate: 0.5, activation: 'gelu' }))).toBe(
      'dense1 batchNorm1 gelu1 dropout1 dense2',
    )
    expect(kinds(multiLayerNet({ hiddenSizes: [] }))).toBe('dense1')
  })

  test('simpleConvNet', () => {
    expect(kinds(simpleConvNet())).toBe('conv1 relu1 maxPool1 flatten1 dense1 relu2 dense2')
    expect(outputs(simpleConvNet())).toBe('30×24×24 30×24×24 30×12×12 4320 100 100 10')
  })

  test('deepConvNet', () => {
    expect(outputs(deepConvNet())).toBe(
      '16×28×28 16×28×28 16×28×28 16×28×28 16×14×14 32×14×14 32×14×14 32×16×16 32×16×16 32×8×8 64×8×8 64×8×8 64×8×8 64×8×8 64×4×4 1024 50 50 50 10 10',
    )
    expect(kinds(deepConvNet())).toMatch(/maxPool3 flatten1 dense1 relu7 dropout1 dense2 dropout2$/)
  })

  test('their first weights have the deviation that is asked for', () => {
    const deviation = (net: Net, name = 'dense1') => {
      const { W } = net.init(randomKey(0))[0][name] as { W: Tensor }
      return Math.sqrt([...W.data].reduce((sum, w) => sum + w * w, 0) / W.size)
    }
    expect(deviation(twoLayerNet()) / 0.01).toBeCloseTo(1, 1)
    expect(deviation(multiLayerNet({ weightInitStd: 0.05 })) / 0.05).toBeCloseTo(1, 1)
    for (const std of ['he', 'relu'] as const)
      expect(deviation(multiLayerNet({ weightInitStd: std })) / Math.sqrt(2 / 784)).toBeCloseTo(1, 1)
    for (const std of ['xavier', 'sigmoid'] as const)
      expect(deviation(multiLayerNet({ weightInitStd: std })) / Math.sqrt(1 / 784)).toBeCloseTo(1, 1)
    expect(deviation(simpleConvNet()) / 0.01).toBeCloseTo(1, 1)
    expect(deviation(deepConvNet(), 'conv6') / Math.sqrt(2 / (64 * 9))).toBeCloseTo(1, 1)
  })
})

test('twoLayerNet learns which of three directions a point lies in', () => {
  const net = twoLayerNet({ inputSize: 2, hiddenSize: 8, outputSize: 3, weightInitStd: 0.5 })
  const x = normal(randomKey(5), [200, 2])
  const turns = Array.from(
    { length: 200 },
    (_, at) => Math.atan2(x.data[2 * at]!, x.data[2 * at + 1]!) / (2 * Math.PI) + 0.5,
  )
  const t = tensor(
    turns.map((turn) => Math.min(2, Math.floor(3 * turn))),
    { dtype: 'int32' },
  )
  let [params, state] = net.init(randomKey(6))
  const step = valueAndGrad(net.loss, { hasAux: true })
  const first = net.loss(params, state, x, t)[0].item()
  for (let iteration = 0; iteration < 150; iteration++) {
    const [[, next], gradients] = step(params, state, x, t, { training: true })
    params = treeZip((p: AnyTensor, g) => sub(p, mul(0.5, g!)), params, gradients)
    state = next
  }
  expect(net.loss(params, state, x, t)[0].item()).toBeLessThan(first / 4)
  expect(net.accuracy(params, state, x, t).item()).toBeGreaterThan(0.93)
})

test.each([
  [() => twoLayerNet({ hiddenSize: 0 }), new ValueError('dense: units is 0; give an integer from 1 up')],
  [
    () => twoLayerNet({ inputSize: 0.5 }),
    new ShapeError("input: [0.5] is not a sample's shape; give sizes from 1 up, as [1, 28, 28]"),
  ],
  [
    () => multiLayerNet({ activation: 'step' as 'relu' }),
    new ValueError('multiLayerNet: activation is "step"; use one of relu, sigmoid, tanh, gelu'),
  ],
  [
    () => multiLayerNet({ weightInitStd: 'best' as 'he' }),
    new ValueError('multiLayerNet: weightInitStd is "best"; give a number, or one of he, relu, xavier, sigmoid'),
  ],
  [
    () => multiLayerNet({ dropoutRate: 1 }),
    new ValueError('dropout: rate is 1; give a number from 0 up to, not including, 1'),
  ],
  [() => simpleConvNet({ inputShape: [1, 4, 4] }), new ShapeError('conv2d: kernel 5 does not fit input [1, 4, 4]')],
  [() => deepConvNet({ inputShape: [1, 2, 2] }), new ShapeError('maxPool2d: kernel 2 does not fit input [64, 1, 1]')],
])('refuses what makes no net %#', (call, error) => {
  expect(call).toThrow(error)
})
