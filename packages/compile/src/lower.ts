import { InternalError, type Kernel, type Shape, sizeOf, stridesOf } from '@cotangent/core'
import { type Affine, combine, counter, fixed } from './affine.ts'
import type { Graph, GraphNode } from './graph.ts'
import type { Placement } from './placement.ts'
import type { ContractTask, LoopTask, NamedTask, RandomTask, ScanTask, ScatterTask, Task } from './tasks.ts'
import { type Value, ValueBuilder } from './value.ts'

/** What has to run, in order, so that every node with a place in memory has its elements there. */
export function tasksOf(graph: Graph, placement: Placement): NamedTask[] {
  return graph.nodes.flatMap((node, place) => {
    const { origin } = node
    // Nodes that share another's memory, and those computed at their uses, need no task of their own.
    if (origin.from !== 'kernel' || placement.bufferOf(place) !== place || sizeOf(node.shape) === 0) return []
    const { name, scope } = origin
    return lower(graph, placement, node, place, origin).map((task) => ({ task, place, name, scope }))
  })
}

type KernelOrigin = Extract<GraphNode['origin'], { from: 'kernel' }>

function lower(graph: Graph, placement: Placement, node: GraphNode, place: number, origin: KernelOrigin): Task[] {
  const { kernel, inputs } = origin
  switch (kernel.family) {
    case 'map':
    case 'view':
    case 'reshape':
    case 'gather': {
      const coordinates = node.shape.map((_, axis) => counter(axis, node.shape.length))
      const builder = new ValueBuilder(graph, placement, node.shape)
      return [loop(node, place, builder.computed(place, coordinates))]
    }
    case 'reduce':
      return [reduction(graph, placement, node, place, kernel, inputs[0]!)]
    case 'contract':
      return [contraction(graph, placement, node, place, kernel, inputs)]
    case 'concat':
      return concatenation(graph, placement, node, place, kernel.axis, inputs)
    case 'scatterView':
      return [scatterView(graph, placement, node, place, kernel, inputs[0]!)]
    case 'scatterAdd':
      return [scatterAdd(graph, placement, node, place, kernel, inputs)]
    case 'scan':
      return [scan(placement, node, place, kernel, inputs[0]!)]
    case 'random':
      return [random(graph, placement, node, place, kernel.draw, inputs)]
  }
}

const loop = (node: GraphNode, place: number, value: Value): LoopTask => ({
  kind: 'loop',
  store: { buffer: place, dtype: node.dtype, index: rowMajor(node.shape, node.shape.length) },
  lengths: node.shape,
  rank: node.shape.length,
  value,
})

/** The place in a row-major tensor of `shape` whose axes are the first loops of `rank`. */
export function rowMajor(shape: Shape, rank: number): Affine {
  const strides = stridesOf(shape)
  return combine(
    0,
    rank,
    shape.map((_, axis) => [strides[axis]!, counter(axis, rank)]),
  )
}

function reduction(
  graph: Graph,
  placement: Placement,
  node: GraphNode,
  place: number,
  { op, axes }: Extract<Kernel, { family: 'reduce' }>,
  input: number,
): LoopTask {
  const source = graph.nodes[input]!.shape
  const order = [...source.keys()].filter((axis) => !axes.includes(axis)).concat(axes)
  const lengths = order.map((axis) => source[axis]!)
  const coordinates = source.map((_, axis) => counter(order.indexOf(axis), lengths.length))
  const value = new ValueBuilder(graph, placement, lengths).at(input, coordinates)
  const store = { buffer: place, dtype: node.dtype, index: rowMajor(node.shape, lengths.length) }
  return { kind: 'loop', store, lengths, rank: node.shape.length, fold: op, value }
}

function contraction(
  graph: Graph,
  placement: Placement,
  node: GraphNode,
  place: number,
  { a, b, out }: Extract<Kernel, { family: 'contract' }>,
  inputs: readonly number[],
): ContractTask {
  const batch = out.filter((label) => a.includes(label) && b.includes(label))
  const rows = out.filter((label) => a.includes(label) && !b.includes(label))
  const columns = out.filter((label) => !a.includes(label))
  const summed = a.filter((label) => !out.includes(label))
  const order = [...batch, ...rows, ...columns, ...summed]
  const lengthOf = (label: number): number =>
    a.includes(label)
      ? graph.nodes[inputs[0]!]!.shape[a.indexOf(label)]!
      : graph.nodes[inputs[1]!]!.shape[b.indexOf(label)]!
  const lengths = order.map(lengthOf)
  const along = (labels: readonly number[]) => labels.map((label) => counter(order.indexOf(label), order.length))
  const builder = new ValueBuilder(graph, placement, lengths)
  const strides = stridesOf(node.shape)
  const index = combine(
    0,
    order.length,
    along(out).map((axis, at) => [strides[at]!, axis] as const),
  )
  return {
    kind: 'contract',
    store: { buffer: place, dtype: node.dtype, index },
    lengths,
    counts: { batch: batch.length, rows: rows.length, columns: columns.length, summed: summed.length },
    a: builder.at(inputs[0]!, along(a)),
    b: builder.at(inputs[1]!, along(b)),
  }
}

function concatenation(
  graph: Graph,
  placement: Placement,
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
    const index = combine(
      offset,
      shape.length,
      coordinates.map((coordinate, at) => [strides[at]!, coordinate] as const),
    )
    const value = new ValueBuilder(graph, placement, shape).at(input, coordinates)
    return [
      { kind: 'loop', store: { buffer: place, dtype: node.dtype, index }, lengths: shape, rank: shape.length, value },
    ]
  })
}

function scatterView(
  graph: Graph,
  placement: Placement,
  node: GraphNode,
  place: number,
  { view }: Extract<Kernel, { family: 'scatterView' }>,
  input: number,
): ScatterTask {
  const rank = view.shape.length
  const places = view.source.map((_, axis) =>
    combine(
      view.start[axis]!,
      rank,
      view.axes.flatMap(({ source, step }, at) => (source === axis ? [[step, counter(at, rank)] as const] : [])),
    ),
  )
  const strides = stridesOf(view.source)
  return {
    kind: 'scatter',
    store: {
      buffer: place,
      dtype: node.dtype,
      index: combine(
        0,
        rank,
        places.map((at, axis) => [strides[axis]!, at] as const),
      ),
    },
    size: sizeOf(view.source),
    lengths: view.shape,
    guards: places.map((at, axis) => ({ place: at, below: view.source[axis]! })),
    value: new ValueBuilder(graph, placement, view.shape).at(
      input,
      view.shape.map((_, axis) => counter(axis, rank)),
    ),
  }
}

function scatterAdd(
  graph: Graph,
  placement: Placement,
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
      index: combine(
        0,
        rank,
        around.map((at, one) => [strides[one]!, at] as const),
      ),
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

function scan(
  placement: Placement,
  node: GraphNode,
  place: number,
  { axis, reverse, exclusive }: Extract<Kernel, { family: 'scan' }>,
  input: number,
): ScanTask {
  const { shape } = node
  const lengths = [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))] as const
  const buffer = placement.bufferOf(input)
  if (buffer === undefined) throw new InternalError('a scan of what is not in memory')
  const index = rowMajor(lengths, 3)
  return {
    kind: 'scan',
    store: { buffer: place, dtype: node.dtype, index },
    lengths,
    value: { op: 'load', dtype: node.dtype, buffer, index },
    reverse,
    exclusive,
  }
}

function random(
  graph: Graph,
  placement: Placement,
  node: GraphNode,
  place: number,
  draw: RandomTask['draw'],
  inputs: readonly number[],
): RandomTask {
  const whole = (input: number): Value => {
    const { dtype, shape } = graph.nodes[input]!
    const buffer = placement.bufferOf(input)
    if (buffer === undefined) throw new InternalError('a draw from what is not in memory')
    return { op: 'load', dtype, buffer, index: { base: 0, by: [shape.length === 0 ? 0 : 1] } }
  }
  const [key, data] = inputs
  return {
    kind: 'random',
    store: { buffer: place, dtype: node.dtype, index: { base: 0, by: [1] } },
    size: sizeOf(node.shape),
    draw,
    key: whole(key!),
    ...(data !== undefined && { data: whole(data) }),
  }
}
