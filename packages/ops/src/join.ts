import {
  type AnyTensor,
  type DType,
  definePrimitive,
  normalizeAxis,
  type Operation,
  promoteOperands,
  type Shape,
  ShapeError,
  shapeText,
  type Tensor,
  type TensorType,
} from '@cotangent/core'
import { expandDims } from './movement.ts'
import { slice } from './slice.ts'

/**
 * The tensors one after the other along an axis that they have.
 *
 * @throws ShapeError when another axis differs, or the list is empty.
 * @example
 * concat([tensor([1, 2]), tensor([3])], { axis: 0 }) // [1. 2. 3.]
 */
export function concat<D extends DType>(
  xs: readonly Tensor<D>[],
  { axis = 0 }: { readonly axis?: number } = {},
): Tensor<D> {
  const [first] = xs
  if (first === undefined) throw new ShapeError('concat: the list is empty; give at least one tensor')
  const at = normalizeAxis('concat', axis, first.rank)
  const alike: readonly AnyTensor[] = xs.every((x) => x.dtype === 'key') ? xs : promoteOperands('concat', 'same', xs)
  return join(...alike, { axis: at }) as unknown as Tensor<D>
}

/**
 * Tensors of one shape side by side along a new axis.
 *
 * @throws ShapeError when the shapes differ, or the list is empty.
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])]).shape // [2, 2]
 */
export function stack<D extends DType>(
  xs: readonly Tensor<D>[],
  { axis = 0 }: { readonly axis?: number } = {},
): Tensor<D> {
  const [first] = xs
  if (first === undefined) throw new ShapeError('stack: the list is empty; give at least one tensor')
  const other = xs.find((x) => shapeText(x.shape) !== shapeText(first.shape))
  if (other) {
    throw new ShapeError(
      `stack: shapes ${shapeText(first.shape)} and ${shapeText(other.shape)} differ; all tensors need one shape`,
    )
  }
  const at = normalizeAxis('stack', axis, first.rank + 1)
  return concat(
    xs.map((x) => expandDims(x, { axis: at })),
    { axis: at },
  )
}

interface JoinOptions {
  readonly axis: number
}

const join: Operation<JoinOptions> = definePrimitive<JoinOptions>({
  name: 'concat',
  shape: joinedShape,
  kernel: (_, { axis }) => ({ family: 'concat', axis }),
  vjp:
    (index) =>
    (g, inputs, _, { axis }) => {
      const begin = inputs.slice(0, index).reduce((sum, input) => sum + input.shape[axis]!, 0)
      const bounds = (value: number) => g.shape.map((_, one) => (one === axis ? value : null))
      return slice(g, { begin: bounds(begin), end: bounds(begin + inputs[index]!.shape[axis]!) })
    },
})

function joinedShape(inputs: readonly TensorType[], { axis }: JoinOptions): Shape {
  const first = inputs[0]!.shape
  const other = inputs.find(
    ({ shape }) => shape.length !== first.length || shape.some((length, one) => one !== axis && length !== first[one]),
  )
  if (other) {
    throw new ShapeError(
      `concat: shapes ${shapeText(first)} and ${shapeText(other.shape)} differ outside axis ${axis}; all other axes must agree`,
    )
  }
  return first.map((length, one) => (one === axis ? inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0) : length))
}
