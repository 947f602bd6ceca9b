import {
  type Shape,
  ShapeError,
  shapeText,
  type Tensor,
  type Tree,
  treeLeaves,
  treeMap,
  ValueError,
} from '@cotangent/core'
import { take } from '@cotangent/ops'

/**
 * How many samples `data` holds: the length of the first axis that all its tensors share.
 *
 * @throws ValueError for data without tensors or samples; ShapeError where the first axes differ, or there are none.
 */
export function sampleCount(operation: string, what: string, data: Tree): number {
  const shapes: Shape[] = treeLeaves(data).map((leaf) => leaf.shape)
  const first = shapes[0]
  if (first === undefined) throw new ValueError(`${operation}: ${what} holds no tensors; pass images and labels`)
  const [count] = first
  const other = shapes.find((shape) => shape[0] !== count)
  if (other !== undefined) {
    throw new ShapeError(
      `${operation}: ${what} holds tensors of shapes ${shapeText(first)} and ${shapeText(other)}; all need one sample for each place of their first axis`,
    )
  }
  if (count === undefined)
    throw new ShapeError(`${operation}: ${what} holds a scalar; its tensors need a first axis that counts the samples`)
  if (count === 0) throw new ValueError(`${operation}: ${what} holds no samples, shape ${shapeText(first)}`)
  return count
}

/** The samples of `data` at `indices`. */
export const batchOf = <D>(data: D, indices: Tensor<'int32'>): D => treeMap((leaf) => take(leaf, indices), data)
