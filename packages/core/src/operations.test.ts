import { describe, expect, expectTypeOf, test } from 'vitest'
import { arange, ones, zeros } from './create.ts'
import { DTypeError, ShapeError, ValueError } from './errors.ts'
import { add, broadcastTo, cast, keptShape, mul, reshape, stopGradient, sum, sumTo } from './operations.ts'
import { randomKey } from './random/key.ts'
import { record } from './tape.ts'
import { abstractTensor, type Tensor, tensor } from './tensor.ts'
import { grad } from './transforms.ts'

const int = (data: number[]) => tensor(data, { dtype: 'int32' })

describe('add and mul', () => {
  test('broadcast as NumPy does', () => {
    expect(add(tensor([[1], [2]]), tensor([10, 20, 30])).toArray()).toEqual([
      [11, 21, 31],
      [12, 22, 32],
    ])
    expect(mul(tensor([1, 2]), 3).toArray()).toEqual([3, 6])
    expect(mul(2, tensor([[1, 2]])).toArray()).toEqual([[2, 4]])
    expect(add(zeros([0, 3]), tensor([1, 2, 3])).shape).toEqual([0, 3])
    expect(add(zeros([2, 0]), ones([2, 1])).shape).toEqual([2, 0])
  })

  test('the message for shapes that do not names both and the axis', () => {
    expect(() => add(ones([2, 3]), ones([2, 4]))).toThrow(ShapeError)
    expect(() => add(ones([2, 3]), ones([2, 4]))).toThrow(/^add: .*\[2, 3\] and \[2, 4\] differ at axis −1 \(3 and 4\)/)
  })

  test('dtypes: the wider one wins, bool counts in int32, numbers adopt', () => {
    expect(add(int([1]), tensor([0.5])).dtype).toBe('float32')
    expect(add(tensor([1]), tensor([1], { dtype: 'float64' })).dtype).toBe('float64')
    expect(add(tensor(Uint8Array.of(1)), int([1])).dtype).toBe('int32')
    expect(add(tensor([true]), tensor([true])).toArray()).toEqual([2])
    expect(mul(int([3]), 2).dtype).toBe('int32')
    expect(mul(tensor([3], { dtype: 'float64' }), 0.1).toArray()).toEqual([3 * 0.1])
    expect(add(1, 2).dtype).toBe('float32')
  })

  test('types say the dtype of the result', () => {
    expectTypeOf(add(tensor([1]), int([1]))).toEqualTypeOf<Tensor<'float32'>>()
    expectTypeOf(mul(tensor([1], { dtype: 'float64' }), tensor([1]))).toEqualTypeOf<Tensor<'float64'>>()
    expectTypeOf(add(tensor([true]), tensor([false]))).toEqualTypeOf<Tensor<'int32'>>()
    expectTypeOf(mul(int([1]), 2)).toEqualTypeOf<Tensor<'int32'>>()
    expectTypeOf(mul(2, 3)).toEqualTypeOf<Tensor<'float32'>>()
  })

  test('integers wrap around', () => {
    expect(add(int([2147483647]), 1).toArray()).toEqual([-2147483648])
    expect(mul(int([65537]), 65537).toArray()).toEqual([131073])
    expect(add(tensor(Uint8Array.of(250)), 10).toArray()).toEqual([4])
  })

  test('a number that the dtype cannot hold, a key and other things are refused', () => {
    expect(() => add(int([1]), 0.5)).toThrow(DTypeError)
    expect(() => add(int([1]), 0.5)).toThrow(/^add: 0.5 is not a value of int32/)
    expect(() => add(randomKey(0), 1)).toThrow(/^add: a random key takes no part in arithmetic/)
    // @ts-expect-error an array is no tensor
    expect(() => add([1], tensor(1))).toThrow(/^add: input 0 is an array; pass a tensor or a number/)
    // @ts-expect-error nothing is no tensor
    expect(() => mul(tensor(1), undefined)).toThrow(ValueError)
    // @ts-expect-error mul takes two
    expect(() => mul(tensor(1))).toThrow(/^mul: takes 2 inputs, got 1/)
  })
})

describe('sum', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])

  test('over all axes, one, several, or none', () => {
    expect(sum(x).item()).toBe(21)
    expect(sum(x, { axis: 0 }).toArray()).toEqual([5, 7, 9])
    expect(sum(x, { axis: -1 }).toArray()).toEqual([6, 15])
    expect(sum(x, { axis: [0, 1] }).shape).toEqual([])
    expect(sum(x, { axis: [] }).toArray()).toEqual(x.toArray())
    expect(sum(x, { axis: 1, keepDims: true }).toArray()).toEqual([[6], [15]])
    expect(sum(x, { keepDims: true }).shape).toEqual([1, 1])
  })

  test('of nothing is 0', () => {
    expect(sum(zeros([0])).item()).toBe(0)
    expect(sum(zeros([2, 0, 3]), { axis: 1 }).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
    expect(sum(zeros([0, 2]), { axis: 1 }).shape).toEqual([0])
  })

  test('of uint8 and bool counts in int32', () => {
    expect(sum(tensor(Uint8Array.of(200, 200))).item()).toBe(400)
    expect(sum(tensor([true, true, false])).item()).toBe(2)
    expectTypeOf(sum(tensor([true]))).toEqualTypeOf<Tensor<'int32'>>()
    expect(sum(int([2147483647, 1])).item()).toBe(-2147483648)
  })

  test('carries float32 sums in float64', () => {
    // In float32 each 1 would be lost beside 2^24.
    expect(sum(tensor([2 ** 24, 1, 1, 1, 1])).item()).toBe(2 ** 24 + 4)
  })

  test('axes that are none, twice the same, and keys are refused', () => {
    expect(() => sum(x, { axis: 2 })).toThrow(
      /^sum: axis 2 is not an axis of a tensor of rank 2; axes run from -2 to 1/,
    )
    expect(() => sum(x, { axis: [0, -2] })).toThrow(/^sum: axis 0 is named twice/)
    expect(() => sum(x, { axis: 0.5 })).toThrow(ShapeError)
    expect(() => sum(tensor(1), { axis: 0 })).toThrow(/a scalar has no axes/)
    expect(() => sum(randomKey(0))).toThrow(DTypeError)
  })

  test('keptShape keeps the reduced axes at length 1', () => {
    expect(keptShape([2, 3, 4], [0, 2])).toEqual([1, 3, 1])
  })
})

describe('reshape', () => {
  test('keeps the elements in order, and works out −1', () => {
    expect(reshape(arange(6), [2, 3]).toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ])
    expect(reshape(arange(6), [3, -1]).shape).toEqual([3, 2])
    expect(reshape(arange(6), [-1]).shape).toEqual([6])
    expect(reshape(tensor(5), [1, 1]).shape).toEqual([1, 1])
    expect(reshape(zeros([0, 3]), [3, 0]).shape).toEqual([3, 0])
  })

  test('gives the same tensor for the same shape', () => {
    const x = arange(3)
    expect(reshape(x, [3])).toBe(x)
  })

  test.each([[[4]], [[2, 2]], [[-1, 4]], [[-1, -1]], [[-2, -3]], [[1.5, 4]], [[6, 0]]])(
    'six elements do not fill %j',
    (shape) => {
      expect(() => reshape(arange(6), shape)).toThrow(ShapeError)
      expect(() => reshape(arange(6), shape)).toThrow(/^reshape: 6 elements of shape \[6\] do not fill/)
    },
  )

  test('−1 beside a length of 0 is not worked out', () => {
    expect(() => reshape(zeros([0]), [0, -1])).toThrow(ShapeError)
  })
})

describe('broadcastTo and sumTo', () => {
  test('repeat along new axes and axes of length 1', () => {
    expect(broadcastTo(tensor([[1], [2]]), [2, 2, 3]).toArray()).toEqual([
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
    ])
    expect(broadcastTo(tensor(7), [2]).toArray()).toEqual([7, 7])
    expect(broadcastTo(tensor([1]), [0]).shape).toEqual([0])
  })

  test('other shapes are refused', () => {
    for (const shape of [[3], [], [2, 3, 1]])
      expect(() =>
        broadcastTo(
          tensor([
            [1, 2],
            [3, 4],
          ]),
          shape,
        ),
      ).toThrow(/^broadcastTo: /)
    expect(() => broadcastTo(tensor([1, 2]), [1])).toThrow(ShapeError)
  })

  test('sumTo undoes them', () => {
    expect(sumTo(ones([2, 3, 4]), [3, 1]).toArray()).toEqual([[8], [8], [8]])
    expect(sumTo(ones([2, 3]), []).item()).toBe(6)
    expect(sumTo(ones([0, 3]), [3]).toArray()).toEqual([0, 0, 0])
    const x = ones([2])
    expect(sumTo(x, [2])).toBe(x)
  })
})

describe('cast', () => {
  test('refuses what is no dtype, which untyped code may ask for', () => {
    expect(() => cast(tensor([1]), 'float16' as 'float32')).toThrow(DTypeError)
  })

  test('truncates toward zero, stops at the ends of the range, and wraps integers', () => {
    expect(cast(tensor([1.7, -1.7, Number.NaN, 1e20, -1e20, 2147483646.5]), 'int32').toArray()).toEqual([
      1, -1, 0, 2147483647, -2147483648, 2147483647,
    ])
    expect(cast(tensor([-3, 255.9, 300, Number.POSITIVE_INFINITY, -0.5]), 'uint8').toArray()).toEqual([
      0, 255, 255, 255, 0,
    ])
    expect(cast(int([256, -1]), 'uint8').toArray()).toEqual([0, 255])
    expect(cast(tensor([0, -0, 0.1, Number.NaN]), 'bool').toArray()).toEqual([false, false, true, true])
    expect(cast(tensor([true, false]), 'float32').toArray()).toEqual([1, 0])
    expect(cast(tensor(0.1, { dtype: 'float64' }), 'float32').item()).toBe(Math.fround(0.1))
  })

  test('to its own dtype is the same tensor', () => {
    const x = tensor([1])
    expect(cast(x, 'float32')).toBe(x)
    const key = randomKey(0)
    expect(cast(key, 'key')).toBe(key)
  })

  test('keys are no numbers', () => {
    expect(() => cast(randomKey(0), 'int32')).toThrow(DTypeError)
    expect(() => cast(int([1]), 'key')).toThrow(/randomKey\(seed\)/)
  })

  test('gradients flow through casts of floats and stop at integers', () => {
    const gradient = grad((x: Tensor) => sum(cast(mul(cast(x, 'float64'), 3), 'float32')))(tensor([1, 2]))
    expect(gradient.dtype).toBe('float32')
    expect(gradient.toArray()).toEqual([3, 3])
    expect(grad((x: Tensor) => sum(mul(cast(cast(x, 'int32'), 'float32'), x)))(tensor([1.5])).toArray()).toEqual([1])
  })
})

test('stopGradient is the same value without a gradient', () => {
  const x = tensor([2, 3])
  expect(stopGradient(x).toArray()).toEqual([2, 3])
  expect(grad((a: Tensor) => sum(mul(stopGradient(a), a)))(x).toArray()).toEqual([2, 3])
  expectTypeOf(stopGradient(int([1]))).toEqualTypeOf<Tensor<'int32'>>()
})

test('on shapes alone: results have a type and no values', () => {
  const x = abstractTensor([2, 3], 'float32')
  const y = sum(mul(add(x, tensor([1, 2, 3])), 2), { axis: 1, keepDims: true })
  expect([y.shape, y.dtype]).toEqual([[2, 1], 'float32'])
  expect(() => y.data).toThrow(/stands for values/)
  expect(() => add(x, ones([4]))).toThrow(ShapeError)
  const [, tape] = record(() => cast(x, 'int32'))
  expect(tape.steps.map((step) => step.output.dtype)).toEqual(['int32'])
})
