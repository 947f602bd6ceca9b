import { ShapeError } from './errors.ts'

/** The sizes of a tensor's axes, outermost first. */
export type Shape = readonly number[]

export const sizeOf = (shape: Shape): number => {
  let size = 1
  for (const length of shape) size *= length
  return size
}

export const shapeText = (shape: Shape): string => `[${shape.join(', ')}]`

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((length, axis) => length === b[axis])

/** Elements between neighbours on each axis, in row-major order. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]!
  }
  return strides
}

/** Throws unless every length is a non-negative integer that together stay addressable. */
export function checkShape(operation: string, shape: Shape): void {
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0)
      throw new ShapeError(
        `${operation}: shape ${shapeText(shape)} has the length ${length}; lengths are integers from 0 up`,
      )
  }
  if (sizeOf(shape) > 2 ** 32)
    throw new ShapeError(
      `${operation}: shape ${shapeText(shape)} has ${sizeOf(shape)} elements; at most 2^32 can be held`,
    )
}

/**
 * The shape that two or more shapes broadcast to, by NumPy's rule: aligned at the last axis, lengths agree or one is 1.
 *
 * @throws ShapeError naming both shapes when they do not.
 */
export function broadcastShapes(operation: string, ...shapes: readonly Shape[]): Shape {
  let result = shapes[0] ?? []
  for (const shape of shapes.slice(1)) {
    if (sameShape(result, shape)) continue
    const rank = Math.max(result.length, shape.length)
    const merged = new Array<number>(rank)
    for (let back = 1; back <= rank; back++) {
      const a = result[result.length - back] ?? 1
      const b = shape[shape.length - back] ?? 1
      if (a !== b && a !== 1 && b !== 1) {
        throw new ShapeError(
          `${operation}: shapes do not broadcast, ${shapes.map(shapeText).join(' and ')} differ at axis −${back} (${a} and ${b}); lengths must agree or be 1, so reshape or transpose one of them`,
        )
      }
      merged[rank - back] = a === 1 ? b : a
    }
    result = merged
  }
  return result
}

/** `axis` counted from the front: −1 is the last axis. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || counted < 0 || counted >= rank) {
    const range = rank === 0 ? 'a scalar has no axes' : `axes run from ${-rank} to ${rank - 1}`
    throw new ShapeError(`${operation}: axis ${axis} is not an axis of a tensor of rank ${rank}; ${range}`)
  }
  return counted
}

/** An axis option (a number, a list, or absent for all) as ascending axes counted from the front. */
export function normalizeAxes(operation: string, axis: number | readonly number[] | undefined, rank: number): number[] {
  if (axis === undefined) return Array.from({ length: rank }, (_, index) => index)
  const axes = (typeof axis === 'number' ? [axis] : axis)
    .map((one) => normalizeAxis(operation, one, rank))
    .sort((a, b) => a - b)
  const twice = axes.find((one, index) => one === axes[index - 1])
  if (twice !== undefined)
    throw new ShapeError(`${operation}: axis ${twice} is named twice in ${shapeText(axes)}; name each axis once`)
  return axes
}
