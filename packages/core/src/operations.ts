import { DTYPES, type DType, type Promote } from './dtype.ts'
import { DTypeError, ShapeError } from './errors.ts'
import { map } from './kernel/kernel.ts'
import { broadcastView } from './kernel/view.ts'
import { castPrimitive, definePrimitive, type Operation, type PrimitiveDefinition } from './primitive.ts'
import { broadcastShapes, normalizeAxes, type Shape, sameShape, shapeText, sizeOf } from './shape.ts'
import type { AnyTensor, Tensor, TensorLike } from './tensor.ts'
import { bind } from './trace.ts'

/** The dtype of one operand: a number has that of the tensor beside it. */
export type DTypeOf<T extends TensorLike> = T extends Tensor<infer D> ? D : never

/** Two operands' dtype: the wider one; two numbers make a float32. */
export type Promoted<A extends TensorLike, B extends TensorLike> = [DTypeOf<A>] extends [never]
  ? [DTypeOf<B>] extends [never]
    ? 'float32'
    : DTypeOf<B>
  : [DTypeOf<B>] extends [never]
    ? DTypeOf<A>
    : Promote<DTypeOf<A>, DTypeOf<B>>

/** An elementwise operation of two operands with NumPy broadcasting. */
export interface BinaryOperation {
  <A extends TensorLike, B extends TensorLike>(a: A, b: B): Tensor<Arithmetic<Promoted<A, B>>>
  readonly primitive: Operation['primitive']
}

/** Arithmetic on bool counts in int32. */
type Arithmetic<D extends DType> = D extends 'bool' ? 'int32' : D

/** Defines an elementwise operation of two operands; see {@link definePrimitive}. */
// The operation's result has the dtype of its expression, which `Promoted` says in types.
export const binary = (definition: PrimitiveDefinition): BinaryOperation =>
  definePrimitive(definition) as BinaryOperation

/**
 * Elementwise sum with NumPy broadcasting.
 *
 * @throws ShapeError when the shapes do not broadcast.
 * @example
 * add(tensor([1, 2]), 3) // [4. 5.]
 */
export const add = binary({
  name: 'add',
  kernel: map((a, b) => a.add(b)),
  vjp: [(g) => g, (g) => g],
})

/**
 * Elementwise product with NumPy broadcasting.
 *
 * @throws ShapeError when the shapes do not broadcast.
 * @example
 * mul(tensor([1, 2]), tensor([3, 4])) // [3. 8.]
 */
export const mul = binary({
  name: 'mul',
  kernel: map((a, b) => a.mul(b)),
  vjp: [(g, [, b]) => mul(g, b), (g, [a]) => mul(g, a)],
})

export interface AxisOptions {
  /** One axis, several, or (default) all; negative axes count from the end. */
  readonly axis?: number | readonly number[]
  /** Keep the reduced axes with length 1. Default: false. */
  readonly keepDims?: boolean
}

/** The dtype of a sum: uint8 and bool count in int32. */
export type SumOf<D extends DType> = D extends 'uint8' | 'bool' ? 'int32' : D

const sumAxes = definePrimitive<{ axes: readonly number[] }>({
  name: 'sum',
  shape: ([x], { axes }) => x.shape.filter((_, axis) => !axes.includes(axis)),
  kernel: (_, { axes }) => ({ family: 'reduce', op: 'sum', axes }),
  vjp: [(g, [x], _, { axes }) => broadcastTo(reshape(g, keptShape(x.shape, axes)), x.shape)],
})

/**
 * The sum over `axis`. Sums of uint8 and bool are int32.
 *
 * @throws ShapeError for an axis that the tensor does not have.
 * @example
 * sum(tensor([[1, 2], [3, 4]]), { axis: 0 }) // [4. 6.]
 */
export function sum<D extends DType>(x: Tensor<D>, { axis, keepDims = false }: AxisOptions = {}): Tensor<SumOf<D>> {
  if (x.dtype === 'key')
    throw new DTypeError('sum: random keys cannot be summed; draw numbers from them with uniform or normal')
  const axes = normalizeAxes('sum', axis, x.rank)
  const counted = x.dtype === 'uint8' || x.dtype === 'bool' ? cast(x, 'int32') : x
  const folded = sumAxes(counted, { axes })
  // SumOf states the cast above.
  return (keepDims ? reshape(folded, keptShape(x.shape, axes)) : folded) as Tensor<SumOf<D>>
}

/** `shape` with the reduced `axes` kept at length 1. */
export const keptShape = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((length, axis) => (axes.includes(axis) ? 1 : length))

const reshapeTo = definePrimitive<{ shape: Shape }>({
  name: 'reshape',
  shape: (_, { shape }) => shape,
  kernel: { family: 'reshape' },
  vjp: [(g, [x]) => reshape(g, x.shape)],
})

/**
 * The same elements, in row-major order, under another shape; one length may be −1, which is then worked out.
 *
 * @throws ShapeError when the elements do not fill the shape.
 * @example
 * reshape(arange(6), [2, -1]).shape // [2, 3]
 */
export function reshape<D extends DType>(x: Tensor<D>, shape: Shape): Tensor<D> {
  const known = shape.filter((length) => length !== -1)
  const inferred = sizeOf(x.shape) / sizeOf(known)
  const full = known.length === shape.length ? shape : shape.map((length) => (length === -1 ? inferred : length))
  const valid = full.every((length) => Number.isInteger(length) && length >= 0)
  if (!valid || known.length < shape.length - 1 || sizeOf(full) !== x.size) {
    throw new ShapeError(
      `reshape: ${x.size} elements of shape ${shapeText(x.shape)} do not fill the shape ${shapeText(shape)}; the products of the lengths must agree`,
    )
  }
  if (sameShape(full, x.shape)) return x
  return reshapeTo(x, { shape: full }) as AnyTensor as Tensor<D>
}

const broadcast = definePrimitive<{ shape: Shape }>({
  name: 'broadcastTo',
  shape: (_, { shape }) => shape,
  kernel: ([x], { shape }) => ({ family: 'view', view: broadcastView(x.shape, shape) }),
  vjp: [(g, [x]) => sumTo(g, x.shape)],
})

/**
 * The tensor repeated along new leading axes and axes of length 1 until it has `shape`.
 *
 * @throws ShapeError when the shape does not broadcast to `shape`.
 * @example
 * broadcastTo(tensor([1, 2]), [2, 2]) // [[1. 2.] [1. 2.]]
 */
export function broadcastTo<D extends DType>(x: Tensor<D>, shape: Shape): Tensor<D> {
  if (sameShape(x.shape, shape)) return x
  const reached = x.rank <= shape.length && sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)
  if (!reached)
    throw new ShapeError(
      `broadcastTo: shape ${shapeText(x.shape)} does not broadcast to ${shapeText(shape)}; only axes of length 1 can grow`,
    )
  return broadcast(x, { shape }) as AnyTensor as Tensor<D>
}

/** Undoes a broadcast from `shape`: sums `x` over the axes along which it was repeated. */
export function sumTo(x: AnyTensor, shape: Shape): AnyTensor {
  if (sameShape(x.shape, shape)) return x
  const lead = x.rank - shape.length
  const axes = x.shape.flatMap((length, axis) =>
    axis < lead || (shape[axis - lead] === 1 && length !== 1) ? [axis] : [],
  )
  return reshape(sum(x, { axis: axes }), shape)
}

/**
 * The same values in another dtype: floats round to nearest, a float to an integer truncates toward zero, integers wrap, and
 * bool is "not zero".
 *
 * @throws DTypeError to or from a random key, or to what is no dtype.
 * @example
 * cast(tensor([1.7, -1.7]), 'int32') // [ 1 -1]
 */
export function cast<D extends DType>(x: AnyTensor, dtype: D): Tensor<D> {
  if (!DTYPES.includes(dtype)) {
    throw new DTypeError(`cast: there is no dtype ${String(dtype)}; choose one of ${DTYPES.join(', ')}`)
  }
  if (x.dtype === 'key' || dtype === 'key') {
    if (x.dtype !== dtype)
      throw new DTypeError('cast: a random key is not a number, nor the other way round; use randomKey(seed)')
  }
  return (x.dtype === dtype ? x : bind(castPrimitive, [x], { dtype })) as Tensor<D>
}

/**
 * The same value, as a constant: no gradient flows through it.
 *
 * @example
 * grad((x: Tensor) => mul(stopGradient(x), x))(tensor(3)).item() // 3
 */
export const stopGradient = <D extends DType>(x: Tensor<D>): Tensor<D> => stop(x) as AnyTensor as Tensor<D>

const stop = definePrimitive({
  name: 'stopGradient',
  shape: ([x]) => x.shape,
  kernel: { family: 'reshape' },
  vjp: [null],
})

/** `x` as a new tensor that shares its elements, recorded by the tapes around: the leaf that a transform differentiates by. */
export function freshLeaf<D extends DType>(x: Tensor<D>): Tensor<D> {
  return reshapeTo(x, { shape: x.shape }) as AnyTensor as Tensor<D>
}
