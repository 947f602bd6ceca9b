import {
  type DType,
  reshape,
  type Shape,
  ShapeError,
  shapeText,
  type Tensor,
  type View,
  type ViewAxis,
} from '@cotangent/core'
import { scatterViewOf, viewOf } from './view.ts'

/** One number for both axes, or one for the height and one for the width. */
export type Pair = number | readonly [height: number, width: number]

export interface WindowOptions {
  /** Distance between windows. Default 1. */
  readonly stride?: Pair
  /** Rows and columns of padding on each side. Default 0. */
  readonly pad?: Pair
  /** Distance between the elements of a window. Default 1. */
  readonly dilation?: Pair
}

/** A window sliding over the last two axes, with everything worked out. */
export interface Windows {
  readonly kernel: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly pad: readonly [number, number]
  readonly dilation: readonly [number, number]
  /** How many windows fit, by height and width. */
  readonly count: readonly [number, number]
}

/**
 * The windows of images as the rows of a matrix: [N, C, H, W] to [N·OH·OW, C·KH·KW], one row a window, as the im2col of "Deep
 * Learning from Scratch" (chapter 7.4) makes it.
 *
 * @throws ShapeError for a tensor that is not [N, C, H, W], or a kernel larger than the padded input.
 * @example
 * im2col(zeros([1, 3, 7, 7]), { kernel: 5 }).shape // [9, 75]
 */
export function im2col<D extends DType>(
  x: Tensor<D>,
  { kernel, ...options }: { readonly kernel: Pair } & WindowOptions,
): Tensor<D> {
  const windows = windowsOf('im2col', x.shape, kernel, options)
  return reshape(viewOf(x, rowView(x.shape, windows)), rowShape(x.shape, windows))
}

/**
 * The transpose of {@link im2col}: the rows added up into images of `shape` [N, C, H, W], at the places they were taken from.
 *
 * @throws ShapeError for rows that are not those of `im2col` for this shape.
 * @example
 * col2im(ones([9, 75]), { shape: [1, 3, 7, 7], kernel: 5 }).shape // [1, 3, 7, 7]
 */
export function col2im<D extends DType>(
  columns: Tensor<D>,
  { shape, kernel, ...options }: { readonly shape: Shape; readonly kernel: Pair } & WindowOptions,
): Tensor<D> {
  const windows = windowsOf('col2im', shape, kernel, options)
  const expected = rowShape(shape, windows)
  if (shapeText(columns.shape) !== shapeText(expected)) {
    throw new ShapeError(
      `col2im: the rows have shape ${shapeText(columns.shape)}, images of shape ${shapeText(shape)} need ${shapeText(expected)}`,
    )
  }
  const view = rowView(shape, windows)
  return scatterViewOf(reshape(columns, view.shape), view)
}

/** The view that shows, for each place of the window, the elements under it: axes in the order `lead`, counts, kernel. */
export function windowView(
  source: Shape,
  windows: Windows,
  channels: readonly ViewAxis[],
  lengths: Shape,
  fill: number,
): View {
  const { kernel, stride, pad, dilation, count } = windows
  return {
    source,
    shape: [source[0]!, ...lengths, ...count, ...kernel],
    axes: [
      { source: 0, step: 1 },
      ...channels,
      { source: 2, step: stride[0] },
      { source: 3, step: stride[1] },
      { source: 2, step: dilation[0] },
      { source: 3, step: dilation[1] },
    ],
    start: [0, 0, -pad[0], -pad[1]],
    fill,
  }
}

/** {@link windowView} with all channels in one axis: [N, C, OH, OW, KH, KW]. */
export const channelWindows = (source: Shape, windows: Windows, fill: number): View =>
  windowView(source, windows, [{ source: 1, step: 1 }], [source[1]!], fill)

/**
 * The windows of a kernel over images of `shape`, once everything fits.
 *
 * @throws ShapeError naming the operation and what does not fit.
 */
export function windowsOf(operation: string, shape: Shape, kernel: Pair, options: WindowOptions): Windows {
  if (shape.length !== 4) {
    throw new ShapeError(`${operation}: the input has shape ${shapeText(shape)}; it needs four axes, [N, C, H, W]`)
  }
  const size = pairOf(operation, 'kernel', kernel, 1)
  const stride = pairOf(operation, 'stride', options.stride ?? 1, 1)
  const pad = pairOf(operation, 'pad', options.pad ?? 0, 0)
  const dilation = pairOf(operation, 'dilation', options.dilation ?? 1, 1)
  const fit = (axis: 0 | 1): number => {
    const reach = dilation[axis] * (size[axis] - 1) + 1
    const length = shape[axis + 2]! + 2 * pad[axis]
    if (reach > length) {
      const padded = pad[axis] > 0 ? `, ${length} with padding` : ''
      throw new ShapeError(
        `${operation}: the kernel reaches over ${reach} ${axis === 0 ? 'rows' : 'columns'}, input ${shapeText(shape)} has ${shape[axis + 2]}${padded}; use a smaller kernel or more padding`,
      )
    }
    return Math.floor((length - reach) / stride[axis]) + 1
  }
  return { kernel: size, stride, pad, dilation, count: [fit(0), fit(1)] }
}

function pairOf(operation: string, name: string, value: Pair, least: number): readonly [number, number] {
  const pair = typeof value === 'number' ? ([value, value] as const) : value
  if (pair.length !== 2 || !pair.every((one) => Number.isInteger(one) && one >= least)) {
    throw new ShapeError(
      `${operation}: ${name} ${JSON.stringify(value)} is not an integer from ${least} up, or a pair of them`,
    )
  }
  return pair
}

const rowShape = (shape: Shape, { count, kernel }: Windows): Shape => [
  shape[0]! * count[0] * count[1],
  shape[1]! * kernel[0] * kernel[1],
]

/** The windows with the axes in im2col's order: N, OH, OW, then C, KH, KW. */
function rowView(source: Shape, windows: Windows): View {
  const view = channelWindows(source, windows, 0)
  const order = [0, 2, 3, 1, 4, 5]
  return { ...view, shape: order.map((axis) => view.shape[axis]!), axes: order.map((axis) => view.axes[axis]!) }
}
