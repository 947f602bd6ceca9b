import { type AnyTensor, sizeOf, zeros } from '@cotangent/core'
import {
  add,
  broadcastTo,
  div,
  exp,
  log,
  matmul,
  max,
  mul,
  neg,
  relu,
  reshape,
  softmax,
  square,
  sub,
  sum,
  take,
  transpose,
} from '@cotangent/ops'
import { expect, test } from 'vitest'
import { tasksOf } from './lower.ts'
import { placementOf } from './placement.ts'
import { simplify } from './simplify.ts'
import { storesOf } from './tasks.ts'
import { trace } from './trace.ts'

const [vector, matrix] = [zeros([8]), zeros([8, 8])]

/** The operations whose results are stored, each named for what the task that stores it is. */
function stored(f: (...args: never[]) => unknown, ...args: AnyTensor[]): string[] {
  const graph = simplify(trace(f, args).graph)
  return tasksOf(graph, placementOf(graph)).flatMap(({ task, name }) => storesOf(task).map(() => name))
}

test('a chain of elementwise operations is one loop', () => {
  expect(stored((x: never) => add(exp(neg(mul(x, 2))), 1), vector)).toHaveLength(1)
})

test('a reduction computes what it folds as it goes', () => {
  expect(stored((x: never) => sum(square(sub(x, 1))), matrix)).toEqual(['sum'])
})

test('views are looked through, and so is a reshape that only adds axes of length 1', () => {
  expect(stored((x: never) => sum(add(transpose(x), reshape(x, [8, 1, 8])), { axis: 0 }), matrix)).toEqual(['sum'])
})

test('a value that takes long and is used twice is stored; one that is cheap is computed again', () => {
  expect(stored((x: never) => [sum(exp(x)), sum(log(exp(x)), { axis: 0 })], matrix)).toContain('exp')
  expect(stored((x: never) => [sum(mul(x, 2)), sum(log(mul(x, 2)), { axis: 0 })], matrix)).not.toContain('mul')
})

test('what a value takes counts down to what is stored', () => {
  const three = (x: never) => neg(mul(add(x, 1), 2))
  expect(stored((x: never) => [sum(three(x)), max(three(x), { axis: 0 })], matrix)).toContain('neg')
  const onto = (x: never) => add(exp(x), 1)
  expect(stored((x: never) => [exp(x), sum(onto(x)), max(onto(x), { axis: 0 })], matrix)).not.toContain('add')
})

test('a value that is looked at twice is stored, not the looks', () => {
  const looked = (x: never) => transpose(exp(x))
  expect(stored((x: never) => [sum(looked(x)), max(looked(x), { axis: 0 })], matrix)).toEqual(['exp', 'sum', 'max'])
})

test('a value that takes long is stored where it would be computed for each element it is repeated to', () => {
  expect(stored((x: never) => broadcastTo(exp(x), [100, 8]), vector)).toContain('exp')
  expect(stored((x: never, y: never) => mul(exp(x), y), vector, matrix)).toContain('exp')
  expect(stored((x: never, y: never) => mul(exp(x), y), matrix, matrix)).toEqual(['mul'])
})

test('operands of contractions, what is gathered from, and results are in memory', () => {
  expect(stored((x: never) => matmul(relu(x), x), matrix)).toHaveLength(2)
  expect(stored((x: never, i: never) => take(mul(x, 2), i), matrix, zeros([3], { dtype: 'int32' }))).toHaveLength(2)
  expect(stored((x: never) => [mul(x, 2), exp(mul(x, 2))], matrix)).toHaveLength(2)
})

test('a reshape of what is stored shares its memory', () => {
  expect(stored((x: never) => reshape(matmul(x, x), [4, 16]), matrix)).toEqual(['contract'])
  expect(stored((x: never) => reshape(x, [64]), matrix)).toEqual([])
})

test('softmax takes no task for each of its operations', () => {
  expect(stored((x: never) => softmax(x), matrix).length).toBeLessThanOrEqual(5)
})

test('every node has memory or is computed, and shared memory has as many elements', () => {
  const graph = simplify(trace((x: never) => div(softmax(reshape(x, [4, 16])), sum(x)), [matrix]).graph)
  const placement = placementOf(graph)
  graph.nodes.forEach(({ shape }, place) => {
    const buffer = placement.bufferOf(place)
    if (buffer !== undefined) expect(sizeOf(graph.nodes[buffer]!.shape)).toBe(sizeOf(shape))
  })
  for (const result of graph.results) expect(placement.bufferOf(result)).toBeDefined()
})
