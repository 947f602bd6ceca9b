import { sizeOf, stridesOf, type View } from '@cotangent/core'
import { counter, located, throughView } from '../affine.ts'
import type { GraphNode } from '../graph.ts'
import { orderOf } from '../layout.ts'
import type { Placement } from '../placement.ts'
import type { LoopTask, Task } from '../tasks.ts'
import { onlyUnits, ValueBuilder } from '../value.ts'
import type { Lowering } from './lowering.ts'

/** A node computed element by element. */
export function loop({ graph, placement }: Lowering, node: GraphNode, place: number): LoopTask {
  const { lengths, coordinates, index } = nestOf(node, place, placement)
  const value = new ValueBuilder(graph, placement, lengths).computed(place, coordinates)
  return {
    kind: 'loop',
    store: { buffer: place, dtype: node.dtype, index },
    lengths,
    rank: lengths.length,
    value,
  }
}

/** Loops over a node's elements in the order in which they lie in memory. */
function nestOf({ shape }: GraphNode, place: number, placement: Placement) {
  const order = orderOf(shape.length, placement.innermostOf(place))
  const coordinates = shape.map((_, axis) => counter(order.indexOf(axis), shape.length))
  const strides = placement.stridesOf(place)
  return {
    lengths: order.map((axis) => shape[axis]!),
    coordinates,
    index: located(strides, coordinates, shape.length),
  }
}

/** A reshape whose elements lie in another order than before, on one side or the other not in rows. */
export function reordering(lowering: Lowering, node: GraphNode, place: number, input: number): LoopTask {
  const { graph, placement } = lowering
  const source = graph.nodes[input]!
  const buffer = placement.bufferOf(input)
  if (buffer === undefined || onlyUnits(source.shape, node.shape)) return loop(lowering, node, place)
  // One side at least is in rows, and has the other's axes; loops go through what is written.
  const rows = placement.innermostOf(place) === undefined ? input : place
  const walked = graph.nodes[rows]!
  const order = orderOf(walked.shape.length, rows === place ? placement.innermostOf(place) : undefined)
  const coordinates = walked.shape.map((_, axis) => counter(order.indexOf(axis), order.length))
  const along = (strides: readonly number[]) => located(strides, coordinates, order.length)
  const [laid, flat] = [along(placement.stridesOf(rows)), along(stridesOf(walked.shape))]
  const [from, to] = rows === input ? [laid, flat] : [flat, laid]
  return {
    kind: 'loop',
    store: { buffer: place, dtype: node.dtype, index: to },
    lengths: order.map((axis) => walked.shape[axis]!),
    rank: order.length,
    value: { op: 'load', dtype: node.dtype, buffer, index: from },
  }
}

/** Tiles side by side, put together: the scattered node `made`, finished by the node `place` where this is another one. */
export function tiles(
  { graph, placement }: Lowering,
  place: number,
  made: number,
  view: View,
  input: number,
): LoopTask {
  const rank = view.shape.length
  const order = orderOf(rank, placement.innermostOf(input))
  const lengths = order.map((axis) => view.shape[axis]!)
  const coordinates = view.shape.map((_, axis) => counter(order.indexOf(axis), rank))
  const places = throughView(view, coordinates, rank)
  const index = located(placement.stridesOf(place), places, rank)
  const builder = new ValueBuilder(graph, placement, lengths, { place: made, input, coordinates })
  const value = made === place ? builder.at(input, coordinates) : builder.computed(place, places)
  return { kind: 'loop', store: { buffer: place, dtype: graph.nodes[place]!.dtype, index }, lengths, rank, value }
}

/** Each input copied to where it lies in the whole. */
export function concatenation(
  { graph, placement }: Lowering,
  node: GraphNode,
  place: number,
  axis: number,
  inputs: readonly number[],
): Task[] {
  const strides = stridesOf(node.shape)
  let begin = 0
  return inputs.flatMap((input): Task[] => {
    const { shape } = graph.nodes[input]!
    const offset = begin * strides[axis]!
    begin += shape[axis]!
    if (sizeOf(shape) === 0) return []
    const coordinates = shape.map((_, at) => counter(at, shape.length))
    const index = located(strides, coordinates, shape.length, offset)
    const value = new ValueBuilder(graph, placement, shape).at(input, coordinates)
    return [
      { kind: 'loop', store: { buffer: place, dtype: node.dtype, index }, lengths: shape, rank: shape.length, value },
    ]
  })
}
