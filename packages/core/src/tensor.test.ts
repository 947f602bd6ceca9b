import { inspect } from 'node:util'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Float } from './dtype.ts'
import { DTypeError, ShapeError, TraceError, ValueError } from './errors.ts'
import { randomKey } from './random/key.ts'
import { abstractTensor, knownValues, refuseReads, type Tensor, tensor } from './tensor.ts'

describe('from nested arrays', () => {
  test('numbers are float32, as deep as they nest', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6.5],
    ])
    expect([x.shape, x.dtype, x.rank, x.size]).toEqual([[2, 3], 'float32', 2, 6])
    expect(x.data).toBeInstanceOf(Float32Array)
    expect([...x.data]).toEqual([1, 2, 3, 4, 5, 6.5])
  })

  test('a number alone is a scalar', () => {
    expect(tensor(3).shape).toEqual([])
    expect(tensor(3).rank).toBe(0)
    expect(tensor(3).item()).toBe(3)
  })

  test('booleans are bool, unless another dtype is asked for or numbers are among them', () => {
    expect(tensor([true, false]).dtype).toBe('bool')
    expect(tensor(true).toArray()).toBe(true)
    expect(tensor([true, false], { dtype: 'float32' }).toArray()).toEqual([1, 0])
    expect(tensor([true, 2]).dtype).toBe('float32')
  })

  test('empty arrays are axes of length 0', () => {
    expect(tensor([]).shape).toEqual([0])
    expect(tensor([[], []]).shape).toEqual([2, 0])
    expect(tensor([]).dtype).toBe('float32')
  })

  test('a dtype and a shape may be given', () => {
    const x = tensor([1, 2, 3, 4], { dtype: 'int32', shape: [2, 2] })
    expect(x.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(x.data).toBeInstanceOf(Int32Array)
    expect(tensor([[1, 2]], { dtype: 'float64' }).data).toBeInstanceOf(Float64Array)
  })

  test('float32 rounds to nearest, float64 keeps', () => {
    expect(tensor(0.1).item()).toBe(Math.fround(0.1))
    expect(tensor(0.1, { dtype: 'float64' }).item()).toBe(0.1)
  })

  test('keys nest down to their two words', () => {
    const key = tensor([1, 2], { dtype: 'key' })
    expect(key.shape).toEqual([])
    expect(
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { dtype: 'key' },
      ).shape,
    ).toEqual([2])
    expect(
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { dtype: 'key' },
      ).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  test('ragged nesting is refused, saying at which depth', () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(ShapeError)
    expect(() => tensor([[1, 2], [3]])).toThrow(/ragged at depth 1/)
    expect(() => tensor([[1, 2], 3])).toThrow(/ragged/)
    expect(() => tensor([1, [2]])).toThrow(/ragged/)
  })

  test('what is no number is refused', () => {
    // @ts-expect-error text is no number
    expect(() => tensor(['1'])).toThrow(/1 is not a number or a boolean/)
    // @ts-expect-error null is no number
    expect(() => tensor([null])).toThrow(ValueError)
  })

  test('elements that the dtype cannot hold are refused, saying which', () => {
    expect(() => tensor([1, 1.5], { dtype: 'int32' })).toThrow(/element 1 is 1.5, which int32 cannot hold/)
    expect(() => tensor([256], { dtype: 'uint8' })).toThrow(ValueError)
    expect(() => tensor([-1], { dtype: 'uint8' })).toThrow(ValueError)
    expect(() => tensor([2], { dtype: 'bool' })).toThrow(ValueError)
    expect(() => tensor([2 ** 31], { dtype: 'int32' })).toThrow(ValueError)
  })

  test('elements that do not fill the shape are refused', () => {
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(/3 elements do not fill the shape \[2, 2\], which has 4/)
    expect(() => tensor([1], { shape: [-1] })).toThrow(/length -1/)
    expect(() => tensor([1], { shape: [0.5] })).toThrow(ShapeError)
  })
})

describe('from typed arrays', () => {
  test('each kind has its own dtype and one axis, unless a shape is given', () => {
    expect(tensor(new Float32Array(2)).dtype).toBe('float32')
    expect(tensor(new Float64Array(2)).dtype).toBe('float64')
    expect(tensor(new Int32Array(2)).dtype).toBe('int32')
    expect(tensor(new Uint8Array(6), { shape: [2, 3] }).shape).toEqual([2, 3])
    expect(tensor(new Uint8Array(6)).shape).toEqual([6])
  })

  test('copies, so that later writes do not show', () => {
    const array = Float32Array.of(1, 2)
    const x = tensor(array)
    array[0] = 9
    expect(x.toArray()).toEqual([1, 2])
  })

  test('adopt hands the array over without a copy', () => {
    const array = Float32Array.of(1, 2)
    expect(tensor(array, { adopt: true }).data).toBe(array)
    // Another dtype cannot share the memory.
    expect(tensor(array, { dtype: 'float64', adopt: true }).data).not.toBe(array)
  })

  test('converts to another dtype where all elements fit', () => {
    expect(tensor(Uint8Array.of(0, 255), { dtype: 'float32' }).toArray()).toEqual([0, 255])
    expect(tensor(Uint8Array.of(0, 1), { dtype: 'bool' }).toArray()).toEqual([false, true])
    expect(() => tensor(Uint8Array.of(2), { dtype: 'bool' })).toThrow(ValueError)
    expect(() => tensor(Float64Array.of(0.5), { dtype: 'int32' })).toThrow(/element 0 is 0.5/)
  })

  test('kinds without a dtype need one', () => {
    // @ts-expect-error no tensor is made of 16-bit integers
    expect(() => tensor(new Int16Array(2))).toThrow(DTypeError)
    // @ts-expect-error no tensor is made of 16-bit integers
    expect(tensor(Int16Array.of(-3), { dtype: 'int32' }).toArray()).toEqual([-3])
  })

  test('must fill the shape', () => {
    expect(() => tensor(new Float32Array(5), { shape: [2, 3] })).toThrow(ShapeError)
  })
})

describe('reading', () => {
  test('item gives the one element of any shape of size 1', () => {
    expect(tensor([[7]]).item()).toBe(7)
    expect(() => tensor([1, 2]).item()).toThrow(/item: a tensor of shape \[2\] and dtype float32 is not one number/)
    expect(() => randomKey(0).item()).toThrow(ShapeError)
  })

  test('toArray nests as the shape says', () => {
    expect(
      tensor([
        [[1], [2]],
        [[3], [4]],
      ]).toArray(),
    ).toEqual([
      [[1], [2]],
      [[3], [4]],
    ])
    expect(tensor([[], []]).toArray()).toEqual([[], []])
    expect(tensor(5).toArray()).toBe(5)
  })

  test('read gives the same later', async () => {
    expect(await tensor([1, 2]).read()).toEqual(Float32Array.of(1, 2))
  })

  test('console.log shows what NumPy prints', () => {
    expect(
      inspect(
        tensor([
          [1, 2.5],
          [3, 4],
        ]),
      ),
    ).toBe('[[1.  2.5]\n [3.  4. ]]')
    expect(String(tensor([true]))).toBe('[ True]')
  })

  test('values that are not there yet cannot be read, and the message names the call', () => {
    const x = abstractTensor([2, 3], 'float32')
    expect([x.shape, x.size]).toEqual([[2, 3], 6])
    expect(() => x.data).toThrow(TraceError)
    expect(() => x.data).toThrow(/^data: this float32 tensor of shape \[2, 3\] stands for values/)
    expect(() => x.item()).toThrow(/^item\(\): /)
    expect(() => x.toArray()).toThrow(/^toArray\(\): /)
    expect(String(x)).toBe('<float32 [2, 3], not computed yet>')
    expect(knownValues(x)).toBeUndefined()
  })

  test('read rejects where there is nothing to read', async () => {
    await expect(abstractTensor([], 'float32').read()).rejects.toThrow(TraceError)
  })

  test('reads are refused while they would be wrong, and allowed again after', () => {
    const x = tensor(1)
    expect(() => refuseReads('not now', () => x.item())).toThrow('item(): not now')
    expect(x.item()).toBe(1)
  })
})

describe('immutability', () => {
  test('writing is a type error', () => {
    const x = tensor([1, 2])
    const write = () => {
      // @ts-expect-error elements are read-only
      x.data[0] = 5
      // @ts-expect-error the shape is read-only
      x.shape[0] = 5
      // @ts-expect-error a tensor's shape cannot be replaced
      x.shape = [1]
      // @ts-expect-error a tensor's dtype cannot be replaced
      x.dtype = 'float64'
      // @ts-expect-error the array's own methods that write are not offered
      x.data.fill(0)
    }
    expect(write).toBeTypeOf('function')
  })

  test('a shape that was given is not shared', () => {
    const shape = [2, 1]
    const x = tensor([1, 2], { shape })
    shape[0] = 9
    expect(x.shape).toEqual([2, 1])
  })
})

test('types say the dtype', () => {
  expectTypeOf(tensor([1, 2])).toEqualTypeOf<Tensor<'float32'>>()
  expectTypeOf(tensor([1, 2], { dtype: 'int32' })).toEqualTypeOf<Tensor<'int32'>>()
  expectTypeOf(tensor([[true]])).toEqualTypeOf<Tensor<'bool'>>()
  expectTypeOf(tensor(new Float64Array(1))).toEqualTypeOf<Tensor<'float64'>>()
  expectTypeOf(tensor(new Uint8Array(1))).toEqualTypeOf<Tensor<'uint8'>>()
  expectTypeOf(tensor(new Uint8Array(1), { dtype: 'float32' })).toEqualTypeOf<Tensor<'float32'>>()
  expectTypeOf<Tensor>().toEqualTypeOf<Tensor<Float>>()
  expectTypeOf<Tensor<'float32'>>().toExtend<Tensor>()
  expectTypeOf<Tensor<'int32'>>().not.toExtend<Tensor>()
})
