import {
  type AxisOptions,
  arange,
  binary,
  broadcastTo,
  cast,
  type DType,
  definePrimitive,
  keptShape,
  map,
  mul,
  normalizeAxes,
  type Operation,
  reshape,
  type Shape,
  ShapeError,
  shapeText,
  sizeOf,
  sum,
  type Tensor,
  type TensorLike,
  ValueError,
} from '@cotangent/core'
import { div } from './arithmetic.ts'
import { equal, greater, less, where } from './compare.ts'
import { checkNumbers } from './elementwise.ts'

/**
 * Elementwise larger one with NumPy broadcasting; NaN wins, and equal operands share the gradient evenly.
 *
 * @throws ShapeError when the shapes do not broadcast.
 * @example
 * maximum(tensor([1, 5]), 3) // [3. 5.]
 */
export const maximum = binary({
  name: 'maximum',
  kernel: map((a, b) => a.maximum(b)),
  vjp: [(g, [a, b]) => mul(g, winning(greater, a, b)), (g, [a, b]) => mul(g, winning(greater, b, a))],
})

/**
 * Elementwise smaller one with NumPy broadcasting; NaN wins, and equal operands share the gradient evenly.
 *
 * @throws ShapeError when the shapes do not broadcast.
 * @example
 * minimum(tensor([1, 5]), 3) // [1. 3.]
 */
export const minimum = binary({
  name: 'minimum',
  kernel: map((a, b) => a.minimum(b)),
  vjp: [(g, [a, b]) => mul(g, winning(less, a, b)), (g, [a, b]) => mul(g, winning(less, b, a))],
})

/** 1 where `a` beats `b`, a half where they are equal, else 0. */
const winning = (beats: typeof greater, a: TensorLike, b: TensorLike) =>
  where(beats(a, b), 1, where(equal(a, b), 0.5, 0))

/**
 * Elementwise x, kept within [min, max]; either bound may be left out. At a bound the gradient passes.
 *
 * @throws ValueError when min is above max.
 * @example
 * clip(tensor([-2, 0.5, 9]), { min: 0, max: 1 }) // [0.  0.5 1. ]
 */
export function clip<D extends DType>(
  x: Tensor<D>,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: { readonly min?: number; readonly max?: number },
): Tensor<D> {
  if (!(min <= max)) throw new ValueError(`clip: min ${min} is not below max ${max}; exchange them`)
  checkNumbers('clip', x, ...[min, max].filter(Number.isFinite))
  const above = min === Number.NEGATIVE_INFINITY ? x : where(less(x, min), min, x)
  const within = max === Number.POSITIVE_INFINITY ? above : where(greater(above, max), max, above)
  // A bound adopts the dtype of x.
  return within as Tensor<D>
}

/** Who gets the gradient among equal extremes: all of them evenly, or the first in row-major order. */
export type Ties = 'split' | 'first'

/**
 * The largest element over `axis`; NaN wins, and equal maxima share the gradient evenly.
 *
 * @throws ShapeError for an axis that the tensor does not have, or one without elements.
 * @example
 * max(tensor([[1, 2], [4, 3]]), { axis: 1 }) // [2. 4.]
 */
export const max = <D extends DType>(x: Tensor<D>, options: AxisOptions = {}): Tensor<D> =>
  fold('max', x, options, 'split')

/**
 * The smallest element over `axis`; NaN wins, and equal minima share the gradient evenly.
 *
 * @throws ShapeError for an axis that the tensor does not have, or one without elements.
 * @example
 * min(tensor([[1, 2], [4, 3]]), { axis: 1 }) // [1. 3.]
 */
export const min = <D extends DType>(x: Tensor<D>, options: AxisOptions = {}): Tensor<D> =>
  fold('min', x, options, 'split')

/**
 * The int32 index of the first largest element along `axis`; over several axes (default: all), in row-major order of them.
 *
 * @throws ShapeError for an axis that the tensor does not have, or one without elements.
 * @example
 * argMax(tensor([[1, 2], [4, 3]]), { axis: 1 }) // [1 0]
 */
export const argMax = (x: Tensor<DType>, options: AxisOptions = {}): Tensor<'int32'> => place('argMax', x, options)

/**
 * The int32 index of the first smallest element along `axis`; over several axes (default: all), in row-major order of them.
 *
 * @throws ShapeError for an axis that the tensor does not have, or one without elements.
 * @example
 * argMin(tensor([[1, 2], [4, 3]]), { axis: 1 }) // [0 1]
 */
export const argMin = (x: Tensor<DType>, options: AxisOptions = {}): Tensor<'int32'> => place('argMin', x, options)

/** Max or min over `axis` with a choice of who gets the gradient among equals; `operation` is whom errors name. */
export function fold<D extends DType>(
  op: 'max' | 'min',
  x: Tensor<D>,
  { axis, keepDims = false }: AxisOptions,
  ties: Ties,
  operation: string = op,
): Tensor<D> {
  const axes = foldedAxes(operation, x, axis)
  const folded = EXTREMES[op](x, { axes, ties })
  // An extreme has the dtype of the elements it is taken from.
  return (keepDims ? reshape(folded, keptShape(x.shape, axes)) : folded) as unknown as Tensor<D>
}

function place(op: 'argMax' | 'argMin', x: Tensor<DType>, { axis, keepDims = false }: AxisOptions): Tensor<'int32'> {
  const axes = foldedAxes(op, x, axis)
  const places = PLACES[op](x, { axes }) as unknown as Tensor<'int32'>
  return keepDims ? reshape(places, keptShape(x.shape, axes)) : places
}

function foldedAxes(operation: string, x: Tensor<DType>, axis: AxisOptions['axis']): readonly number[] {
  checkNumbers(operation, x)
  const { shape } = x
  const axes = normalizeAxes(operation, axis, shape.length)
  if (axes.some((one) => shape[one] === 0)) {
    throw new ShapeError(
      `${operation}: a tensor of shape ${shapeText(shape)} has no elements to choose from; check that it is not empty`,
    )
  }
  return axes
}

interface FoldOptions {
  readonly axes: readonly number[]
}

const without = (shape: Shape, axes: readonly number[]): Shape => shape.filter((_, axis) => !axes.includes(axis))

const extreme = (op: 'max' | 'min'): Operation<FoldOptions & { readonly ties: Ties }> =>
  definePrimitive<FoldOptions & { readonly ties: Ties }>({
    name: op,
    shape: ([x], { axes }) => without(x.shape, axes),
    kernel: (_, { axes }) => ({ family: 'reduce', op, axes }),
    vjp: [
      (g, [x], y, { axes, ties }) => {
        const kept = keptShape(x.shape, axes)
        const cotangent = reshape(g, kept)
        if (ties === 'first') {
          const first = PLACES[op === 'max' ? 'argMax' : 'argMin'](x, { axes })
          return where(equal(reshape(first, kept), positions(x.shape, axes)), broadcastTo(cotangent, x.shape), 0)
        }
        const chosen = cast(equal(x, reshape(y, kept)), y.dtype)
        return mul(chosen, div(cotangent, sum(chosen, { axis: axes, keepDims: true })))
      },
    ],
  })

const EXTREMES = { max: extreme('max'), min: extreme('min') }

const placeOf = (op: 'argMax' | 'argMin'): Operation<FoldOptions> =>
  definePrimitive<FoldOptions>({
    name: op,
    shape: ([x], { axes }) => without(x.shape, axes),
    dtype: () => 'int32',
    kernel: (_, { axes }) => ({ family: 'reduce', op, axes }),
    vjp: [null],
  })

const PLACES = { argMax: placeOf('argMax'), argMin: placeOf('argMin') }

/** Each element's index over `axes` in row-major order of them, with length 1 on the other axes. */
function positions(shape: Shape, axes: readonly number[]): Tensor<'int32'> {
  const lengths = shape.map((length, axis) => (axes.includes(axis) ? length : 1))
  return reshape(arange(sizeOf(lengths)), lengths)
}
