import { type AnyTensor, grad, type Tensor, type View } from '@cotangent/core'
import { conv2d, matmul, pad, square, sum } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { integers, plain } from '../exact.fixtures.ts'
import type { Graph } from '../graph.ts'
import { simplify } from '../simplify.ts'
import { trace } from '../trace.ts'
import { afterRules, evaluateGraph, familiesIn, handMade, nodesOf, tracedGraph } from './graphs.fixtures.ts'
import { holdsTo } from './laws.fixtures.ts'
import { paddedFirst } from './paddedFirst.ts'
import { leavesSource, viewOf } from './window.ts'

const RULES = [paddedFirst]

/** The views that reach over the border of what they look at: by the number of their axes. */
const overBorder = (graph: Graph): number[] =>
  nodesOf(graph, 'view').flatMap((node) => (leavesSource(viewOf(node)!) ? [node.shape.length] : []))

type Options = Parameters<typeof conv2d>[3]

const CASES: readonly (readonly [name: string, options: Options, filters: readonly number[]])[] = [
  ['all around', { pad: 1 }, [4, 2, 3, 3]],
  ['more than the filter', { pad: 4 }, [4, 2, 3, 2]],
  ['along one axis', { pad: [0, 2] }, [4, 2, 1, 4]],
  ['with strides and dilation', { pad: [3, 1], stride: [2, 3], dilation: [2, 1] }, [4, 2, 3, 2]],
  ['with groups', { pad: 1, groups: 2 }, [4, 1, 3, 3]],
]

test.each(CASES)('padding %s: forward, and by the filters, of the padded images', (_, options, filters) => {
  const f = (y: Tensor, w: Tensor) => [
    conv2d(y, w, null, options),
    grad((v: Tensor) => sum(square(conv2d(y, v, null, options))))(w),
  ]
  for (const dtype of ['float32', 'float64', 'int32'] as const) {
    const g = dtype === 'int32' ? (y: Tensor, w: Tensor) => conv2d(y, w, null, options) : f
    const args = [integers([2, 2, 6, 5], dtype), integers(filters, dtype, 1)]
    expect(overBorder(tracedGraph(g, args)).filter((axes) => axes > 4)).not.toEqual([])
    expect(overBorder(afterRules(tracedGraph(g, args), RULES)).filter((axes) => axes > 4)).toEqual([])
    holdsTo(RULES, g, ...args)
  }
})

test('images are padded once for all that looks at them so', () => {
  const f = (y: Tensor, w: Tensor) => [
    conv2d(y, w, null, { pad: 1 }),
    grad((v: Tensor) => sum(square(conv2d(y, v, null, { pad: 1 }))))(w),
  ]
  const args = [integers([2, 2, 6, 5], 'float64'), integers([4, 2, 3, 3], 'float64', 1)]
  expect(overBorder(simplify(trace(f, args).graph))).toEqual([4])
})

test('not without padding, nor what is no window', () => {
  const plainly = (y: Tensor, w: Tensor) => conv2d(y, w, null, { stride: 2 })
  const args: AnyTensor[] = [integers([2, 2, 6, 5], 'float64'), integers([4, 2, 3, 3], 'float64', 1)]
  expect(afterRules(tracedGraph(plainly, args), RULES)).toEqual(afterRules(tracedGraph(plainly, args)))
  const product = (a: Tensor, b: Tensor) => {
    const around = [1, 2] as const
    return matmul(pad(a, [around, around]), b)
  }
  const matrices = [integers([3, 4], 'float64'), integers([7, 2], 'float64', 1)]
  expect(familiesIn(afterRules(tracedGraph(product, matrices), RULES))).toEqual(['view', 'contract'])
  holdsTo(RULES, product, ...matrices)
})

const windows = (change: Partial<View>): View => ({
  source: [2, 3, 4, 5],
  shape: [2, 3, 4, 5, 3, 3],
  axes: [0, 1, 2, 3, 2, 3].map((source) => ({ source, step: 1 })),
  start: [0, 0, -1, -1],
  fill: 0,
  ...change,
})

/** Windows times filters [4, 3, 3, 3], the filters first if `turned`. */
const contracted = (view: View, turned = false): Graph => {
  const [a, b] = [
    [0, 1, 2, 3, 4, 5],
    [6, 1, 4, 5],
  ]
  return handMade(
    [view.source, [4, 3, 3, 3]],
    [
      { kernel: { family: 'view', view }, inputs: [0], shape: view.shape },
      {
        kernel: { family: 'contract', a: turned ? b : a, b: turned ? a : b, out: [0, 6, 2, 3] },
        inputs: turned ? [1, 2] : [2, 1],
        shape: [2, 4, 4, 5],
      },
    ],
    'float64',
  )
}

function firesOn(graph: Graph): boolean {
  const args = [integers([2, 3, 4, 5], 'float64'), integers([4, 3, 3, 3], 'float64', 1)]
  const after = afterRules(graph, RULES)
  expect(plain(evaluateGraph(after, args))).toEqual(plain(evaluateGraph(graph, args)))
  return familiesIn(after).length > 2
}

test('windows on either side, that begin anywhere', () => {
  expect(firesOn(contracted(windows({})))).toBe(true)
  expect(firesOn(contracted(windows({}), true))).toBe(true)
  expect(firesOn(contracted(windows({ start: [0, 0, -2, 0] })))).toBe(true)
  expect(firesOn(contracted(windows({ start: [0, 0, 1, -5] })))).toBe(true)
  expect(firesOn(contracted(windows({ start: [0, 0, -9, 9] })))).toBe(true)
})

test('not where the padding is no zeros', () => {
  expect(firesOn(contracted(windows({ fill: 1 })))).toBe(false)
})
