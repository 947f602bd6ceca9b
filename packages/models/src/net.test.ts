import { inspect } from 'node:util'
import {
  arange,
  cast,
  randomKey,
  record,
  ShapeError,
  type Tensor,
  tensor,
  treeLeaves,
  ValueError,
  valueAndGrad,
  zeros,
} from '@cotangent/core'
import { argMax, meanSquaredError, normal, softmax, softmaxCrossEntropy } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import * as init from './init.ts'
import * as layer from './layer/index.ts'
import type { TensorTree } from './layer.ts'
import { chain, input } from './net.ts'

const net = chain(input([4]), layer.dense(5), layer.tanh(), layer.dense(6), layer.tanh(), layer.dense(3))
const [params, state] = net.init(randomKey(0))
const x = normal(randomKey(1), [7, 4])
const t = tensor([0, 1, 2, 0, 1, 2, 0], { dtype: 'int32' })

const shapes = (tree: TensorTree): unknown => JSON.parse(JSON.stringify(tree, (_, value) => value?.shape ?? value))
const numbers = (tree: unknown) => treeLeaves(tree).map(({ data }) => [...data])

describe('names', () => {
  test('are kinds with a number, the same in parameters and on the tape', () => {
    expect(net.layers.map(({ name }) => name)).toEqual(['dense1', 'tanh1', 'dense2', 'tanh2', 'dense3'])
    expect(shapes(params)).toEqual({
      dense1: { W: [4, 5], b: [5] },
      dense2: { W: [5, 6], b: [6] },
      dense3: { W: [6, 3], b: [3] },
    })
    const [, tape] = record(() => net.predict(params, state, x))
    expect([...new Set(tape.steps.map(({ scope }) => scope))]).toEqual(['dense1', 'tanh1', 'dense2', 'tanh2', 'dense3'])
  })

  test('leave out the 2d of kinds, and nest as layers do', () => {
    const inner = chain(input([2, 3, 3]), layer.residual(layer.conv2d({ filters: 2, kernel: 1 })))
    const outer = chain(input([2, 6, 6]), layer.maxPool2d(2), inner, layer.branches('concat', [layer.batchNorm()], []))
    const [weights, kept] = outer.init(randomKey(0))
    expect(shapes(weights)).toEqual({
      net1: { residual1: { conv1: { W: [2, 2, 1, 1], b: [2] } } },
      branches1: { branch1: { batchNorm1: { gamma: [2], beta: [2] } } },
    })
    expect(shapes(kept)).toEqual({ branches1: { branch1: { batchNorm1: { mean: [2], variance: [2] } } } })
    const [, tape] = record(() => outer.predict(weights, kept, zeros([1, 2, 6, 6])))
    expect(tape.steps.map(({ scope }) => scope)).toContain('net1/residual1/conv1')
    expect(tape.steps.map(({ scope }) => scope)).toContain('branches1/branch1/batchNorm1')
  })
})

describe('init', () => {
  test('depends on the key alone, and draws other numbers for each parameter', () => {
    expect(numbers(net.init(randomKey(0)))).toEqual(numbers([params, state]))
    expect(numbers(net.init(randomKey(1)))).not.toEqual(numbers([params, state]))
    const twins = chain(input([4]), layer.dense(4), layer.dense(4)).init(randomKey(0))[0] as Record<
      string,
      { W: Tensor }
    >
    expect([...twins.dense1!.W.data]).not.toEqual([...twins.dense2!.W.data])
  })

  test('makes float64 parameters and state on demand', () => {
    const trees = chain(input([4]), layer.dense(2), layer.batchNorm()).init(randomKey(0), { dtype: 'float64' })
    expect(new Set(treeLeaves(trees).map(({ dtype }) => dtype))).toEqual(new Set(['float64']))
  })
})

describe('apply', () => {
  test('gives back the state itself where nothing changes it', () => {
    const normed = chain(input([4]), layer.batchNorm(), layer.residual(layer.dense(4)))
    const [weights, kept] = normed.init(randomKey(0))
    expect(normed.apply(weights, kept, x)[1]).toBe(kept)
    expect(normed.apply(weights, kept, x, { training: true })[1]).not.toBe(kept)
  })

  test('takes integers, as images come', () => {
    const bytes = cast(arange(28), 'uint8')
    const images = tensor(new Uint8Array(bytes.data), { shape: [7, 4] })
    expect(net.predict(params, state, images).data).toEqual(net.predict(params, state, cast(images, 'float32')).data)
  })

  test('of a net inside a net is that net applied', () => {
    const head = chain(input([5]), layer.tanh(), layer.dense(3))
    const outer = chain(input([4]), layer.dense(5), head)
    const [weights] = outer.init(randomKey(3))
    const { dense1, net1 } = weights as Record<string, TensorTree>
    const hidden = chain(input([4]), layer.dense(5)).predict({ dense1: dense1! }, {}, x)
    expect(outer.predict(weights, {}, x).data).toEqual(head.predict(net1!, {}, hidden).data)
  })

  test.each([
    [
      'a batch of another shape',
      () => net.predict(params, state, zeros([7, 2, 2])),
      new ShapeError(
        'net: takes batches [n, 4], got [7, 2, 2]; reshape the samples, or add the batch axis with expandDims',
      ),
    ],
    [
      'a sample without its batch axis',
      () => net.predict(params, state, zeros([4])),
      new ShapeError('net: takes batches [n, 4], got [4]; reshape the samples, or add the batch axis with expandDims'),
    ],
    [
      'no parameters',
      () => net.predict({}, state, x),
      new ValueError(
        "dense1: there is no W in its params; pass what the net's init gave, or a checkpoint of the same net",
      ),
    ],
    [
      'parameters of another net',
      () => net.predict(chain(input([4]), layer.dense(6)).init(randomKey(0))[0], state, x),
      new ShapeError('dense1: W has shape [4, 6], this net needs [4, 5]; pass the params of the same net'),
    ],
    [
      'no state',
      () =>
        chain(input([4]), layer.batchNorm()).predict({ batchNorm1: { gamma: zeros([4]), beta: zeros([4]) } }, {}, x),
      new ValueError(
        "batchNorm1: there is no mean in its state; pass what the net's init gave, or a checkpoint of the same net",
      ),
    ],
  ])('refuses %s', (_, call, error) => {
    expect(call).toThrow(error)
  })
})

describe('loss', () => {
  test('is the mean softmax cross-entropy, by classes or probabilities', () => {
    const logits = net.predict(params, state, x)
    const probabilities = softmax(logits).toArray() as number[][]
    const expected = probabilities.reduce((sum, row, at) => sum - Math.log(row[t.data[at]!]!) / 7, 0)
    expect(net.loss(params, state, x, t)[0].item()).toBeCloseTo(expected, 5)
    const oneHot = tensor([...t.data].map((label) => [0, 1, 2].map((one) => Number(one === label))))
    expect(net.loss(params, state, x, oneHot)[0].item()).toBeCloseTo(expected, 5)
  })

  test('adds ½ λ Σ W² over the weights, not the biases, of all layers', () => {
    const nested = chain(
      input([4]),
      layer.dense(4, { bias: init.ones() }),
      layer.batchNorm(),
      layer.residual(layer.dense(4)),
      chain(input([4]), layer.dense(3)).withWeightDecay(5),
    )
    const [weights, kept] = nested.init(randomKey(2))
    const { dense1, residual1, net1 } = weights as Record<string, Record<string, { W: Tensor } & Tensor>>
    const squares = [dense1!.W!, residual1!.dense1!.W, net1!.dense1!.W]
      .flatMap((w) => [...w.data])
      .reduce((sum, w) => sum + w * w, 0)
    const plain = nested.loss(weights, kept, x, t)[0].item()
    expect(nested.withWeightDecay(0.3).loss(weights, kept, x, t)[0].item()).toBeCloseTo(plain + 0.15 * squares, 4)
  })

  test('has a gradient shaped and named like the parameters, and hands the new state on', () => {
    const normed = chain(input([4]), layer.dense(3), layer.batchNorm())
    const [weights, kept] = normed.init(randomKey(2))
    const step = valueAndGrad(normed.loss, { hasAux: true })
    const [[loss, next], gradients] = step(weights, kept, x, t, { training: true })
    expect(loss.shape).toEqual([])
    expect(shapes(gradients as TensorTree)).toEqual(shapes(weights))
    expect(shapes(next)).toEqual(shapes(kept))
  })

  test('is left to the user where it is another', () => {
    const target = normal(randomKey(8), [7, 3])
    const step = valueAndGrad((p: TensorTree) => meanSquaredError(net.predict(p, state, x), target))
    expect(shapes(step(params)[1] as TensorTree)).toEqual(shapes(params))
  })

  test('refuses an output that is no logits', () => {
    const image = chain(input([1, 4, 4]), layer.relu())
    expect(() => image.loss({}, {}, zeros([7, 1, 4, 4]), t)).toThrow(
      new ShapeError(
        'loss: the net gives [1, 4, 4] for a sample, where logits [classes] are needed; end it with layer.flatten() and layer.dense(classes)',
      ),
    )
  })

  test('refuses a negative weight decay', () => {
    expect(() => net.withWeightDecay(-1)).toThrow(new ValueError('net: weightDecay is -1; give a number from 0 up'))
  })
})

describe('accuracy', () => {
  test('is the share of right samples, in batches of any size', () => {
    const chosen = [...argMax(net.predict(params, state, x), { axis: 1 }).data]
    const right = chosen.filter((one, at) => one === t.data[at]).length
    for (const options of [undefined, { batch: 1 }, { batch: 3 }, { batch: 7 }, { batch: 100 }]) {
      expect(net.accuracy(params, state, x, t, options).item()).toBeCloseTo(right / 7, 6)
    }
    const all = tensor(chosen, { dtype: 'int32' })
    expect(net.accuracy(params, state, x, all).item()).toBe(1)
    const oneHot = tensor(chosen.map((label) => [0, 1, 2].map((one) => Number(one === label))))
    expect(net.accuracy(params, state, x, oneHot, { batch: 2 }).item()).toBe(1)
  })

  test.each([
    [
      () => net.accuracy(params, state, x, tensor([1, 2], { dtype: 'int32' })),
      new ShapeError(
        'accuracy: labels of shape [2] do not fit 7 samples; give classes [7] or probabilities [7, classes]',
      ),
    ],
    [
      () => net.accuracy(params, state, zeros([0, 4]), tensor([], { dtype: 'int32' })),
      new ValueError('accuracy: there is no sample; the share of none is not a number'),
    ],
    [
      () => net.accuracy(params, state, x, t, { batch: 0 }),
      new ValueError('accuracy: batch is 0; give an integer from 1 up'),
    ],
  ])('refuses what has none %#', (call, error) => {
    expect(call).toThrow(error)
  })
})

test('a net is frozen, prints as its summary, and its functions work without it', () => {
  expect(Object.isFrozen(net) && Object.isFrozen(net.layers) && Object.isFrozen(net.layers[0])).toBe(true)
  expect(inspect(net)).toBe(net.summary())
  const { predict, loss } = net
  expect(loss(params, state, x, t)[0].item()).toBe(softmaxCrossEntropy(predict(params, state, x), t).item())
})

test.each([[[0]], [[1.5]], [[-1, 2]], ['784']])('input refuses %j', (shape) => {
  expect(() => input(shape as readonly number[])).toThrow(
    new ShapeError(`input: ${JSON.stringify(shape)} is not a sample's shape; give sizes from 1 up, as [1, 28, 28]`),
  )
})
