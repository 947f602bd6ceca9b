import { type AnyTensor, grad, type Tensor, type View } from '@cotangent/core'
import { add, avgPool2d, conv2d, maxPool2d, mul, relu, slice, square, sum, transpose } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { integers, plain } from '../exact.fixtures.ts'
import type { Graph } from '../graph.ts'
import { simplify } from '../simplify.ts'
import { trace } from '../trace.ts'
import { afterRules, evaluateGraph, nodesOf, type TensorFunction, tracedGraph } from './graphs.fixtures.ts'
import { holdsTo } from './laws.fixtures.ts'
import { maskOfOutput } from './maskOfOutput.ts'
import { maskedPooling, summedPooling } from './maxPool.ts'
import { paddedFirst } from './paddedFirst.ts'
import { pooledFilters } from './pooledFilters.ts'
import { transposedWindow } from './transposedWindow.ts'

const PASSES = [[maskOfOutput, maskedPooling, summedPooling, transposedWindow], [paddedFirst], [pooledFilters]] as const

type ConvOptions = Parameters<typeof conv2d>[3]
type PoolOptions = Parameters<typeof maxPool2d>[1]
type Dtype = 'float32' | 'float64'

/** The gradient by filters and by images of a convolution, relu and max-pooling, whose cotangents are not known before it runs. */
const gradients =
  (pool: PoolOptions, options: ConvOptions = {}): TensorFunction =>
  (y: Tensor, w: Tensor) =>
    grad((z: Tensor, v: Tensor) => sum(square(maxPool2d(relu(conv2d(z, v, null, options)), pool))), {
      argnums: [1, 0],
    })(y, w)

const imagesAndFilters = (images: readonly number[], filters: readonly number[], dtype: Dtype = 'float32') =>
  [integers(images, dtype), integers(filters, dtype, 1)] as const

const rewritten = (f: TensorFunction, args: readonly AnyTensor[]): Graph => afterRules(tracedGraph(f, args), ...PASSES)

/** How many products are made at maxima alone. The graph gives the same, as these mean the same sums. */
function count(f: TensorFunction, ...args: readonly AnyTensor[]): number {
  const graph = rewritten(f, args)
  expect(plain(evaluateGraph(graph, args))).toEqual(plain(evaluateGraph(tracedGraph(f, args), args)))
  return nodesOf(graph, 'pooledFilters').length
}

describe('convolutions that are max-pooled', () => {
  test.each([
    ['one channel', [3, 1, 8, 8], [8, 1, 5, 5], 2, {}],
    ['channels, other windows along rows and columns', [2, 3, 7, 9], [9, 3, 2, 4], [3, 2], {}],
    ['padding', [2, 2, 6, 6], [8, 2, 3, 3], 2, { pad: 1 }],
    ['padding along columns', [2, 2, 6, 6], [8, 2, 3, 3], 2, { pad: [0, 1] }],
    ['strides', [2, 2, 9, 11], [8, 2, 3, 3], [2, 5], { stride: 2 }],
    ['strides and dilation', [2, 2, 10, 11], [8, 2, 2, 3], [1, 2], { stride: [3, 2], dilation: [1, 2] }],
    ['windows of one number', [5, 1, 4, 4], [12, 1, 1, 1], 2, {}],
    ['one pooling window', [4, 2, 4, 5], [8, 2, 1, 2], 4, {}],
  ] as const)('%s: images %j, filters %j, pooled %j', (_, images, filters, kernel, options) => {
    const f = gradients({ kernel } as PoolOptions, options as ConvOptions)
    const args = imagesAndFilters(images, filters)
    expect(count(f, ...args)).toBe(1)
    holdsTo([pooledFilters], f, ...args)
  })

  test('without relu, with bias, and of what is the output of others', () => {
    const plainly = (y: Tensor, w: Tensor) =>
      grad((v: Tensor) => sum(square(maxPool2d(conv2d(y, v, null), { kernel: 2 }))))(w)
    expect(count(plainly, ...imagesAndFilters([2, 1, 6, 6], [8, 1, 3, 3]))).toBe(1)
    const chain = (y: Tensor, w: Tensor, b: Tensor) =>
      grad(
        (v: Tensor, c: Tensor) => {
          const hidden = maxPool2d(relu(add(conv2d(y, v, null, { pad: 1 }), c)), { kernel: [3, 2] })
          return sum(square(maxPool2d(relu(conv2d(hidden, v, null, { pad: [0, 1] })), { kernel: 2 })))
        },
        { argnums: [0, 1] },
      )(w, b)
    const args = [...imagesAndFilters([2, 8, 8, 8], [8, 8, 2, 3]), integers([8, 1, 1], 'float32', 2)]
    expect(count(chain, ...args)).toBe(2)
    holdsTo([pooledFilters], chain, ...args)
  })
})

describe('left as it is', () => {
  const two: PoolOptions = { kernel: 2 }
  test.each([
    ['float64', gradients(two), [2, 1, 6, 6], [8, 1, 3, 3], 'float64'],
    ['seven filters', gradients(two), [2, 1, 6, 6], [7, 1, 3, 3], 'float32'],
    ['pooling windows of one number', gradients({ kernel: 1 }), [2, 1, 6, 6], [8, 1, 3, 3], 'float32'],
    ['pooling windows that overlap', gradients({ kernel: 2, stride: 1 }), [2, 1, 6, 6], [8, 1, 3, 3], 'float32'],
    ['pooling windows with gaps', gradients({ kernel: 2, stride: 3 }), [2, 1, 7, 7], [8, 1, 3, 3], 'float32'],
    ['a rest that no window has', gradients(two), [2, 1, 7, 7], [8, 1, 3, 3], 'float32'],
    ['padded pooling', gradients({ kernel: 2, pad: 1 }), [2, 1, 6, 6], [8, 1, 3, 3], 'float32'],
    ['no images', gradients(two), [0, 1, 6, 6], [8, 1, 3, 3], 'float32'],
    ['groups', gradients(two, { groups: 2 }), [2, 2, 6, 6], [8, 1, 3, 3], 'float32'],
    // Of 600 channels, all windows of a row take more than what a cache has.
    ['very wide windows', gradients(two), [1, 600, 4, 42], [8, 600, 3, 3], 'float32'],
  ] as const)('%s', (_, f, images, filters, dtype) => {
    expect(count(f, ...imagesAndFilters(images, filters, dtype))).toBe(0)
  })

  test('means, cotangents that something is done to, and gradients turned by a transposition', () => {
    const args = imagesAndFilters([2, 1, 6, 6], [8, 1, 3, 3])
    const means = (y: Tensor, w: Tensor) =>
      grad((v: Tensor) => sum(square(avgPool2d(conv2d(y, v, null), { kernel: 2 }))))(w)
    expect(count(means, ...args)).toBe(0)
    const both = (y: Tensor, w: Tensor) =>
      grad((v: Tensor) => {
        const z = conv2d(y, v, null)
        return add(sum(square(maxPool2d(z, two))), sum(mul(z, z))) as Tensor
      })(w)
    expect(count(both, ...args)).toBe(0)
    const turned = (y: Tensor, w: Tensor) =>
      grad((v: Tensor) => sum(square(maxPool2d(transpose(conv2d(y, v, null), [0, 1, 3, 2]), two))))(w)
    expect(count(turned, ...args)).toBe(0)
    const part = (y: Tensor, w: Tensor) =>
      grad((v: Tensor) => {
        const z = conv2d(y, v, null)
        return sum(square(maxPool2d(slice(z, { begin: [0, 0, 0, 0], end: [2, 8, 2, 2] }), two)))
      })(w)
    expect(count(part, ...args)).toBe(0)
  })

  test('3×3 convolutions that Winograd takes, unless it is switched off', () => {
    const args = imagesAndFilters([2, 8, 6, 6], [8, 8, 3, 3])
    const { graph } = trace(gradients(two), args)
    const count = (winograd: boolean) => nodesOf(simplify(graph, { winograd }), 'pooledFilters').length
    expect([count(true), count(false)]).toEqual([0, 1])
  })
})

/** The graph of the gradients with its views changed, and what it gives with the rule and without. */
function changed(f: TensorFunction, args: readonly AnyTensor[], change: (view: View) => View): Graph {
  const graph = tracedGraph(f, args)
  const nodes = graph.nodes.map((node) => {
    const { origin } = node
    if (origin.from !== 'kernel' || (origin.kernel.family !== 'view' && origin.kernel.family !== 'scatterView')) {
      return node
    }
    return { ...node, origin: { ...origin, kernel: { ...origin.kernel, view: change(origin.kernel.view) } } }
  })
  expect(nodes.some((node, at) => JSON.stringify(node) !== JSON.stringify(graph.nodes[at]))).toBe(true)
  const after = afterRules({ ...graph, nodes }, ...PASSES)
  expect(plain(evaluateGraph(after, args))).toEqual(plain(evaluateGraph({ ...graph, nodes }, args)))
  return after
}

test('not where elements of a pooling window are no neighbours', () => {
  const args = imagesAndFilters([2, 1, 6, 6], [8, 1, 3, 3])
  const apart = (view: View): View =>
    view.shape.length === 6 && view.source.join() === '2,8,4,4'
      ? { ...view, axes: view.axes.map((axis, at) => (at < 2 ? axis : { ...axis, step: axis.step === 2 ? 1 : 2 })) }
      : view
  expect(nodesOf(changed(gradients({ kernel: 2 }), args, apart), 'pooledFilters')).toEqual([])
})

test('not over padding that is not finite, which zeros may not be multiplied by', () => {
  const args = imagesAndFilters([2, 1, 4, 4], [8, 1, 3, 3])
  const padded = (fill: number) => (view: View) => (view.source.join() === '2,1,4,4' ? { ...view, fill } : view)
  const count = (fill: number) =>
    nodesOf(changed(gradients({ kernel: 2 }, { pad: 1 }), args, padded(fill)), 'pooledFilters').length
  // In float32 the last is infinite, too.
  expect([1, -2, Number.NEGATIVE_INFINITY, 2 ** 200].map(count)).toEqual([1, 1, 0, 0])
})
