import { checkGradients, randomKey, ShapeError, type Tensor, tensor, ValueError } from '@cotangent/core'
import { add, concat, mul, normal, uniform } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import * as init from '../init.ts'
import { chain, input } from '../net.ts'
import * as layer from './index.ts'

const x = tensor([
  [1, 2],
  [3, 4],
])

test('a layer with options, parameters and state', () => {
  const affine = layer.define({
    name: 'affine',
    options: ({ shift = 0 }: { shift?: number } = {}) => ({ shift }),
    parameters: (shape) => ({ scale: { shape, initializer: init.normal(1), decays: true } }),
    state: () => ({ calls: { shape: [], initializer: init.zeros() } }),
    apply: (value, { options: { shift }, params: { scale }, state: { calls } }) => [
      add(mul(value, scale), shift),
      { calls: add(calls, 1) },
    ],
  })
  const net = chain(input([2]), affine({ shift: 5 }), affine())
  expect(net.summary()).toContain('affine2   [2]               2               0')
  const [, state] = net.init(randomKey(0))
  const params = { affine1: { scale: tensor([1, 2]) }, affine2: { scale: tensor([-1, 1]) } }
  const [y, next] = net.apply(params, state, x, { training: true })
  expect(y.toArray()).toEqual([
    [-6, 9],
    [-8, 13],
  ])
  expect((next.affine2 as { calls: Tensor }).calls.item()).toBe(1)
  const loss = (p: typeof params) => net.withWeightDecay(0.1).loss(p, state, x, tensor([0, 1], { dtype: 'int32' }))[0]
  expect(checkGradients(loss, [params]).ok).toBe(true)
  const plain = net.loss(params, state, x, tensor([0, 1], { dtype: 'int32' }))[0].item()
  expect(loss(params).item()).toBeCloseTo(plain + 0.05 * (1 + 4 + 1 + 1), 5)
})

test('a layer with another output shape, checked and summed up', () => {
  const doubled = layer.define({
    name: 'doubled',
    output: ([size, ...more]) => (size === undefined || more.length > 0 ? 'doubled: needs a flat input' : [2 * size]),
    apply: (value) => concat([value, value], { axis: 1 }),
    multiplyAdds: ([size = 0]) => 10 * size,
  })
  const net = chain(input([2]), doubled(), doubled())
  expect(net.output).toEqual([8])
  expect(net.summary()).toMatch(/total +0 +60$/)
  expect(net.predict({}, {}, x).shape).toEqual([2, 8])
  expect(() => chain(input([2, 2]), doubled())).toThrow(new ShapeError('doubled: needs a flat input'))
})

test('a layer that draws random numbers', () => {
  const noise = layer.define({
    name: 'noise',
    apply: (value, { training, key }) => (training ? add(value, uniform(key(), value.shape)) : value),
  })
  const net = chain(input([2]), noise(), noise())
  const once = net.apply({}, {}, x, { training: true, key: randomKey(3) })[0]
  expect(net.apply({}, {}, x, { training: true, key: randomKey(3) })[0].data).toEqual(once.data)
  expect(net.apply({}, {}, x, { training: true, key: randomKey(4) })[0].data).not.toEqual(once.data)
  expect(() => net.apply({}, {}, x, { training: true })).toThrow(
    /^noise: draws random numbers, so the net needs a random key/,
  )
})

describe('refuses', () => {
  const apply = (value: Tensor) => value

  test.each(['', 'swish1', '1swish', 'my layer', 'a.b', '__proto__'])('the name %j', (name) => {
    expect(() => layer.define({ name, apply })).toThrow(
      new ValueError(
        `layer.define: the name ${JSON.stringify(name)} is not made of letters and digits with a letter at both ends; choose one like "swish"`,
      ),
    )
  })

  test('the name of a built-in layer', () => {
    for (const name of ['relu', 'net']) {
      expect(() => layer.define({ name, apply })).toThrow(
        new ValueError(`layer.define: "${name}" is the name of a built-in layer; choose another`),
      )
    }
  })

  test('an output rule that gives no shape', () => {
    const broken = layer.define({ name: 'broken', output: ([size = 0]) => [size / 4], apply })
    expect(() => chain(input([2]), broken())).toThrow(
      new ShapeError(
        'broken: its output rule gave [0.5]; it must give sizes from 1 up, or a sentence that says what does not fit',
      ),
    )
  })

  test('an output that is not what its rule promises', () => {
    const broken = layer.define({ name: 'broken', apply: (value) => concat([value, value], { axis: 1 }) })
    expect(() => chain(input([2]), broken()).predict({}, {}, normal(randomKey(0), [3, 2]))).toThrow(
      new ShapeError(
        'broken1: its apply turned [3, 2] into [3, 4], where its output rule promises [2] for each sample; make the two agree',
      ),
    )
  })
})
