import { type AnyTensor, grad, type Tensor, type View, vjp } from '@cotangent/core'
import { avgPool2d, col2im, conv2d, im2col, matmul, mul, square, sum } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { integers, plain } from '../exact.fixtures.ts'
import type { Graph } from '../graph.ts'
import { afterRules, evaluateGraph, familiesIn, handMade, type TensorFunction, tracedGraph } from './graphs.fixtures.ts'
import { holdsTo } from './laws.fixtures.ts'
import { transposedWindow } from './transposedWindow.ts'

const RULES = [transposedWindow]
const fires = (graph: Graph): boolean => !familiesIn(afterRules(graph, RULES)).includes('scatterView')
const gradientOf =
  (options: Parameters<typeof conv2d>[3]): TensorFunction =>
  (y: Tensor, w: Tensor, g: Tensor) => {
    const [, pullback] = vjp((z: Tensor, v: Tensor) => conv2d(z, v, null, options), y, w)
    return pullback(g)
  }

/** The cotangent of a convolution. */
function cotangent(y: AnyTensor, w: AnyTensor, options: Parameters<typeof conv2d>[3]): AnyTensor {
  return integers(conv2d(y, w, null, options).shape, y.dtype as 'float64', 9)
}

const CASES: readonly (readonly [
  images: readonly number[],
  filters: readonly number[],
  pad: number | [number, number],
  dilation: number,
])[] = [
  [[1, 1, 1, 1], [1, 1, 1, 1], 0, 1],
  [[2, 3, 6, 5], [4, 3, 3, 3], 0, 1],
  [[2, 3, 6, 5], [4, 3, 3, 3], 1, 1],
  [[3, 2, 5, 7], [3, 2, 2, 4], 2, 1],
  [[2, 3, 2, 3], [4, 3, 3, 3], [2, 5], 1],
  [[1, 2, 9, 8], [5, 2, 3, 2], 1, 3],
  [[2, 2, 3, 3], [2, 2, 1, 1], 2, 1],
]

describe('convolutions of stride 1', () => {
  test.each(CASES)('images %j, filters %j, padding %j, dilation %d', (shape, filters, pad, dilation) => {
    for (const dtype of ['float32', 'float64'] as const) {
      const [y, w] = [integers(shape, dtype), integers(filters, dtype, 1)]
      const args = [y, w, cotangent(y, w, { pad, dilation })]
      const f = gradientOf({ pad, dilation })
      expect(familiesIn(tracedGraph(f, args))).toContain('scatterView')
      expect(fires(tracedGraph(f, args))).toBe(true)
      holdsTo(RULES, f, ...args)
    }
  })

  test('derivatives of derivatives, by images and by filters', () => {
    const loss = (y: Tensor, w: Tensor) => sum(square(square(conv2d(y, w, null, { pad: 1 }))))
    const slopes = (y: Tensor, w: Tensor) => {
      const [byImages, byFilters] = grad(loss, { argnums: [0, 1] })(y, w)
      return sum(mul(sum(byImages), sum(byFilters)))
    }
    const f = (y: Tensor, w: Tensor) => grad(slopes, { argnums: [0, 1] })(y, w)
    const args = [mul(integers([1, 2, 4, 4], 'float64'), 1), integers([2, 2, 3, 3], 'float64', 1)]
    // Columns that are the sum of two products are not one product.
    expect(fires(tracedGraph(f, args))).toBe(false)
    holdsTo(RULES, f, ...args)
  })
})

describe('left as it is', () => {
  test.each([
    ['stride 2', { stride: 2 }, [2, 4, 7, 7], [4, 4, 3, 3]],
    ['stride 2 along one axis', { stride: [1, 2] }, [2, 4, 7, 7], [4, 4, 3, 3]],
    ['groups', { groups: 2 }, [2, 4, 5, 5], [4, 2, 3, 3]],
    ['a group for each channel', { groups: 4 }, [2, 4, 5, 5], [4, 1, 3, 3]],
  ] as const)('%s', (_, options, shape, filters) => {
    const [y, w] = [integers(shape, 'float64'), integers(filters, 'float64', 1)]
    const args = [y, w, cotangent(y, w, options)]
    expect(fires(tracedGraph(gradientOf(options), args))).toBe(false)
    holdsTo(RULES, gradientOf(options), ...args)
  })

  test('what no contraction made, or one whose elements are reshaped', () => {
    const pooling = (y: Tensor) => grad((z: Tensor) => sum(square(avgPool2d(z, { kernel: 3, stride: 1 }))))(y)
    const x = integers([2, 2, 5, 5], 'float64')
    expect(fires(tracedGraph(pooling, [x]))).toBe(false)
    expect(plain(evaluateGraph(afterRules(tracedGraph(pooling, [x]), RULES), [x]))).toEqual([plain(pooling(x))])
    const columns = (y: Tensor, v: Tensor) => {
      const shape = [2, 2, 5, 5]
      return col2im(matmul(im2col(y, { kernel: 3 }), v), { shape, kernel: 3 })
    }
    const args = [x, integers([18, 18], 'float64', 1)]
    expect(fires(tracedGraph(columns, args))).toBe(false)
    holdsTo(RULES, columns, ...args)
  })
})

/** Windows of 2×2 over images [2, 3, 4, 5], seen as [2, 3, 3, 4, 2, 2]. */
const view: View = {
  source: [2, 3, 4, 5],
  shape: [2, 3, 3, 4, 2, 2],
  axes: [0, 1, 2, 3, 2, 3].map((source) => ({ source, step: 1 })),
  start: [0, 0, 0, 0],
  fill: 0,
}
const [N, C, H, W, KH, KW, K] = [0, 1, 2, 3, 4, 5, 6]
const LENGTHS = [2, 3, 3, 4, 2, 2, 5]

/** The windows made by a contraction with these labels, added up. */
function scattered(a: readonly number[], b: readonly number[], seen = view): Graph {
  const shapeOf = (labels: readonly number[]) => labels.map((label) => LENGTHS[label]!)
  const out = [N, C, H, W, KH, KW]
  return handMade(
    [shapeOf(a), shapeOf(b)],
    [
      { kernel: { family: 'contract', a, b, out }, inputs: [0, 1], shape: seen.shape },
      { kernel: { family: 'scatterView', view: seen }, inputs: [2], shape: seen.source },
    ],
    'float64',
  )
}

/** Whether the rule fires; the graph gives the same in any case. */
function firesOn(graph: Graph): boolean {
  const args = graph.nodes.flatMap(({ origin, shape }) =>
    origin.from === 'argument' ? [integers(shape, 'float64', origin.index)] : [],
  )
  expect(plain(evaluateGraph(afterRules(graph, RULES), args))).toEqual(plain(evaluateGraph(graph, args)))
  return fires(graph)
}

test('maps of places on either side, with axes in any order', () => {
  expect(firesOn(scattered([N, K, H, W], [C, K, KH, KW]))).toBe(true)
  expect(firesOn(scattered([C, KW, KH, K], [W, K, H, N]))).toBe(true)
  expect(firesOn(scattered([W, H, N], [C, KH, KW]))).toBe(true)
  // Channels in both maps: each has its own elements.
  expect(firesOn(scattered([N, C, H, W], [C, KH, KW]))).toBe(true)
})

test('not where the elements differ from place to place, or both come from one map', () => {
  expect(firesOn(scattered([N, K, H, W], [C, K, H, KH, KW]))).toBe(false)
  expect(firesOn(scattered([N, C, H, W, KW], [KH, K, KW].slice(0, 1).concat(KW)))).toBe(false)
  expect(firesOn(scattered([N, H, W, KH, KW], [C]))).toBe(false)
  expect(firesOn(scattered([N, C, H, KW], [W, KH]))).toBe(false)
})

test('not where the view is not one of windows, but windows that begin elsewhere are', () => {
  expect(firesOn(scattered([N, K, H, W], [C, K, KH, KW], { ...view, start: [0, 0, -1, 1] }))).toBe(true)
  expect(firesOn(scattered([N, K, H, W], [C, K, KH, KW], { ...view, start: [0, 1, 0, 0] }))).toBe(false)
  const steps = view.axes.map(({ source, step }, at) => ({ source, step: at === 2 ? 2 : step }))
  expect(firesOn(scattered([N, K, H, W], [C, K, KH, KW], { ...view, axes: steps }))).toBe(false)
})
