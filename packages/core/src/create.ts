import { allocate, type DType, holds } from './dtype.ts'
import { ValueError } from './errors.ts'
import { checkShape, type Shape, sizeOf } from './shape.ts'
import { type Tensor, tensorOf } from './tensor.ts'

type Numeric = Exclude<DType, 'key'>

export interface CreateOptions<D extends Numeric> {
  /** Default: float32 (int32 for {@link arange}). */
  readonly dtype?: D
}

/**
 * A tensor of zeros.
 *
 * @example
 * zeros([2, 3]) // [[0. 0. 0.] [0. 0. 0.]]
 */
export const zeros = <D extends Numeric = 'float32'>(shape: Shape, options: CreateOptions<D> = {}): Tensor<D> =>
  full(shape, 0, options)

/**
 * A tensor of ones.
 *
 * @example
 * ones([3], { dtype: 'int32' }) // [1 1 1]
 */
export const ones = <D extends Numeric = 'float32'>(shape: Shape, options: CreateOptions<D> = {}): Tensor<D> =>
  full(shape, 1, options)

/**
 * A tensor filled with `value`.
 *
 * @throws ShapeError for a shape that is not made of non-negative integers; ValueError for a value that the dtype cannot hold.
 * @example
 * full([2, 2], 0.5) // [[0.5 0.5] [0.5 0.5]]
 */
export function full<D extends Numeric = 'float32'>(
  shape: Shape,
  value: number,
  options: CreateOptions<D> = {},
): Tensor<D> {
  // Without a dtype D is its default.
  const dtype = options.dtype ?? ('float32' as D)
  checkShape('full', shape)
  if (!holds(dtype, value))
    throw new ValueError(`full: ${value} is not a value of ${dtype}; choose another dtype or value`)
  const array = allocate(dtype, sizeOf(shape))
  if (value !== 0 || Object.is(value, -0)) array.fill(value)
  return tensorOf([...shape], dtype, array)
}

/**
 * The numbers from `start` (0 if only one number is given) up to, not including, `stop`, one axis.
 *
 * @throws ValueError for a step of 0 or values that the dtype cannot hold.
 * @example
 * arange(3) // [0 1 2]
 * arange(0, 1, 0.25, { dtype: 'float32' }) // [0.   0.25 0.5  0.75]
 */
export function arange<D extends Numeric = 'int32'>(stop: number, options?: CreateOptions<D>): Tensor<D>
export function arange<D extends Numeric = 'int32'>(
  start: number,
  stop: number,
  step?: number,
  options?: CreateOptions<D>,
): Tensor<D>
export function arange(
  first: number,
  second?: number | CreateOptions<Numeric>,
  step = 1,
  last?: CreateOptions<Numeric>,
): Tensor<DType> {
  const [start, stop] = typeof second === 'number' ? [first, second] : [0, first]
  const dtype = (typeof second === 'object' ? second : last)?.dtype ?? 'int32'
  const count = Math.max(0, Math.ceil((stop - start) / step))
  if (!Number.isFinite(count))
    throw new ValueError(`arange: from ${start} to ${stop} by ${step} does not end; give a step other than 0`)
  const array = allocate(dtype, count)
  for (let index = 0; index < count; index++) {
    const value = start + index * step
    if (!holds(dtype, value)) throw new ValueError(`arange: ${value} is not a value of ${dtype}; choose a float dtype`)
    array[index] = value
  }
  return tensorOf([count], dtype, array)
}

/**
 * The identity matrix of shape [size, size].
 *
 * @example
 * eye(2) // [[1. 0.] [0. 1.]]
 */
export function eye<D extends Numeric = 'float32'>(size: number, options: CreateOptions<D> = {}): Tensor<D> {
  const dtype = options.dtype ?? ('float32' as D)
  checkShape('eye', [size, size])
  const array = allocate(dtype, size * size)
  for (let index = 0; index < size; index++) array[index * (size + 1)] = 1
  return tensorOf([size, size], dtype, array)
}
