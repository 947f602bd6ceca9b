import { type AnyTensor, customVjp, grad, type Tensor, tensor } from '@cotangent/core'
import {
  add,
  avgPool2d,
  conv2d,
  greater,
  lessEqual,
  max,
  maxPool2d,
  min,
  mul,
  relu,
  reshape,
  slice,
  square,
  sub,
  sum,
  where,
} from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { integers } from '../exact.fixtures.ts'
import type { Graph } from '../graph.ts'
import { afterRules, nodesOf, type TensorFunction, tracedGraph } from './graphs.fixtures.ts'
import { holdsTo } from './laws.fixtures.ts'
import { maskOfOutput } from './maskOfOutput.ts'
import { maskedPooling, summedPooling } from './maxPool.ts'

const RULES = [maskOfOutput, maskedPooling, summedPooling]

type Pool = (y: Tensor) => Tensor
const pairs: Pool = (y) => maxPool2d(y, { kernel: 2 })

/** The sum of the squares of pooled images: cotangents are not known before the program runs. */
const pooled = (y: Tensor, pool: Pool = pairs): Tensor => sum(square(pool(y)))

const images = integers([3, 4, 6, 8], 'float32')
const bias = integers([4, 1, 1], 'float32', 1)

const optimised = (f: TensorFunction, ...args: readonly AnyTensor[]): Graph => afterRules(tracedGraph(f, args), RULES)

/** Whether the gradient that `f` gives first is scattered last, with nothing laid over it. */
function masksWindows(f: TensorFunction, ...args: readonly AnyTensor[]): boolean {
  const { nodes, results } = optimised(f, ...args)
  const { origin } = nodes[results[0]!]!
  return origin.from === 'kernel' && origin.kernel.family === 'scatterView'
}

/** The shapes of what is summed over images and places. */
const summedShapes = (f: TensorFunction, ...args: readonly AnyTensor[]): string[] => {
  const graph = optimised(f, ...args)
  return nodesOf(graph, 'reduce').flatMap(({ origin }) => {
    if (origin.from !== 'kernel' || origin.kernel.family !== 'reduce' || origin.kernel.op !== 'sum') return []
    const { shape } = graph.nodes[origin.inputs[0]!]!
    return shape.length === 4 && origin.kernel.axes.length < 4 ? [shape.join('×')] : []
  })
}

const ofRelu = (pool?: Pool) => (y: Tensor) => grad((z: Tensor) => pooled(relu(z), pool))(y)
const ofBias = (pool?: Pool) => (y: Tensor, b: Tensor) =>
  grad((c: Tensor, z: Tensor) => pooled(relu(add(z, c)), pool), { argnums: [0, 1] })(b, y)

/** What is done to the gradient of images before it goes on, and the images. */
type Mask = (g: Tensor, y: Tensor) => AnyTensor

/** The gradient of pooling, masked by a function of what is pooled. */
const masked = (mask: Mask) => {
  const operation = customVjp(
    (y) => mul(y as Tensor, 2),
    (g, _, y) => mask(g, y),
  )
  return (y: Tensor) => grad((z: Tensor) => pooled(operation(z)))(y)
}

describe('relu, then pooling', () => {
  test.each([
    [[1, 1, 2, 2], 2],
    [[1, 4, 4, 4], 2],
    [[7, 3, 6, 2], 2],
    [[2, 8, 9, 6], 3],
    [
      [9, 5, 6, 8],
      [3, 4],
    ],
    [
      [2, 3, 6, 8],
      [1, 2],
    ],
    [
      [17, 8, 2, 2],
      [2, 1],
    ],
  ] as const)(
    'images %j, windows %j: the mask of the maxima lies over the cotangents of the windows',
    (shape, kernel) => {
      const pool: Pool = (y) => maxPool2d(y, { kernel })
      const x = integers(shape, 'float32')
      expect(masksWindows(ofRelu(pool), x)).toBe(true)
      // Among few small integers many are equal, in most windows two.
      holdsTo(RULES, ofRelu(pool), x)
      holdsTo(RULES, ofRelu(pool), mul(x, 0) as Tensor)
    },
  )

  test('the sum over images and places is that of the windows, once each', () => {
    expect(summedShapes(ofBias(), images, bias)).toEqual(['3×4×3×4'])
    holdsTo(RULES, ofBias(), images, bias)
    const unmasked = (y: Tensor, b: Tensor) => grad((c: Tensor) => pooled(add(y, c)))(b)
    expect(summedShapes(unmasked, images, bias)).toEqual(['3×4×3×4'])
    holdsTo(RULES, unmasked, images, bias)
  })

  test('images that are read elsewhere, and convolutions before and behind', () => {
    const f = (y: Tensor, w: Tensor) => {
      const loss = (z: Tensor, filters: Tensor) => {
        const hidden = relu(conv2d(z, filters, null, { pad: 1 }))
        return add(sum(conv2d(pairs(hidden), filters, null)), sum(mul(hidden, 2))) as Tensor
      }
      return [relu(y), pairs(relu(y)), ...grad(loss, { argnums: [0, 1] })(y, w)]
    }
    holdsTo(RULES, f, integers([3, 4, 6, 8], 'float64'), integers([4, 4, 3, 3], 'float64', 2))
  })

  test('two poolings, each masked by its own maxima', () => {
    const f = (y: Tensor) =>
      grad((z: Tensor) => add(pooled(relu(z)), pooled(relu(pairs(relu(mul(z, 2)) as Tensor)))) as Tensor)(y)
    holdsTo(RULES, f, integers([2, 3, 8, 8], 'float64'))
    const side = (y: Tensor) => grad((z: Tensor) => add(pooled(relu(z)), pooled(relu(sub(1, z)))) as Tensor)(y)
    holdsTo(RULES, side, integers([2, 3, 8, 8], 'float64'))
  })

  test('masks by any bound', () => {
    for (const bound of [-3, -1, 2, Number.POSITIVE_INFINITY]) {
      const f = masked((g, y) => where(lessEqual(y, bound), 0, g))
      expect(masksWindows(f, images)).toBe(true)
      holdsTo(RULES, f, images)
    }
  })

  test('infinities among what is pooled, and numbers that are none, the first of which wins', () => {
    const values = [1, Number.NaN, 3, Number.POSITIVE_INFINITY, -1, 0, -0, Number.NEGATIVE_INFINITY, 2, Number.NaN]
    const x = tensor(
      Float32Array.from({ length: 64 }, (_, at) => values[(at * 7) % 10]!),
      { shape: [1, 1, 8, 8] },
    )
    const f = (y: Tensor, w: Tensor) => grad((z: Tensor) => sum(mul(pairs(relu(z)), w)))(y)
    const weights = integers([1, 1, 4, 4], 'float32', 3)
    expect(masksWindows(f, x, weights)).toBe(true)
    holdsTo(RULES, f, x, weights)
  })
})

describe('left as it is', () => {
  const POOLS: Record<string, Pool> = {
    'windows that overlap': (y) => maxPool2d(y, { kernel: 2, stride: 1 }),
    'windows with gaps': (y) => maxPool2d(y, { kernel: 2, stride: [2, 3] }),
    'windows that leave the last row out': (y) => maxPool2d(slice(y, { end: [3, 4, 5, 8] }), { kernel: 2 }),
    'windows over padding': (y) => maxPool2d(y, { kernel: 2, pad: 1 }),
    'the mean': (y) => avgPool2d(y, { kernel: 2 }),
    'maxima that share their gradient': (y) => max(reshape(y, [3, 4, 3, 2, 4, 2]), { axis: [3, 5] }),
  }

  test.each(Object.entries(POOLS))('%s', (_, pool) => {
    expect(masksWindows(ofRelu(pool), images)).toBe(false)
    expect(summedShapes(ofBias(pool), images, bias)).not.toContain('3×4×3×4')
    const x = integers([3, 4, 6, 8], 'float64')
    holdsTo(RULES, ofRelu(pool), x)
    holdsTo(RULES, ofBias(pool), x, integers([4, 1, 1], 'float64', 1))
  })

  const one = { shape: [1, 1, 1, 1, 1] } as const
  const MASKED: Record<string, Mask> = {
    'the mask of other images': (g, y) => where(lessEqual(mul(y, 2), 1), 0, g),
    'the mask of other images, behind the bound': (g, y) => where(lessEqual(1, mul(y, 2)), 0, g),
    'something else than 0 where it masks': (g, y) => where(lessEqual(y, 1), 5, g),
    'the gradient where it masks': (g, y) => where(lessEqual(y, 1), g, 0),
    'another comparison': (g, y) => where(greater(y, 1), 0, g),
    'a bound for each place': (g, y) => where(lessEqual(y, integers([6, 8], 'float32', 4)), 0, g),
    'a bound that brings an axis': (g, y) => sum(where(lessEqual(y, tensor([1], one)), 0, g), { axis: 0 }),
    'a zero that brings an axis': (g, y) => sum(where(lessEqual(y, 1), tensor([0], one), g), { axis: 0 }),
  }

  test.each(Object.entries(MASKED))('%s', (_, mask) => {
    expect(masksWindows(masked(mask), images)).toBe(false)
    holdsTo(RULES, masked(mask), images)
  })

  const SUMS: Record<string, (g: Tensor) => AnyTensor> = {
    images: (g) => sum(g, { axis: 0 }),
    places: (g) => sum(g, { axis: [2, 3] }),
    'rows of all images': (g) => sum(g, { axis: [0, 1, 3] }),
    channels: (g) => sum(g, { axis: 1 }),
    'the least of it': (g) => min(g, { axis: [0, 2, 3] }),
  }

  test.each(Object.entries(SUMS))('the sum over %s', (_, fold) => {
    // All cotangents of windows are above the zeros beside them.
    const f = (y: Tensor) => fold(grad((z: Tensor) => pooled(add(z, 10) as Tensor))(y))
    expect(summedShapes(f, images)).not.toContain('3×4×3×4')
    holdsTo(RULES, f, images)
  })
})
