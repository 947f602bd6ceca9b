import { InternalError, type Kernel, sizeOf, stridesOf } from '@cotangent/core'
import { counter, fixed, located, throughView } from '../affine.ts'
import type { GraphNode } from '../graph.ts'
import type { ScatterTask } from '../tasks.ts'
import { ValueBuilder } from '../value.ts'
import type { Lowering } from './lowering.ts'

/** Elements added to where a view takes them from. */
export function scatterView(
  { graph, placement }: Lowering,
  node: GraphNode,
  place: number,
  { view }: Extract<Kernel, { family: 'scatterView' }>,
  input: number,
): ScatterTask {
  const rank = view.shape.length
  const coordinates = view.shape.map((_, axis) => counter(axis, rank))
  const places = throughView(view, coordinates, rank)
  return {
    kind: 'scatter',
    store: {
      buffer: place,
      dtype: node.dtype,
      index: located(placement.stridesOf(place), places, rank),
    },
    size: sizeOf(view.source),
    lengths: view.shape,
    guards: places.map((at, axis) => ({ place: at, below: view.source[axis]! })),
    value: new ValueBuilder(graph, placement, view.shape).at(input, coordinates),
  }
}

/** Updates added to where indices say. */
export function scatterAdd(
  { graph, placement }: Lowering,
  node: GraphNode,
  place: number,
  { axis, batch }: Extract<Kernel, { family: 'scatterAdd' }>,
  inputs: readonly number[],
): ScatterTask {
  const [x, indices, updates] = inputs.map((input) => graph.nodes[input]!)
  const lengths = updates!.shape
  const rank = lengths.length
  const indexRank = indices!.shape.length - batch
  const coordinates = lengths.map((_, at) => counter(at, rank))
  const builder = new ValueBuilder(graph, placement, lengths)
  const strides = stridesOf(x!.shape)
  const around = [...coordinates.slice(0, axis), fixed(0, rank), ...coordinates.slice(axis + indexRank)]
  const start = placement.bufferOf(inputs[0]!)
  if (start === undefined) throw new InternalError('a scatter onto what is not in memory')
  return {
    kind: 'scatter',
    store: {
      buffer: place,
      dtype: node.dtype,
      index: located(strides, around, rank),
    },
    size: sizeOf(x!.shape),
    start,
    lengths,
    guards: [],
    indirect: {
      value: builder.at(inputs[1]!, [...coordinates.slice(0, batch), ...coordinates.slice(axis, axis + indexRank)]),
      stride: strides[axis]!,
      below: x!.shape[axis]!,
    },
    value: builder.at(inputs[2]!, coordinates),
  }
}
