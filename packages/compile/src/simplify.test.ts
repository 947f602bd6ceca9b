import { type AnyTensor, abstractTensor, tensor, zeros } from '@cotangent/core'
import { add, clip, exp, mul, pad, reshape, sin, sub, sum, uniform } from '@cotangent/ops'
import { expect, test } from 'vitest'
import type { Graph } from './graph.ts'
import { simplify } from './simplify.ts'
import { trace } from './trace.ts'

const x = abstractTensor([3], 'float32')

const kernels = (f: (...args: never[]) => unknown, ...args: AnyTensor[]): string[] =>
  names(simplify(trace(f, args).graph))

const names = ({ nodes }: Graph): string[] =>
  nodes.flatMap(({ origin }) => (origin.from === 'kernel' ? [origin.name] : []))

test('what no result needs is left out, the arguments stay', () => {
  const { graph } = trace((a: AnyTensor, b: AnyTensor) => [exp(a as never), sum(sin(b as never))][0], [x, x])
  expect(names(graph)).toEqual(['exp', 'sin', 'sum'])
  const simple = simplify(graph)
  expect(names(simple)).toEqual(['exp'])
  expect(simple.nodes.filter(({ origin }) => origin.from === 'argument')).toHaveLength(2)
})

test('what no result needs is left out on the way to one as well', () => {
  const { graph } = trace((a: AnyTensor) => [exp(a as never), sum(sin(a as never))][1], [x])
  expect(names(graph)).toEqual(['exp', 'sin', 'sum'])
  expect(names(simplify(graph))).toEqual(['sin', 'sum'])
})

test('equal computations are made once, and what then is equal too', () => {
  expect(kernels((a: never) => [add(exp(a), 1), add(exp(a), 1), mul(exp(a), exp(a))], x)).toEqual(['exp', 'add', 'mul'])
})

test('computations that differ in an input, their order or an option stay apart', () => {
  expect(kernels((a: never, b: never) => [sub(a, b), sub(b, a), sub(a, a)], x, x)).toEqual(['sub', 'sub', 'sub'])
  expect(kernels((a: never) => [sum(a, { axis: 0 }), sum(a, { axis: 1 })], abstractTensor([2, 2], 'float32'))).toEqual([
    'sum',
    'sum',
  ])
  expect(kernels((a: never) => [clip(a, { min: 0 }), clip(a, { min: -1 })], x).length).toBeGreaterThan(1)
})

test('computations that differ in the shape or the dtype of their result alone stay apart', () => {
  const six = abstractTensor([6], 'float32')
  expect(kernels((a: never) => [reshape(a, [2, 3]), reshape(a, [3, 2]), reshape(a, [2, 3])], six)).toHaveLength(2)
  const key = abstractTensor([], 'key')
  const draws = (k: never) => [uniform(k, [4]), uniform(k, [5]), uniform(k, [4], { dtype: 'float64' })]
  expect(kernels(draws, key).filter((name) => name === 'uniform')).toHaveLength(3)
})

test('numbers are one constant if they are equal: in value, sign of zero and dtype', () => {
  const integers = abstractTensor([3], 'int32')
  const f = (a: never, i: never) => [
    [2, -2, 0, -0, 2].map((value) => mul(a, value)),
    [2, 0].map((value) => mul(i, value)),
  ]
  const { nodes, results } = simplify(trace(f, [x, integers]).graph)
  const constants = nodes.flatMap((node) => (node.origin.from === 'constant' ? [node] : []))
  expect(constants.map(({ dtype }) => dtype).sort()).toEqual([...Array(4).fill('float32'), 'int32', 'int32'])
  expect(new Set(results).size).toBe(6)
})

test('options that JSON does not tell apart stay apart', () => {
  const padded = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, Number.NaN]
  expect(kernels((a: never) => padded.map((value) => pad(a, [[1, 1]], { value })), x)).toHaveLength(5)
})

test('results keep their order where nodes are left out or one', () => {
  const { nodes, results } = simplify(trace((a: never) => [sin(a), exp(a), sin(a), a], [zeros([3])]).graph)
  expect(results.map((place) => nodes[place]!.origin)).toMatchObject([
    { name: 'sin' },
    { name: 'exp' },
    { name: 'sin' },
    { from: 'argument' },
  ])
  expect(results[0]).toBe(results[2])
})

test('a captured tensor is one constant, however often it is used', () => {
  const captured = tensor([1, 2, 3])
  const { nodes } = simplify(trace((a: never) => mul(add(a, captured), captured), [x]).graph)
  expect(nodes.filter(({ origin }) => origin.from === 'constant')).toHaveLength(1)
})
