import { type DType, normalizeAxis, ShapeError, shapeText, type Tensor, ValueError } from '@cotangent/core'
import { checkNumbers } from './elementwise.ts'
import { viewOf } from './view.ts'

/** One entry an axis, from the first on; axes left out, and entries that are `null`, are taken whole. */
export interface SliceOptions {
  /** First index; negative counts from the end. Default: the start (the end, for a negative step). */
  readonly begin?: readonly (number | null)[]
  /** First index left out; negative counts from the end. Default: all the rest. */
  readonly end?: readonly (number | null)[]
  /** Distance between taken indices; negative walks backwards. Default 1. */
  readonly step?: readonly (number | null)[]
}

/**
 * A part of the tensor, axis by axis, as Python slices it: bounds beyond the ends are cut off there.
 *
 * @throws ValueError for a step of 0 or bounds that are no integers; ShapeError for more entries than axes.
 * @example
 * slice(tensor([[1, 2, 3], [4, 5, 6]]), { begin: [0, 1], end: [1, 3] }) // [[2. 3.]]
 * slice(tensor([1, 2, 3]), { step: [-1] }) // [3. 2. 1.]
 */
export function slice<D extends DType>(x: Tensor<D>, options: SliceOptions): Tensor<D> {
  const entries = Math.max(options.begin?.length ?? 0, options.end?.length ?? 0, options.step?.length ?? 0)
  if (entries > x.rank) {
    throw new ShapeError(
      `slice: ${entries} entries for the ${x.rank} axes of shape ${shapeText(x.shape)}; give at most one an axis`,
    )
  }
  const ranges = x.shape.map((length, axis) =>
    rangeOf(length, options.begin?.[axis], options.end?.[axis], options.step?.[axis]),
  )
  return viewOf(x, {
    source: x.shape,
    shape: ranges.map(({ count }) => count),
    axes: ranges.map(({ step }, source) => ({ source, step })),
    start: ranges.map(({ begin }) => begin),
    fill: 0,
  })
}

/** Python's `slice.indices`: bounds made positive and cut off at the ends. */
function rangeOf(length: number, begin?: number | null, end?: number | null, given?: number | null) {
  const step = given ?? 1
  for (const value of [begin, end, step]) {
    if (value !== null && value !== undefined && !Number.isInteger(value)) {
      throw new ValueError(`slice: the bound ${value} is not an integer; round it first`)
    }
  }
  if (step === 0) throw new ValueError('slice: a step of 0 does not move; give a positive or negative one')
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1]
  const bounded = (value: number) => Math.min(high, Math.max(low, value < 0 ? value + length : value))
  const first = begin === null || begin === undefined ? (step > 0 ? low : high) : bounded(begin)
  const last = end === null || end === undefined ? (step > 0 ? high : low) : bounded(end)
  const count = Math.max(0, Math.ceil((last - first) / step))
  return { begin: count === 0 ? 0 : first, step, count }
}

/**
 * The tensor cut along `axis` into `parts` equal pieces, or pieces of the given `sizes`.
 *
 * @throws ShapeError when the axis cannot be cut so.
 * @example
 * split(arange(6), { parts: 3 }) // [[0 1], [2 3], [4 5]]
 * split(arange(6), { sizes: [1, 5] }) // [[0], [1 2 3 4 5]]
 */
export function split<D extends DType>(
  x: Tensor<D>,
  {
    axis = 0,
    ...cut
  }: { readonly axis?: number } & ({ readonly parts: number } | { readonly sizes: readonly number[] }),
): Tensor<D>[] {
  const at = normalizeAxis('split', axis, x.rank)
  const length = x.shape[at]!
  const sizes = 'sizes' in cut ? cut.sizes : Array.from({ length: cut.parts }, () => length / cut.parts)
  const whole = sizes.every((size) => Number.isInteger(size) && size >= 0)
  if (!whole || sizes.length === 0 || sizes.reduce((a, b) => a + b, 0) !== length) {
    const wanted = 'sizes' in cut ? `pieces of ${shapeText(cut.sizes)}` : `${cut.parts} equal pieces`
    throw new ShapeError(
      `split: axis ${at} of shape ${shapeText(x.shape)} cannot be cut into ${wanted}; the pieces must add up to ${length}`,
    )
  }
  let begin = 0
  return sizes.map((size) => {
    const from = begin
    begin += size
    const bounds = (value: number) => x.shape.map((_, one) => (one === at ? value : null))
    return slice(x, { begin: bounds(from), end: bounds(from + size) })
  })
}

/**
 * The tensor with `value` before and after it: one pair an axis.
 *
 * @throws ShapeError unless there is one pair of non-negative integers for each axis.
 * @example
 * pad(tensor([1, 2]), [[1, 2]]) // [0. 1. 2. 0. 0.]
 */
export function pad<D extends DType>(
  x: Tensor<D>,
  widths: readonly (readonly [before: number, after: number])[],
  { value = 0 }: { readonly value?: number } = {},
): Tensor<D> {
  const fits = widths.length === x.rank && widths.flat().every((width) => Number.isInteger(width) && width >= 0)
  if (!fits) {
    throw new ShapeError(
      `pad: the widths ${JSON.stringify(widths)} do not fit shape ${shapeText(x.shape)}; give a pair of non-negative integers for each axis`,
    )
  }
  checkNumbers('pad', x, value)
  if (widths.every(([before, after]) => before + after === 0)) return x
  return viewOf(x, {
    source: x.shape,
    shape: x.shape.map((length, axis) => length + widths[axis]![0] + widths[axis]![1]),
    axes: x.shape.map((_, source) => ({ source, step: 1 })),
    start: widths.map(([before]) => -before),
    fill: value,
  })
}
