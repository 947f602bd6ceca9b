import { grad, type Tensor, type View, vjp } from '@cotangent/core'
import { cast, conv2d, mul, relu, square, sum, transpose } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { integers, plain } from '../exact.fixtures.ts'
import type { Graph } from '../graph.ts'
import { simplify } from '../simplify.ts'
import { trace } from '../trace.ts'
import {
  afterRules,
  evaluateGraph,
  familiesIn,
  handMade,
  nodesOf,
  type TensorFunction,
  tracedGraph,
} from './graphs.fixtures.ts'
import { transposedWindow } from './transposedWindow.ts'
import { winogradFilters, winogradImages } from './winograd.ts'

const PASSES = [[transposedWindow], [winogradImages, winogradFilters]] as const
type Options = Parameters<typeof conv2d>[3]

/** A convolution, and its gradients by images and filters for some cotangent. */
const threeProducts =
  (options: Options): TensorFunction =>
  (y: Tensor, w: Tensor) => {
    const [value, pullback] = vjp((z: Tensor, v: Tensor) => conv2d(z, v, null, options), y, w)
    return [value, pullback(mul(value, 2))]
  }

const imagesAndFilters = (
  images: readonly number[],
  filters: readonly number[],
  dtype = 'float32' as 'float32' | 'float64' | 'int32',
) => [integers(images, dtype), integers(filters, dtype, 1)] as const

/** How many products are Winograd's: of images, and by filters. The graph gives the same, as these mean the same sums. */
function countIn(
  graph: Graph,
  args: readonly Tensor<'float32' | 'float64' | 'int32'>[],
): [images: number, filters: number] {
  const after = afterRules(graph, ...PASSES)
  expect(plain(evaluateGraph(after, args))).toEqual(plain(evaluateGraph(graph, args)))
  return [nodesOf(after, 'winogradImages').length, nodesOf(after, 'winogradFilters').length]
}

const count = (f: TensorFunction, ...args: readonly Tensor<'float32' | 'float64' | 'int32'>[]) =>
  countIn(tracedGraph(f, args), args)

describe('the three products of a 3×3 convolution of stride 1', () => {
  test.each([
    [[1, 8, 3, 3], [8, 8, 3, 3], 0],
    [[2, 8, 5, 7], [12, 8, 3, 3], 1],
    [[7, 12, 1, 2], [8, 12, 3, 3], 2],
    [[3, 16, 4, 4], [8, 16, 3, 3], 5],
    [
      [2, 8, 6, 1],
      [20, 8, 3, 3],
      [0, 3],
    ],
  ] as const)('images %j, filters %j, padding %j', (images, filters, pad) => {
    expect(count(threeProducts({ pad }), ...imagesAndFilters(images, filters))).toEqual([2, 1])
  })

  test('images that are the output of others, or transposed', () => {
    const chain = (y: Tensor, w: Tensor) =>
      grad((v: Tensor) => sum(square(conv2d(relu(conv2d(y, v, null, { pad: 1 })), v, null))))(w)
    expect(count(chain, ...imagesAndFilters([2, 8, 4, 5], [8, 8, 3, 3]))).toEqual([3, 2])
    const turned = (y: Tensor, w: Tensor) => conv2d(transpose(y, [3, 0, 1, 2]), transpose(w, [0, 3, 2, 1]), null)
    expect(count(turned, integers([8, 5, 4, 2], 'float32'), integers([12, 3, 3, 8], 'float32', 1))).toEqual([1, 0])
  })
})

describe('left as it is', () => {
  test.each([
    ['float64', {}, [2, 8, 5, 5], [8, 8, 3, 3], 'float64'],
    ['stride 2', { stride: 2 }, [2, 8, 5, 5], [8, 8, 3, 3], 'float32'],
    ['stride 2 along one axis', { stride: [1, 2] }, [2, 8, 5, 5], [8, 8, 3, 3], 'float32'],
    ['dilation', { dilation: 2 }, [2, 8, 5, 5], [8, 8, 3, 3], 'float32'],
    ['dilation along one axis', { dilation: [2, 1] }, [2, 8, 5, 5], [8, 8, 3, 3], 'float32'],
    ['5×5', {}, [2, 8, 5, 5], [8, 8, 5, 5], 'float32'],
    ['3×2', {}, [2, 8, 5, 5], [8, 8, 3, 2], 'float32'],
    ['1×3', {}, [2, 8, 5, 5], [8, 8, 1, 3], 'float32'],
    ['1×1', {}, [2, 8, 5, 5], [8, 8, 1, 1], 'float32'],
    ['one channel', {}, [2, 1, 5, 5], [16, 1, 3, 3], 'float32'],
    ['four channels', {}, [2, 4, 5, 5], [8, 4, 3, 3], 'float32'],
    ['ten channels', {}, [2, 10, 5, 5], [8, 10, 3, 3], 'float32'],
    ['four filters', {}, [2, 8, 5, 5], [4, 8, 3, 3], 'float32'],
    ['ten filters', {}, [2, 8, 5, 5], [10, 8, 3, 3], 'float32'],
    ['groups', { groups: 2 }, [2, 16, 5, 5], [16, 8, 3, 3], 'float32'],
    ['a group for each channel', { groups: 8 }, [2, 8, 5, 5], [8, 1, 3, 3], 'float32'],
  ] as const)('%s', (_, options, images, filters, dtype) => {
    expect(count(threeProducts(options), ...imagesAndFilters(images, filters, dtype))).toEqual([0, 0])
  })

  test('integers', () => {
    const f = (y: Tensor, w: Tensor) => conv2d(y, w, null)
    expect(count(f, ...imagesAndFilters([2, 8, 5, 5], [8, 8, 3, 3], 'int32'))).toEqual([0, 0])
    const cast1 = (y: Tensor, w: Tensor) => cast(conv2d(y, w, null), 'float32')
    expect(count(cast1, ...imagesAndFilters([2, 8, 5, 5], [8, 8, 3, 3], 'int32'))).toEqual([0, 0])
  })

  test('all, with the option to do without', () => {
    const args = imagesAndFilters([2, 8, 5, 7], [12, 8, 3, 3])
    const { graph } = trace(threeProducts({ pad: 1 }), args)
    expect(familiesIn(simplify(graph))).toContain('winogradImages')
    expect(familiesIn(simplify(graph, { winograd: true }))).toContain('winogradFilters')
    const without = simplify(graph, { winograd: false })
    expect(familiesIn(without).filter((family) => family.startsWith('winograd'))).toEqual([])
    expect(plain(evaluateGraph(without, args))).toEqual(plain(evaluateGraph(graph, args)))
  })
})

/** Windows over images [8, 8, 10, 10], as [8, 8, 8, 8, 3, 3]: all but the window's axes have the same length. */
const windows = (change: Partial<View> = {}): View => ({
  source: [8, 8, 10, 10],
  shape: [8, 8, 8, 8, 3, 3],
  axes: [0, 1, 2, 3, 2, 3].map((source) => ({ source, step: 1 })),
  start: [0, 0, 0, 0],
  fill: 0,
  ...change,
})
const [N, C, H, W, KH, KW, F] = [0, 1, 2, 3, 4, 5, 6]
const LENGTHS = [8, 8, 8, 8, 3, 3, 8]
const shapeOf = (labels: readonly number[]) => labels.map((label) => LENGTHS[label]!)

function contracted(
  other: readonly number[],
  out: readonly number[],
  view = windows(),
  seen = [N, C, H, W, KH, KW],
): Graph {
  return handMade(
    [view.source, shapeOf(other)],
    [
      { kernel: { family: 'view', view }, inputs: [0], shape: view.shape },
      { kernel: { family: 'contract', a: seen, b: other, out }, inputs: [2, 1], shape: shapeOf(out) },
    ],
  )
}

const countMade = (graph: Graph) =>
  countIn(
    graph,
    graph.nodes.flatMap(({ origin, shape }) =>
      origin.from === 'argument' ? [integers(shape, 'float32', origin.index)] : [],
    ),
  )

describe('contractions made by hand', () => {
  test('axes of filters, cotangents and the output in any order', () => {
    expect(countMade(contracted([F, C, KH, KW], [N, F, H, W]))).toEqual([1, 0])
    expect(countMade(contracted([KW, F, KH, C], [W, F, N, H]))).toEqual([1, 0])
    expect(countMade(contracted([N, F, H, W], [F, C, KH, KW]))).toEqual([0, 1])
    expect(countMade(contracted([W, H, F, N], [KW, C, KH, F]))).toEqual([0, 1])
  })

  test('not with filters of their own for each image or place, or products that keep other axes', () => {
    expect(countMade(contracted([N, C, KH, KW], [N, C, H, W]))).toEqual([0, 0])
    expect(countMade(contracted([H, C, KH, KW], [N, C, H, W]))).toEqual([0, 0])
    expect(countMade(contracted([F, C, KH, KW], [N, F, H, W, C]))).toEqual([0, 0])
    expect(countMade(contracted([N, C, H, W], [N, C, KH, KW]))).toEqual([0, 0])
    expect(countMade(contracted([N, KH, H, W], [C, KH, KW, H]))).toEqual([0, 0])
    expect(countMade(contracted([N, C, H, W], [C, KH, KW]))).toEqual([0, 0])
    expect(countMade(contracted([N, F, C, KH, KW], [N, F, H, W]))).toEqual([0, 0])
    expect(countMade(contracted([F, N, C, KH, KW], [N, F, H, W]))).toEqual([0, 0])
    expect(countMade(contracted([N, F, H, W, C], [F, C, KH, KW]))).toEqual([0, 0])
    expect(countMade(contracted([C, KH, KW], [N, H, W]))).toEqual([0, 0])
    expect(countMade(contracted([F, N, KH, KW], [C, F, H, W]))).toEqual([0, 0])
  })

  test('not over padding that is no zeros; windows that begin anywhere', () => {
    const at = (start: readonly number[]) => windows({ start, source: [8, 8, 9, 12] })
    expect(countMade(contracted([F, C, KH, KW], [N, F, H, W], at([0, 0, -2, 3])))).toEqual([1, 0])
    expect(countMade(contracted([N, F, H, W], [F, C, KH, KW], at([0, 0, 1, -1])))).toEqual([0, 1])
    const filled = windows({ start: [0, 0, -1, -1], fill: 1 })
    expect(countMade(contracted([F, C, KH, KW], [N, F, H, W], filled))).toEqual([0, 0])
    expect(countMade(contracted([N, F, H, W], [F, C, KH, KW], filled))).toEqual([0, 0])
  })

  test('not with windows along three axes, or one', () => {
    const along = (sources: readonly number[], shape: readonly number[], source: readonly number[]): View => ({
      source,
      shape,
      axes: sources.map((one) => ({ source: one, step: 1 })),
      start: source.map(() => 0),
      fill: 0,
    })
    const cube = along([0, 1, 2, 3, 2, 3, 1], [8, 8, 8, 8, 3, 3, 3], [8, 10, 10, 10])
    const made = (view: View, seen: readonly number[], other: readonly number[], out: readonly number[]) => {
      const lengths = (labels: readonly number[]) => labels.map((label) => view.shape[seen.indexOf(label)] ?? 8)
      const kernel = { family: 'contract', a: seen, b: other, out } as const
      return handMade(
        [view.source, lengths(other)],
        [
          { kernel: { family: 'view', view }, inputs: [0], shape: view.shape },
          { kernel, inputs: [2, 1], shape: lengths(out) },
        ],
      )
    }
    expect(countMade(made(cube, [0, 1, 2, 3, 4, 5, 6], [7, 4, 5, 6], [0, 7, 1, 2, 3]))).toEqual([0, 0])
    const line = along([0, 1, 2, 3, 2], [8, 8, 8, 8, 3], [8, 8, 10, 8])
    expect(countMade(made(line, [0, 1, 2, 3, 4], [7, 1, 4, 3], [0, 7, 2]))).toEqual([0, 0])
  })
})
