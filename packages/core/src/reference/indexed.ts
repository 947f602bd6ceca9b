import { allocate, type TypedArray } from '../dtype.ts'
import { ValueError } from '../errors.ts'
import type { TensorType } from '../kernel/kernel.ts'
import { type Shape, shapeText, sizeOf } from '../shape.ts'
import { blockOf, type Operand } from './operand.ts'

/** Where the slices are that indices choose: along `axis`, by the indices of the same `batch`. */
interface Indexing {
  readonly axis: number
  readonly batch: number
}

/** Slices of `x` along `axis`, one for each index. */
export function evaluateGather(
  operation: string,
  indexing: Indexing,
  x: Operand,
  indices: Operand,
  output: TensorType,
): TypedArray {
  const array = allocate(x.dtype, sizeOf(output.shape))
  walkSlices(operation, indexing, x, indices, (at, place, block) => {
    array.set(x.array.subarray(place, place + block), at)
  })
  return array
}

/** `x` with each slice of `updates` added at its index along `axis`; equal indices add up. */
export function evaluateScatterAdd(
  operation: string,
  indexing: Indexing,
  x: Operand,
  indices: Operand,
  updates: Operand,
): TypedArray {
  const total = x.dtype === 'float32' ? Float64Array.from(x.array) : x.array.slice()
  walkSlices(operation, indexing, x, indices, (at, place, block) => {
    for (let j = 0; j < block; j++) total[place + j]! += updates.array[at + j]!
  })
  return x.dtype === 'float32' ? Float32Array.from(total) : total
}

/** Visits each chosen slice: its place in the result of a gather, its place in `x`, and its size. */
function walkSlices(
  operation: string,
  { axis, batch }: Indexing,
  x: Operand,
  indices: Operand,
  visit: (at: number, place: number, block: number) => void,
): void {
  const { outer, length, block } = slicing(x, axis)
  const batches = sizeOf(x.shape.slice(0, batch))
  const chosen = indices.array.length / batches
  checkIndices(operation, indices, length, x.shape)
  let at = 0
  for (let o = 0; o < outer; o++) {
    const first = Math.floor((o * batches) / outer) * chosen
    for (let i = 0; i < chosen; i++, at += block) visit(at, (o * length + indices.array[first + i]!) * block, block)
  }
}

/** The inputs one after the other along `axis`. */
export function evaluateConcat(axis: number, inputs: readonly Operand[], output: TensorType): TypedArray {
  const array = allocate(output.dtype, sizeOf(output.shape))
  const outer = sizeOf(output.shape.slice(0, axis))
  let at = 0
  for (let o = 0; o < outer; o++) {
    for (const input of inputs) {
      const block = blockOf(input, axis)
      array.set(input.array.subarray(o * block, (o + 1) * block), at)
      at += block
    }
  }
  return array
}

/** Running sums along `axis`; `exclusive` leaves the element itself out, `reverse` starts at the end. */
export function evaluateScan(
  scan: { readonly axis: number; readonly reverse: boolean; readonly exclusive: boolean },
  x: Operand,
): TypedArray {
  const { outer, length, block } = slicing(x, scan.axis)
  const array = allocate(x.dtype, sizeOf(x.shape))
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < block; j++) {
      let sum = 0
      for (let i = 0; i < length; i++) {
        const at = (o * length + (scan.reverse ? length - 1 - i : i)) * block + j
        if (scan.exclusive) array[at] = sum
        sum += x.array[at]!
        if (!scan.exclusive) array[at] = sum
      }
    }
  }
  return array
}

const slicing = (x: TensorType, axis: number) => ({
  outer: sizeOf(x.shape.slice(0, axis)),
  length: x.shape[axis]!,
  block: blockOf(x, axis + 1),
})

function checkIndices(operation: string, indices: Operand, length: number, shape: Shape): void {
  const wrong = indices.array.findIndex((index) => index < 0 || index >= length)
  if (wrong < 0) return
  throw new ValueError(
    `${operation}: index ${indices.array[wrong]} (element ${wrong} of the indices) is outside the axis of length ${length} of a tensor of shape ${shapeText(shape)}; indices run from 0 to ${length - 1}`,
  )
}
