/** Which dtype comes out of which, and that gradients come back in the dtype of what they are gradients of. */
import { type DType, full, grad, jvp, type Tensor, tensor } from '@cotangent/core'
import * as ops from '@cotangent/ops'
import { describe, expect, test } from 'vitest'

const DTYPES = ['bool', 'uint8', 'int32', 'float32', 'float64'] as const
type Numeric = (typeof DTYPES)[number]

const one = (dtype: DType): Tensor => full([2], 1, { dtype: dtype as 'float32' })

const isFloat = (dtype: DType): boolean => dtype.startsWith('float')

/** The later of the two in the order of {@link DTYPES}. */
const wider = (a: Numeric, b: Numeric): Numeric => (DTYPES.indexOf(a) > DTYPES.indexOf(b) ? a : b)

const pairs = DTYPES.flatMap((a) => DTYPES.map((b) => [a, b] as const))

test.each(pairs)('%s with %s: the wider one', (a, b) => {
  const common = wider(a, b)
  // bool counts in int32.
  const arithmetic = common === 'bool' ? 'int32' : common
  for (const operation of [ops.add, ops.sub, ops.mul, ops.maximum, ops.minimum, ops.pow]) {
    expect(operation(one(a), one(b)).dtype, operation.primitive.name).toBe(arithmetic)
  }
  expect(ops.div(one(a), one(b)).dtype).toBe(isFloat(common) ? common : 'float32')
  expect(ops.less(one(a), one(b)).dtype).toBe('bool')
  expect(ops.where(tensor([true, false]), one(a), one(b)).dtype).toBe(common)
  expect(ops.concat([one(a), one(b)]).dtype).toBe(common)
  const product = common === 'bool' || common === 'uint8' ? 'int32' : common
  expect(ops.matmul(one(a), one(b)).dtype).toBe(product)
  expect(ops.einsum('i,i->i', one(a), one(b)).dtype).toBe(product)
})

describe.each(DTYPES)('%s', (dtype) => {
  const counted = dtype === 'bool' || dtype === 'uint8' ? 'int32' : dtype
  const float = isFloat(dtype) ? dtype : 'float32'

  test('a number adopts it', () => {
    expect(ops.maximum(one(dtype), 1).dtype).toBe(dtype === 'bool' ? 'int32' : dtype)
    expect(ops.where(tensor([true, false]), one(dtype), 1).dtype).toBe(dtype)
  })

  test('sums, products and running sums', () => {
    for (const operation of [ops.sum, ops.prod, ops.cumsum]) expect(operation(one(dtype)).dtype).toBe(counted)
  })

  test('extremes and movements keep it', () => {
    for (const operation of [ops.max, ops.min, ops.flatten, ops.transpose, ops.squeeze, ops.relu]) {
      expect(operation(one(dtype)).dtype).toBe(dtype)
    }
    expect(ops.argMax(one(dtype)).dtype).toBe('int32')
  })

  test('functions with float results', () => {
    const elementwise = [ops.exp, ops.log, ops.sqrt, ops.tanh, ops.sigmoid, ops.gelu, ops.erf, ops.reciprocal]
    for (const operation of elementwise) expect(operation(one(dtype)).dtype).toBe(float)
    for (const operation of [ops.mean, ops.variance, ops.logSumExp, ops.softmax]) {
      expect(operation(one(dtype)).dtype).toBe(float)
    }
  })
})

test('integers wrap as the hardware does, and bool counts', () => {
  const bytes = tensor(Uint8Array.of(250, 255))
  expect(ops.add(bytes, 10).toArray()).toEqual([4, 9])
  expect(ops.sum(bytes).item()).toBe(505)
  const large = tensor([2 ** 31 - 1], { dtype: 'int32' })
  expect(ops.add(large, 1).toArray()).toEqual([-(2 ** 31)])
  expect(ops.mul(large, large).toArray()).toEqual([1])
  expect(ops.sum(tensor([true, true, false])).item()).toBe(2)
})

test('a float32 parameter beside float64 data has a float32 gradient', () => {
  const [w, x] = [tensor([2, 3]), tensor(Float64Array.of(0.5, -1))]
  const loss = (weights: Tensor) => ops.sum(ops.mul(weights, x))
  const gradient = grad(loss)(w)
  expect([gradient.dtype, gradient.toArray()]).toEqual(['float32', [0.5, -1]])
  const [value, tangent] = jvp(loss, [w], [tensor([1, 1])])
  expect([value.dtype, tangent.dtype, tangent.item()]).toEqual(['float64', 'float64', -0.5])
})

test('NaN reaches maxima, relu and clip', () => {
  const x = tensor([1, Number.NaN, 3])
  expect(ops.max(x).item()).toBeNaN()
  expect(ops.min(x).item()).toBeNaN()
  expect(ops.maximum(x, 2).toArray()).toEqual([2, Number.NaN, 3])
  expect(ops.relu(x).toArray()).toEqual([1, Number.NaN, 3])
  expect(ops.clip(x, { max: 2 }).toArray()).toEqual([1, Number.NaN, 2])
  expect(ops.argMax(x).item()).toBe(1)
})
