import { expect, test } from 'vitest'
import { arange, eye, full, ones, zeros } from './create.ts'
import { ShapeError, ValueError } from './errors.ts'

test('zeros, ones and full of any dtype', () => {
  expect(zeros([2, 1]).toArray()).toEqual([[0], [0]])
  expect(zeros([]).item()).toBe(0)
  expect(ones([2], { dtype: 'int32' }).data).toEqual(Int32Array.of(1, 1))
  expect(full([2], 0.5, { dtype: 'float64' }).data).toEqual(Float64Array.of(0.5, 0.5))
  expect(full([1], 1, { dtype: 'bool' }).toArray()).toEqual([true])
  expect(zeros([0, 3]).size).toBe(0)
})

test('full keeps the sign of zero', () => {
  expect(Object.is(full([1], -0).data[0], -0)).toBe(true)
})

test('arange counts up, down and in steps', () => {
  expect(arange(4).data).toEqual(Int32Array.of(0, 1, 2, 3))
  expect(arange(2, 5).toArray()).toEqual([2, 3, 4])
  expect(arange(5, 0, -2).toArray()).toEqual([5, 3, 1])
  expect(arange(0, 1, 0.25, { dtype: 'float64' }).toArray()).toEqual([0, 0.25, 0.5, 0.75])
  expect(arange(3, { dtype: 'float32' }).dtype).toBe('float32')
  expect(arange(0).shape).toEqual([0])
  expect(arange(5, 2).shape).toEqual([0])
})

test('eye has ones on the diagonal', () => {
  expect(eye(3, { dtype: 'int32' }).toArray()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ])
  expect(eye(0).shape).toEqual([0, 0])
})

test('bad lengths, values and steps are refused', () => {
  expect(() => zeros([-1])).toThrow(ShapeError)
  expect(() => ones([1.5])).toThrow(/length 1.5/)
  expect(() => full([1], 0.5, { dtype: 'int32' })).toThrow(ValueError)
  expect(() => full([1], 300, { dtype: 'uint8' })).toThrow(/300 is not a value of uint8/)
  expect(() => arange(0, 1, 0)).toThrow(/does not end; give a step other than 0/)
  expect(() => arange(0, 1, 0.5)).toThrow(/0.5 is not a value of int32; choose a float dtype/)
  expect(() => zeros([2 ** 20, 2 ** 20])).toThrow(/at most 2\^32/)
})
