import {
  type AnyTensor,
  arange,
  broadcastShapes,
  broadcastTo,
  cast,
  type DType,
  DTypeError,
  definePrimitive,
  isFloat,
  knownValues,
  normalizeAxis,
  type Operation,
  type Shape,
  ShapeError,
  shapeText,
  Tensor,
  tensor,
  ValueError,
  zeros,
} from '@cotangent/core'
import { equal } from './compare.ts'
import { expandDims, transpose } from './movement.ts'

/** Integer indices: a tensor of int32 or uint8, or (nested) arrays of integers. */
export type Indices = AnyTensor | number | readonly number[] | readonly (readonly number[])[]

/**
 * The slices of `x` along `axis` at `indices`: the axis is replaced by the axes of the indices.
 *
 * @throws ValueError for an index outside the axis, naming it; DTypeError for indices that are no integers.
 * @example
 * take(tensor([[1, 2], [3, 4], [5, 6]]), [2, 0]) // [[5. 6.] [1. 2.]]
 */
export function take<D extends DType>(
  x: Tensor<D>,
  indices: Indices,
  { axis = 0 }: { readonly axis?: number } = {},
): Tensor<D> {
  const at = normalizeAxis('take', axis, x.rank)
  const places = indicesOf('take', indices, x.shape[at]!)
  return gather(x, places, { axis: at, batch: 0 }) as unknown as Tensor<D>
}

/**
 * The rows of a table at `indices`: [...indices.shape, width] from `table` of shape [count, width]. The gradient adds up where an
 * index occurs more than once.
 *
 * @throws ValueError for an index outside the table; ShapeError for a table that is not a matrix.
 * @example
 * embedding(ones([10, 4]), [1, 1, 7]).shape // [3, 4]
 */
export function embedding<D extends DType>(table: Tensor<D>, indices: Indices): Tensor<D> {
  if (table.rank !== 2)
    throw new ShapeError(`embedding: the table has shape ${shapeText(table.shape)}; it needs two axes, [count, width]`)
  return gather(table, indicesOf('embedding', indices, table.shape[0]!), { axis: 0, batch: 0 }) as unknown as Tensor<D>
}

/**
 * For each place of `indices`, the element of `x` at that place, but with the index given along `axis`. Other axes broadcast.
 *
 * @throws ValueError for an index outside the axis, naming it; ShapeError when rank or the other axes do not fit.
 * @example
 * takeAlongAxis(tensor([[1, 2], [3, 4]]), [[1], [0]], { axis: 1 }) // [[2.] [3.]]
 */
export function takeAlongAxis<D extends DType>(
  x: Tensor<D>,
  indices: Indices,
  { axis }: { readonly axis: number },
): Tensor<D> {
  const at = normalizeAxis('takeAlongAxis', axis, x.rank)
  const places = indicesOf('takeAlongAxis', indices, x.shape[at]!)
  if (places.rank !== x.rank) {
    throw new ShapeError(
      `takeAlongAxis: indices of shape ${shapeText(places.shape)} for a tensor of shape ${shapeText(x.shape)}; both need the same rank`,
    )
  }
  const others = (shape: Shape) => shape.map((length, one) => (one === at ? 1 : length))
  const batch = broadcastShapes('takeAlongAxis', others(x.shape), others(places.shape))
  const along = (shape: Shape) => batch.map((length, one) => (one === at ? shape[at]! : length))
  const last = [...batch.keys()].filter((one) => one !== at).concat(at)
  const toLast = <E extends DType>(one: Tensor<E>) => transpose(broadcastTo(one, along(one.shape)), last)
  const chosen = gather(toLast(x), toLast(places), { axis: x.rank - 1, batch: x.rank - 1 })
  const back = last.map((_, one) => last.indexOf(one))
  return transpose(chosen, back) as unknown as Tensor<D>
}

/**
 * `x` with the slices of `updates` added at `indices` along `axis`; equal indices add up.
 *
 * @throws ValueError for an index outside the axis; ShapeError when `updates` has not the shape of what `take` gives there.
 * @example
 * scatterAdd(zeros([3]), [0, 2, 2], tensor([1, 2, 3])) // [1. 0. 5.]
 */
export function scatterAdd<D extends DType>(
  x: Tensor<D>,
  indices: Indices,
  updates: Tensor<DType>,
  { axis = 0 }: { readonly axis?: number } = {},
): Tensor<D> {
  const at = normalizeAxis('scatterAdd', axis, x.rank)
  const places = indicesOf('scatterAdd', indices, x.shape[at]!)
  const expected = gatheredShape(x.shape, places.shape, { axis: at, batch: 0 })
  if (shapeText(updates.shape) !== shapeText(expected)) {
    throw new ShapeError(
      `scatterAdd: updates of shape ${shapeText(updates.shape)} do not fit indices of shape ${shapeText(places.shape)} along axis ${at} of ${shapeText(x.shape)}; they need shape ${shapeText(expected)}`,
    )
  }
  if (x.dtype === 'key' || x.dtype === 'bool')
    throw new DTypeError(`scatterAdd: ${x.dtype} tensors cannot be added up; cast to int32 or a float`)
  return scatter(x, places, cast(updates, x.dtype as 'float32'), { axis: at, batch: 0 }) as unknown as Tensor<D>
}

/**
 * One-hot rows: 1 at each index along a new last axis of length `classes`, else 0.
 *
 * @throws ValueError for an index outside the classes, naming it.
 * @example
 * oneHot([2, 0], { classes: 3 }) // [[0. 0. 1.] [1. 0. 0.]]
 */
export function oneHot<D extends 'float32' | 'float64' | 'int32' = 'float32'>(
  indices: Indices,
  { classes, dtype }: { readonly classes: number; readonly dtype?: D },
): Tensor<D> {
  if (!Number.isInteger(classes) || classes < 0)
    throw new ValueError(`oneHot: cannot make rows of ${classes} classes; give an integer from 0 up`)
  const places = indicesOf('oneHot', indices, classes)
  // Without a dtype D is its default.
  return cast(equal(expandDims(places, { axis: -1 }), arange(classes)), dtype ?? ('float32' as D))
}

interface GatherOptions {
  readonly axis: number
  /** How many leading axes the indices share with x. */
  readonly batch: number
}

const gather: Operation<GatherOptions> = definePrimitive<GatherOptions>({
  name: 'take',
  shape: ([x, indices], options) => gatheredShape(x.shape, indices.shape, options),
  kernel: (_, options) => ({ family: 'gather', ...options }),
  vjp: [(g, [x, indices], _, options) => scatter(zeros(x.shape, { dtype: g.dtype }), indices, g, options), null],
})

const scatter: Operation<GatherOptions> = definePrimitive<GatherOptions>({
  name: 'scatterAdd',
  shape: ([x]) => x.shape,
  kernel: (_, options) => ({ family: 'scatterAdd', ...options }),
  vjp: [(g) => g, null, (g, [, indices], _, options) => gather(g, indices, options)],
})

const gatheredShape = (x: Shape, indices: Shape, { axis, batch }: GatherOptions): Shape => [
  ...x.slice(0, axis),
  ...indices.slice(batch),
  ...x.slice(axis + 1),
]

/** Indices as an int32 tensor, checked against the length of the axis where their values are known. */
function indicesOf(operation: string, given: Indices, length: number): Tensor<'int32'> {
  const indices: AnyTensor = given instanceof Tensor ? given : integersFrom(operation, given)
  if (isFloat(indices.dtype) || indices.dtype === 'bool' || indices.dtype === 'key') {
    throw new DTypeError(`${operation}: the indices are ${indices.dtype}; cast them to int32`)
  }
  const values = knownValues(indices) ?? []
  for (let at = 0; at < values.length; at++) {
    if (values[at]! < 0 || values[at]! >= length) {
      throw new ValueError(
        `${operation}: index ${values[at]} (element ${at} of the indices) is outside 0 to ${length - 1}`,
      )
    }
  }
  return cast(indices, 'int32')
}

function integersFrom(operation: string, given: Exclude<Indices, AnyTensor>): Tensor<'int32'> {
  const broken = [given].flat(2).find((index) => !Number.isInteger(index))
  if (broken !== undefined) throw new ValueError(`${operation}: the index ${broken} is not an integer; round it first`)
  return tensor(given, { dtype: 'int32' })
}
