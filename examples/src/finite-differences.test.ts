import { cast, customVjp, mul, randomKey, type Tensor } from '@cotangent/core'
import { chain, input, layer, type Net, twoLayerNet } from '@cotangent/models'
import { uniform } from '@cotangent/ops'
import { describe, expect, it } from 'vitest'
import { type Comparison, compareGradients, type Extent } from './finite-differences.ts'

const labels = cast(uniform(randomKey(2), [3], { high: 10 }), 'int32')
const imagesFor = (net: Net): Tensor => uniform(randomKey(1), [3, ...net.input], { dtype: 'float64' })

async function compared(net: Net, images: Tensor, changed: Partial<Extent> = {}): Promise<Comparison[]> {
  const [params, state] = net.init(randomKey(0), { dtype: 'float64' })
  const found: Comparison[] = []
  for await (const one of compareGradients(
    { net, params, state, images, labels, key: randomKey(3) },
    {
      elements: 40,
      directions: 5,
      epsilon: 1e-5,
      key: randomKey(4),
      signal: new AbortController().signal,
      onStep: () => undefined,
      ...changed,
    },
  )) {
    found.push(one)
  }
  return found
}

describe('compareGradients', () => {
  it('agrees for a net whose gradients are right, with dropout and statistics of the batch', async () => {
    const net = chain(
      input([1, 6, 6]),
      layer.conv2d({ filters: 3, kernel: 3 }),
      layer.batchNorm(),
      layer.relu(),
      layer.maxPool2d(2),
      layer.flatten(),
      layer.dropout(0.3),
      layer.dense(10),
    )
    const found = await compared(net, imagesFor(net), { epsilon: 1e-6 })
    expect(found.map(({ name, steps }) => [name, steps])).toEqual([
      ['conv1.W', 27],
      ['conv1.b', 3],
      ['batchNorm1.gamma', 3],
      ['batchNorm1.beta', 3],
      ['dense1.W', 40],
      ['dense1.b', 10],
      ['random', 5],
    ])
    // The gradient by a bias in front of a batch normalisation is 0 but for rounding.
    for (const one of found) if (one.name !== 'conv1.b') expect(one.relativeError).toBeLessThan(1e-6)
    expect(found.reduce((sum, one) => sum + one.kinks, 0)).toBeLessThan(3)
  })

  it('does not agree where a rule is wrong, and only in front of it', async () => {
    const doubled = customVjp(
      (x) => mul(x, 2),
      (g) => mul(g, 1.9),
    )
    const wrong = layer.define({ name: 'wrong', output: (shape) => shape, apply: (x) => doubled(x) })
    const net = chain(input([4]), layer.dense(5), layer.sigmoid(), wrong(), layer.dense(10))
    const found = await compared(net, imagesFor(net))
    const errors = new Map(found.map((one) => [one.name, one.relativeError]))
    expect(errors.get('dense1.W')).toBeCloseTo(0.05, 6)
    expect(errors.get('dense1.b')).toBeCloseTo(0.05, 6)
    expect(errors.get('dense2.W')).toBeLessThan(1e-8)
    expect(errors.get('random')).toBeGreaterThan(1e-3)
  })

  it('counts the steps that cross a kink, and does not compare them', async () => {
    // Black images: all that a convolution without bias gives is 0, where relu has its kink, until its bias moves.
    const net = chain(
      input([1, 4, 4]),
      layer.conv2d({ filters: 2, kernel: 3 }),
      layer.relu(),
      layer.flatten(),
      layer.dense(10),
    )
    const found = await compared(net, mul(imagesFor(net), 0), { directions: 0 })
    const [weights, biases] = found
    expect(weights).toMatchObject({ name: 'conv1.W', steps: 18, kinks: 0, relativeError: 0, meanError: 0 })
    expect(biases).toMatchObject({ name: 'conv1.b', steps: 2, kinks: 2, relativeError: 0, meanError: 0 })
  })

  it('sees a step that makes a pooling choose another place', async () => {
    const net = chain(
      input([1, 4, 4]),
      layer.conv2d({ filters: 1, kernel: 1 }),
      layer.maxPool2d(2),
      layer.flatten(),
      layer.dense(10),
    )
    const near = (x: Tensor): Tensor => mul(x, 1e-7)
    const crossing = await compared(net, near(imagesFor(net)), { directions: 0, epsilon: 10 })
    expect(crossing.find((one) => one.name === 'conv1.W')?.kinks).toBe(1)
    expect(crossing.find((one) => one.name === 'conv1.b')?.kinks).toBe(0)
  })

  it('compares every element of every parameter where it is asked to', async () => {
    const net = twoLayerNet({ inputSize: 6, hiddenSize: 4 })
    const steps: string[] = []
    const found = await compared(net, imagesFor(net), {
      elements: Number.POSITIVE_INFINITY,
      directions: 0,
      onStep: (name) => steps.push(name),
    })
    expect(found.map((one) => one.steps)).toEqual([24, 4, 40, 10])
    expect(steps).toHaveLength(78)
    for (const one of found) expect(one.relativeError).toBeLessThan(1e-7)
  })

  it('ends with the reason of its signal', async () => {
    const net = twoLayerNet({ inputSize: 6, hiddenSize: 4 })
    const reason = new Error('enough')
    await expect(compared(net, imagesFor(net), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})
