import { type Shape, stridesOf } from '../shape.ts'

/** How one axis of a view walks over the source: `step` elements along the source axis `source`; none (−1) repeats. */
export interface ViewAxis {
  readonly source: number
  readonly step: number
}

/**
 * A way to look at a tensor without copying it: each axis of the view walks along one axis of the source. Two view axes may
 * walk along the same source axis, which is a sliding window. Coordinates outside the source read as `fill`, which is padding.
 */
export interface View {
  /** The shape of the tensor looked at. */
  readonly source: Shape
  /** The shape seen. */
  readonly shape: Shape
  /** One entry an axis of `shape`. */
  readonly axes: readonly ViewAxis[]
  /** The source coordinate seen at index 0, one an axis of `source`; negative within padding. */
  readonly start: readonly number[]
  /** What is read outside the source. */
  readonly fill: number
}

/** The view of everything as it is. */
export const wholeView = (shape: Shape): View => ({
  source: shape,
  shape,
  axes: shape.map((_, axis) => ({ source: axis, step: 1 })),
  start: shape.map(() => 0),
  fill: 0,
})

/** The view that repeats a tensor of shape `source` until it has `shape`, to which it broadcasts. */
export function broadcastView(source: Shape, shape: Shape): View {
  const lead = shape.length - source.length
  return {
    source,
    shape,
    axes: shape.map((length, axis) =>
      axis < lead || source[axis - lead] !== length ? { source: -1, step: 0 } : { source: axis - lead, step: 1 },
    ),
    start: source.map(() => 0),
    fill: 0,
  }
}

/** A view in terms of the flat row-major source: where it starts and how far one step of each axis goes. */
export interface StridedView {
  readonly offset: number
  readonly strides: readonly number[]
}

/** `view` over the flat array of its source; only meaningful for elements inside the source. */
export function stridedView(view: View): StridedView {
  const strides = stridesOf(view.source)
  return {
    offset: view.start.reduce((sum, start, axis) => sum + start * strides[axis]!, 0),
    strides: view.axes.map(({ source, step }) => (source < 0 ? 0 : step * strides[source]!)),
  }
}

/** Whether some index of the view lies outside the source along source axis `axis`. */
export function leavesAxis(view: View, axis: number): boolean {
  let low = view.start[axis]!
  let high = low
  view.axes.forEach(({ source, step }, at) => {
    if (source !== axis) return
    const reach = step * (view.shape[at]! - 1)
    if (reach < 0) low += reach
    else high += reach
  })
  return low < 0 || high >= view.source[axis]!
}
