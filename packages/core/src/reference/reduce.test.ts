import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ReduceOp } from '../kernel/kernel.ts'
import type { Shape } from '../shape.ts'
import { indicesOf, listOf, operandOf, placeOf } from './operands.fixtures.ts'
import { evaluateReduce } from './reduce.ts'

/** Groups of elements that fold together, in the order of their indices. */
function groupsOf(shape: Shape, axes: readonly number[], from: ArrayLike<number>): number[][] {
  const kept = [...shape.keys()].filter((axis) => !axes.includes(axis))
  const keptShape = kept.map((axis) => shape[axis]!)
  const groups = indicesOf(keptShape).map((): number[] => [])
  // Within a group the elements come in the order of the axes as they are listed.
  const inner = indicesOf(axes.map((axis) => shape[axis]!))
  indicesOf(keptShape).forEach((outer, group) => {
    for (const fold of inner) {
      const index = shape.map((_, axis) =>
        axes.includes(axis) ? fold[axes.indexOf(axis)]! : outer[kept.indexOf(axis)]!,
      )
      groups[group]!.push(from[placeOf(index, shape)]!)
    }
  })
  return groups
}

const FOLDS: Record<ReduceOp, (group: readonly number[]) => number> = {
  sum: (group) => group.reduce((a, b) => a + b, 0),
  max: (group) => Math.max(...group),
  min: (group) => Math.min(...group),
  argMax: (group) => group.indexOf(Math.max(...group)),
  argMin: (group) => group.indexOf(Math.min(...group)),
}

const cases = (least: number) =>
  fc.array(fc.integer({ min: least, max: 4 }), { maxLength: 4 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      axes: fc.subarray([...shape.keys()]),
      values: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 256, maxLength: 256 }),
    }),
  )

const reduced = (op: ReduceOp, shape: Shape, axes: readonly number[], values: readonly number[]) => {
  const size = shape.reduce((a, b) => a * b, 1)
  const x = operandOf('float64', shape, values.slice(0, size))
  const output = {
    shape: shape.filter((_, axis) => !axes.includes(axis)),
    dtype: op.startsWith('arg') ? ('int32' as const) : ('float64' as const),
  }
  return { actual: listOf(evaluateReduce(op, axes, x, output)), groups: groupsOf(shape, axes, x.array) }
}

describe('against loops over every index', () => {
  test('sum, lengths from 0 up, any axes and none', () => {
    fc.assert(
      fc.property(cases(0), ({ shape, axes, values }) => {
        const { actual, groups } = reduced('sum', shape, axes, values)
        expect(actual).toEqual(groups.map(FOLDS.sum))
      }),
      { seed: 30, numRuns: 500 },
    )
  })

  test.each(['max', 'min', 'argMax', 'argMin'] as const)('%s, with ties', (op) => {
    fc.assert(
      fc.property(cases(1), ({ shape, axes, values }) => {
        const { actual, groups } = reduced(op, shape, axes, values)
        expect(actual).toEqual(groups.map(FOLDS[op]))
      }),
      { seed: 31, numRuns: 500 },
    )
  })
})

describe('NaN', () => {
  const x = operandOf('float32', [4], [1, Number.NaN, 5, Number.NaN])

  test('beats every number, and the first one is where the extreme is', () => {
    for (const op of ['max', 'min'] as const)
      expect(listOf(evaluateReduce(op, [0], x, { shape: [], dtype: 'float32' }))).toEqual([Number.NaN])
    for (const op of ['argMax', 'argMin'] as const)
      expect(listOf(evaluateReduce(op, [0], x, { shape: [], dtype: 'int32' }))).toEqual([1])
  })
})

test('infinities and equal signs of zero', () => {
  const x = operandOf('float64', [3], [Number.NEGATIVE_INFINITY, -5, Number.NEGATIVE_INFINITY])
  expect(listOf(evaluateReduce('max', [0], x, { shape: [], dtype: 'float64' }))).toEqual([-5])
  expect(listOf(evaluateReduce('argMin', [0], x, { shape: [], dtype: 'int32' }))).toEqual([0])
})

test('integer sums wrap', () => {
  const x = operandOf('int32', [3], [2147483647, 2147483647, 3])
  expect(listOf(evaluateReduce('sum', [0], x, { shape: [], dtype: 'int32' }))).toEqual([1])
})
