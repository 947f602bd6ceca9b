import type { View } from '@cotangent/core'
import { expect, test } from 'vitest'
import { isTiling, leavesSource, reachOf, windowAxes } from './window.ts'

/** A view of rows and columns, [4, 6]; each axis walks along `r` or `c` in steps, or repeats: `_`. */
function view(shape: readonly number[], axes: string, start: readonly number[] = [0, 0]): View {
  const walked = axes.split(' ').map((axis) => {
    return axis === '_' ? { source: -1, step: 0 } : { source: axis[0] === 'r' ? 0 : 1, step: Number(axis.slice(1)) }
  })
  return { source: [4, 6], shape, axes: walked, start, fill: 0 }
}

test('how far a view reaches, in steps of either sign', () => {
  const mixed = view([4, 2, 3], 'r1 c2 c-1', [0, 2])
  expect(reachOf(mixed, 0)).toEqual([0, 3])
  expect(reachOf(mixed, 1)).toEqual([0, 4])
})

test.each([
  [[4, 6], 'r1 c1', [0, 0], false],
  [[4, 6], 'r1 c-1', [0, 5], false],
  [[4, 6], 'r1 c-1', [0, 4], true],
  [[2, 6], 'r1 c1', [2, 0], false],
  [[3, 6], 'r1 c1', [2, 0], true],
  [[3, 2, 5, 9], 'r1 r1 c1 _', [0, 0], false],
  [[3, 3, 5, 9], 'r1 r1 c1 _', [0, 0], true],
])('whether a view %j along %s from %j leaves its source: %s', (shape, axes, start, leaves) => {
  expect(leavesSource(view(shape, axes, start))).toBe(leaves)
})

test('windows: a place and an element along one axis, others as they are', () => {
  expect(windowAxes(view([4, 3, 2], 'r1 c2 c3'))).toEqual([
    { kind: 'whole', axis: 0 },
    { kind: 'window', place: 1, tap: 2, stride: 2, dilation: 3 },
  ])
  expect(windowAxes(view([3, 2, 6], 'r1 r1 c1', [-1, 0]))).toMatchObject([{ kind: 'window' }, { axis: 2 }])
})

test.each([
  ['no window', [4, 6], 'r1 c1', [0, 0]],
  ['part of another axis', [3, 3, 2], 'r1 c1 c1', [0, 0]],
  ['another axis from elsewhere', [4, 3, 2], 'r1 c1 c1', [1, 0]],
  ['another axis backwards', [4, 3, 2], 'r-1 c1 c1', [0, 0]],
  ['three axes along one', [4, 3, 2, 1], 'r1 c1 c1 c1', [0, 0]],
  ['an axis that repeats', [4, 3, 2, 5], 'r1 c1 c1 _', [0, 0]],
  ['an axis that nothing walks along', [3, 2], 'c1 c1', [0, 0]],
])('not windows: %s', (_, shape, axes, start) => {
  expect(windowAxes(view(shape, axes, start))).toBeUndefined()
})

test.each([
  [[4, 6], 'r1 c1', true],
  [[6, 4], 'c1 r1', true],
  [[4, 3, 2], 'r1 c2 c1', true],
  [[2, 2, 2, 3], 'r2 c3 r1 c1', true],
  [[2, 2, 2, 3], 'r1 c3 r2 c1', true],
  [[4, 6, 1], 'r1 c1 _', true],
  [[4, 6, 1], 'r1 c1 c7', true],
  [[4, 6, 2], 'r1 c1 _', false],
  [[4, 2, 3], 'r1 c2 c1', false],
  [[4, 2, 2], 'r1 c2 c1', false],
  [[4, 2, 2], 'r1 c3 c1', false],
  [[4, 6], 'r1 c-1', false],
  [[4, 3], 'r1 c1', false],
  [[3, 6], 'r1 c1', false],
])('whether windows %j along %s see each element once: %s', (shape, axes, tiles) => {
  expect(isTiling(view(shape, axes))).toBe(tiles)
  expect(isTiling(view(shape, axes, [0, 1]))).toBe(false)
  expect(isTiling(view(shape, axes, [-1, 0]))).toBe(false)
})
