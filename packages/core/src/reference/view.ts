import { allocate, type TypedArray, wordsOf } from '../dtype.ts'
import { leavesAxis, stridedView, type View } from '../kernel/view.ts'
import { sizeOf } from '../shape.ts'
import type { Operand } from './operand.ts'

/** Elements side by side from which on they are copied together. */
const LONG_ROW = 64

/** What `view` shows of `x`, copied. */
export function evaluateView(view: View, x: Operand): TypedArray {
  const seen = withWords(view, x)
  const array = allocate(x.dtype, sizeOf(view.shape))
  const from = x.array
  const begin = stretchOf(seen)
  if (begin !== undefined) {
    array.set(from.subarray(begin, begin + array.length))
    return array
  }
  if (seen.fill !== 0) array.fill(seen.fill)
  walkRows(seen, (at, offset, stride, begin, end) => {
    if (stride === 1 && end - begin >= LONG_ROW) array.set(from.subarray(offset + begin, offset + end), at + begin)
    else for (let i = begin; i < end; i++) array[at + i] = from[offset + i * stride]!
  })
  return array
}

/** Where the elements of a view begin in its source, if they lie there as they do in the view, without a gap. */
function stretchOf(view: View): number | undefined {
  if (view.source.some((_, axis) => leavesAxis(view, axis))) return undefined
  const { offset, strides } = stridedView(view)
  let apart = 1
  for (let axis = view.shape.length - 1; axis >= 0; axis--) {
    const length = view.shape[axis]!
    if (length !== 1 && strides[axis] !== apart) return undefined
    apart *= length
  }
  return offset
}

/** The transpose of a view: every element of `x` added to where the view saw it in a source of zeros. */
export function evaluateScatterView(view: View, x: Operand): TypedArray {
  // Float32 sums of overlapping windows are carried in float64, as all sums of this backend are.
  const total = x.dtype === 'float32' ? new Float64Array(sizeOf(view.source)) : allocate(x.dtype, sizeOf(view.source))
  const from = x.array
  walkRows(view, (at, offset, stride, begin, end) => {
    for (let i = begin; i < end; i++) total[offset + i * stride]! += from[at + i]!
  })
  return x.dtype === 'float32' ? Float32Array.from(total) : total
}

/**
 * Calls `visit` for each row along the last axis: where it starts in the view's elements, its offset and stride in the source's,
 * and the range of indices that lie inside the source.
 */
export function walkRows(
  view: View,
  visit: (at: number, offset: number, stride: number, begin: number, end: number) => void,
): void {
  const { shape, axes } = view
  const size = sizeOf(shape)
  if (size === 0) return
  const { offset: origin, strides } = stridedView(view)
  const last = shape.length - 1
  const length = last < 0 ? 1 : shape[last]!
  const inner = last < 0 ? undefined : axes[last]
  const stride = last < 0 ? 0 : strides[last]!
  const limited = view.source.flatMap((_, axis) => (leavesAxis(view, axis) ? [axis] : []))
  const index = new Array<number>(Math.max(last, 0)).fill(0)
  const coordinates = [...view.start]
  let offset = origin
  for (let at = 0; at < size; at += length) {
    let begin = 0
    let end = length
    for (const axis of limited) {
      const here = coordinates[axis]!
      const bound = view.source[axis]!
      if (inner?.source === axis) {
        const [low, high] = insideRange(here, inner.step, bound)
        begin = Math.max(begin, low)
        end = Math.min(end, high)
      } else if (here < 0 || here >= bound) {
        end = 0
      }
    }
    if (begin < end) visit(at, offset, stride, begin, end)
    for (let axis = last - 1; axis >= 0; axis--) {
      const { source, step } = axes[axis]!
      index[axis]!++
      offset += strides[axis]!
      if (source >= 0) coordinates[source]! += step
      if (index[axis]! < shape[axis]!) break
      offset -= strides[axis]! * shape[axis]!
      if (source >= 0) coordinates[source]! -= step * shape[axis]!
      index[axis] = 0
    }
  }
}

/** The indices i for which 0 ≤ start + i·step < bound, as [begin, end). */
function insideRange(start: number, step: number, bound: number): [number, number] {
  if (step > 0) return [Math.ceil(-start / step), Math.floor((bound - 1 - start) / step) + 1]
  return [Math.ceil((start - bound + 1) / -step), Math.floor(start / -step) + 1]
}

/** The view over array elements: the words of a key become a last axis. */
function withWords(view: View, x: Operand): View {
  const words = wordsOf(x.dtype)
  if (words === 1) return view
  return {
    source: [...view.source, words],
    shape: [...view.shape, words],
    axes: [...view.axes, { source: view.source.length, step: 1 }],
    start: [...view.start, 0],
    fill: 0,
  }
}
