import {
  type DType,
  definePrimitive,
  normalizeAxes,
  normalizeAxis,
  type Operation,
  reshape,
  type Shape,
  ShapeError,
  shapeText,
  type Tensor,
  wholeView,
} from '@cotangent/core'

/**
 * All elements in one axis, in row-major order; with `start`, the axes before it are kept.
 *
 * @throws ShapeError for a start that is not an axis.
 * @example
 * flatten(zeros([2, 3, 4]), { start: 1 }).shape // [2, 12]
 */
export function flatten<D extends DType>(x: Tensor<D>, { start = 0 }: { readonly start?: number } = {}): Tensor<D> {
  const first = start === x.rank ? start : normalizeAxis('flatten', start, Math.max(x.rank, 1))
  const kept = x.shape.slice(0, first)
  return reshape(x, [...kept, x.shape.slice(first).reduce((product, length) => product * length, 1)])
}

/**
 * The axes in another order: axis i of the result is axis `permutation[i]` of `x`. Without one, the order is reversed.
 *
 * @throws ShapeError for a list that is not a permutation of the axes.
 * @example
 * transpose(zeros([2, 3])).shape // [3, 2]
 * transpose(zeros([2, 3, 4]), [1, 0, 2]).shape // [3, 2, 4]
 */
export function transpose<D extends DType>(x: Tensor<D>, permutation?: readonly number[]): Tensor<D> {
  const axes = permutation?.map((axis) => normalizeAxis('transpose', axis, x.rank)) ?? [...x.shape.keys()].reverse()
  if (axes.length !== x.rank || new Set(axes).size !== axes.length) {
    throw new ShapeError(
      `transpose: ${shapeText(axes)} is not a permutation of the ${x.rank} axes of shape ${shapeText(x.shape)}; name each axis once`,
    )
  }
  if (axes.every((axis, at) => axis === at)) return x
  return permute(x, { permutation: axes }) as unknown as Tensor<D>
}

const permute: Operation<{ permutation: readonly number[] }> = definePrimitive<{ permutation: readonly number[] }>({
  name: 'transpose',
  shape: ([x], { permutation }) => permutation.map((axis) => x.shape[axis]!),
  kernel: ([x], { permutation }) => ({
    family: 'view',
    view: {
      ...wholeView(x.shape),
      shape: permutation.map((axis) => x.shape[axis]!),
      axes: permutation.map((source) => ({ source, step: 1 })),
    },
  }),
  vjp: [
    (g, _, __, { permutation }) => permute(g, { permutation: permutation.map((_, axis) => permutation.indexOf(axis)) }),
  ],
})

/**
 * A new axis of length 1 at each place of `axis`, counted in the result.
 *
 * @throws ShapeError for a place outside the result.
 * @example
 * expandDims(zeros([3]), { axis: 0 }).shape // [1, 3]
 */
export function expandDims<D extends DType>(
  x: Tensor<D>,
  { axis }: { readonly axis: number | readonly number[] },
): Tensor<D> {
  const added = typeof axis === 'number' ? 1 : axis.length
  const places = normalizeAxes('expandDims', axis, x.rank + added)
  const shape: number[] = [...x.shape]
  for (const place of places) shape.splice(place, 0, 1)
  return reshape(x, shape)
}

/**
 * Without the axes of length 1: those in `axis`, or all of them.
 *
 * @throws ShapeError for a named axis that has another length.
 * @example
 * squeeze(zeros([1, 3, 1])).shape // [3]
 */
export function squeeze<D extends DType>(
  x: Tensor<D>,
  { axis }: { readonly axis?: number | readonly number[] } = {},
): Tensor<D> {
  const axes =
    axis === undefined
      ? [...x.shape.keys()].filter((one) => x.shape[one] === 1)
      : normalizeAxes('squeeze', axis, x.rank)
  const long = axes.find((one) => x.shape[one] !== 1)
  if (long !== undefined) {
    throw new ShapeError(
      `squeeze: axis ${long} of shape ${shapeText(x.shape)} has length ${x.shape[long]}; only axes of length 1 can go`,
    )
  }
  const shape: Shape = x.shape.filter((_, one) => !axes.includes(one))
  return reshape(x, shape)
}
