import { InternalError, isFloat, type Kernel, type Shape, sizeOf, stridesOf, type View } from '@cotangent/core'
import { type Affine, combine, counter, fixed } from './affine.ts'
import { affinesOf } from './collapse.ts'
import type { Graph, GraphNode } from './graph.ts'
import { orderOf } from './layout.ts'
import { mergeLoops } from './merge.ts'
import type { Placement } from './placement.ts'
import { isTiling } from './rules/window.ts'
import type {
  ContractTask,
  LoopTask,
  NamedTask,
  RandomTask,
  ScanTask,
  ScatterTask,
  Task,
  WinogradFiltersTask,
  WinogradImagesTask,
} from './tasks.ts'
import { onlyUnits, type Value, ValueBuilder } from './value.ts'
import type { ImageAxes, WinogradFilters, WinogradImages } from './winograd.ts'

/** What has to run, in order, so that every node with a place in memory has its elements there. */
export function tasksOf(graph: Graph, placement: Placement): NamedTask[] {
  const lowering = { graph, placement, found: new Set<number>() }
  const tasks = graph.nodes.flatMap((node, place) => {
    const { origin } = node
    // Nodes that share another's memory, and those computed at their uses, need no task of their own.
    if (origin.from !== 'kernel' || placement.bufferOf(place) !== place || sizeOf(node.shape) === 0) return []
    if (lowering.found.has(place)) return []
    const { name, scope } = origin
    return lower(lowering, node, place, origin).map((task) => ({ task, place, name, scope }))
  })
  return mergeLoops(tasks)
}

interface Lowering {
  readonly graph: Graph
  readonly placement: Placement
  /** Nodes whose elements another's task has found on its way. */
  readonly found: Set<number>
}

type KernelOrigin = Extract<GraphNode['origin'], { from: 'kernel' }>

function lower(lowering: Lowering, node: GraphNode, place: number, origin: KernelOrigin): Task[] {
  const { graph, placement } = lowering
  const { kernel, inputs } = origin
  switch (kernel.family) {
    case 'map':
      return [elementwise(lowering, node, place)]
    case 'view':
    case 'gather':
      return [loop(lowering, node, place)]
    case 'reshape':
      return [reordering(lowering, node, place, inputs[0]!)]
    case 'reduce':
      return [reduction(lowering, node, place, kernel, inputs[0]!)]
    case 'contract':
      return [contraction(lowering, place, place, kernel, inputs)]
    case 'winogradImages':
      return [winogradImages(lowering, place, place, kernel, inputs)]
    case 'winogradFilters':
      return [winogradFilters(lowering, node, place, kernel, inputs)]
    case 'concat':
      return concatenation(graph, placement, node, place, kernel.axis, inputs)
    case 'scatterView':
      if (isTiling(kernel.view)) return [tiles(lowering, place, place, kernel.view, inputs[0]!)]
      return [scatterView(graph, placement, node, place, kernel, inputs[0]!)]
    case 'scatterAdd':
      return [scatterAdd(graph, placement, node, place, kernel, inputs)]
    case 'scan':
      return [scan(placement, node, place, kernel, inputs[0]!)]
    case 'random':
      return [random(graph, placement, node, place, kernel.draw, inputs)]
  }
}

/** A node computed element by element: on its own, or where the products or tiles that it finishes are made. */
function elementwise(lowering: Lowering, node: GraphNode, place: number): Task {
  const { graph, placement } = lowering
  const made = placement.finishes(place)
  const origin = made === undefined ? undefined : graph.nodes[made]!.origin
  if (made === undefined || origin?.from !== 'kernel') return loop(lowering, node, place)
  const { kernel, inputs } = origin
  switch (kernel.family) {
    case 'contract':
      return contraction(lowering, place, made, kernel, inputs)
    case 'winogradImages':
      return winogradImages(lowering, place, made, kernel, inputs)
    case 'scatterView':
      return tiles(lowering, place, made, kernel.view, inputs[0]!)
    default:
      throw new InternalError(`a ${kernel.family} finished by another node`)
  }
}

function loop({ graph, placement }: Lowering, node: GraphNode, place: number): LoopTask {
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
    index: combine(
      0,
      shape.length,
      coordinates.map((coordinate, axis) => [strides[axis]!, coordinate] as const),
    ),
  }
}

/** A reshape whose elements lie in another order than before, on one side or the other not in rows. */
function reordering(lowering: Lowering, node: GraphNode, place: number, input: number): LoopTask {
  const { graph, placement } = lowering
  const source = graph.nodes[input]!
  const buffer = placement.bufferOf(input)
  if (buffer === undefined || onlyUnits(source.shape, node.shape)) return loop(lowering, node, place)
  // One side at least is in rows, and has the other's axes; loops go through what is written.
  const rows = placement.innermostOf(place) === undefined ? input : place
  const walked = graph.nodes[rows]!
  const order = orderOf(walked.shape.length, rows === place ? placement.innermostOf(place) : undefined)
  const coordinates = walked.shape.map((_, axis) => counter(order.indexOf(axis), order.length))
  const along = (strides: readonly number[]) =>
    combine(
      0,
      order.length,
      coordinates.map((coordinate, axis) => [strides[axis]!, coordinate] as const),
    )
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
  { graph, placement, found }: Lowering,
  node: GraphNode,
  place: number,
  { op, axes }: Extract<Kernel, { family: 'reduce' }>,
  input: number,
): LoopTask | ContractTask {
  const source = graph.nodes[input]!.shape
  const kept = [...source.keys()].filter((axis) => !axes.includes(axis))
  const outer = orderOf(kept.length, placement.innermostOf(place)).map((axis) => kept[axis]!)
  const twin = twinOf(graph, placement, place, op, axes, input)
  // Places are counted in the axes' own order; whatever else is folded goes through memory as it lies there.
  const apart = placement.stridesOf(input)
  const counted = twin !== undefined || op === 'argMax' || op === 'argMin'
  const folded = counted ? axes : [...axes].sort((a, b) => apart[b]! - apart[a]! || a - b)
  const order = [...outer, ...folded]
  const lengths = order.map((axis) => source[axis]!)
  const coordinates = source.map((_, axis) => counter(order.indexOf(axis), lengths.length))
  const value = new ValueBuilder(graph, placement, lengths).at(input, coordinates)
  const strides = placement.stridesOf(place)
  const index = combine(
    0,
    lengths.length,
    kept.map((axis, at) => [strides[at]!, coordinates[axis]!] as const),
  )
  const store = { buffer: place, dtype: node.dtype, index }
  const counts = { batch: 0, rows: 0, columns: outer.length, summed: folded.length }
  if (op === 'sum' && isFloat(node.dtype) && sumsColumns(value, counts, lengths)) {
    const one: Value = { op: 'constant', dtype: node.dtype, value: 1 }
    return { kind: 'contract', store, lengths, counts, a: one, b: value }
  }
  const task: LoopTask = { kind: 'loop', store, lengths, rank: outer.length, fold: op, value }
  if (twin === undefined) return task
  found.add(twin)
  const other = { buffer: twin, dtype: graph.nodes[twin]!.dtype, index }
  const search = op === 'max' ? 'argMax' : op === 'min' ? 'argMin' : op
  return search === op ? { ...task, best: other } : { ...task, fold: search, store: other, best: store }
}

/** Rows summed from which on it pays to sum columns as a product with ones, which goes through memory once, in order. */
const MANY_ROWS = 64

function sumsColumns(value: Value, { columns }: ContractTask['counts'], lengths: Shape): boolean {
  if (columns === 0 || sizeOf(lengths.slice(columns)) < MANY_ROWS) return false
  const steps = affinesOf(value).map(({ by }) => by[columns - 1]!)
  return steps.includes(1) && steps.every((step) => step === 0 || step === 1)
}

/** The search for the place of what another node finds the value of, or the other way round: both are stored in one go. */
function twinOf(
  { nodes }: Graph,
  placement: Placement,
  place: number,
  op: string,
  axes: readonly number[],
  input: number,
): number | undefined {
  const other = { max: 'argMax', min: 'argMin', argMax: 'max', argMin: 'min' }[op]
  for (let at = place + 1; at < nodes.length; at++) {
    const { origin } = nodes[at]!
    if (origin.from !== 'kernel' || origin.kernel.family !== 'reduce' || origin.kernel.op !== other) continue
    const same = origin.inputs[0] === input && origin.kernel.axes.join() === axes.join()
    const alike = placement.innermostOf(at) === placement.innermostOf(place) && placement.bufferOf(at) === at
    if (same && alike) return at
  }
  return undefined
}

/** The contraction `made`, finished by the node `place` where this is another one. */
function contraction(
  { graph, placement }: Lowering,
  place: number,
  made: number,
  { a, b, out }: Extract<Kernel, { family: 'contract' }>,
  inputs: readonly number[],
): ContractTask {
  const { dtype } = graph.nodes[place]!
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
  const strides = placement.stridesOf(place)
  const index = combine(
    0,
    order.length,
    along(out).map((axis, at) => [strides[at]!, axis] as const),
  )
  return {
    kind: 'contract',
    store: { buffer: place, dtype, index },
    lengths,
    counts: { batch: batch.length, rows: rows.length, columns: columns.length, summed: summed.length },
    a: builder.at(inputs[0]!, along(a)),
    b: builder.at(inputs[1]!, along(b)),
    ...(made !== place && { finish: builder.computed(place, along(out)) }),
  }
}

/** Coordinates of a tensor of images in loops over its n, h, w and c, and the lengths of these. */
function imageLoops({ shape }: GraphNode, { n, h, w, c }: ImageAxes) {
  const order = [n, h, w, c]
  return {
    lengths: order.map((axis) => shape[axis]!),
    coordinates: shape.map((_, axis) => counter(order.indexOf(axis), order.length)),
  }
}

function winogradImages(
  { graph, placement }: Lowering,
  place: number,
  made: number,
  kernel: WinogradImages,
  inputs: readonly number[],
): WinogradImagesTask {
  const [images, filters] = inputs
  const { lengths, coordinates } = imageLoops(graph.nodes[images!]!, kernel.images)
  const out = imageLoops(graph.nodes[place]!, kernel.out)
  const weights = graph.nodes[filters!]!
  const order = [kernel.filters.n, kernel.filters.c, kernel.filters.h, kernel.filters.w]
  const weight = new ValueBuilder(
    graph,
    placement,
    order.map((axis) => weights.shape[axis]!),
  ).at(
    filters!,
    weights.shape.map((_, axis) => counter(order.indexOf(axis), order.length)),
  )
  if (weight.op !== 'load') throw new InternalError('filters that are not in memory')
  const strides = placement.stridesOf(place)
  const index = combine(
    0,
    out.lengths.length,
    out.coordinates.map((coordinate, axis) => [strides[axis]!, coordinate] as const),
  )
  return {
    kind: 'winogradImages',
    store: { buffer: place, dtype: graph.nodes[place]!.dtype, index },
    images: lengths,
    out: out.lengths,
    start: kernel.start,
    value: new ValueBuilder(graph, placement, lengths).at(images!, coordinates),
    filters: weight,
    ...(made !== place && {
      finish: new ValueBuilder(graph, placement, out.lengths).computed(place, out.coordinates),
    }),
  }
}

function winogradFilters(
  { graph, placement }: Lowering,
  node: GraphNode,
  place: number,
  kernel: WinogradFilters,
  inputs: readonly number[],
): WinogradFiltersTask {
  const images = imageLoops(graph.nodes[inputs[0]!]!, kernel.images)
  const cotangents = imageLoops(graph.nodes[inputs[1]!]!, kernel.cotangents)
  const order = [kernel.out.n, kernel.out.c, kernel.out.h, kernel.out.w]
  const strides = placement.stridesOf(place)
  return {
    kind: 'winogradFilters',
    store: {
      buffer: place,
      dtype: node.dtype,
      index: { base: 0, by: order.map((axis) => strides[axis]!) },
    },
    images: images.lengths,
    cotangents: cotangents.lengths,
    start: kernel.start,
    value: new ValueBuilder(graph, placement, images.lengths).at(inputs[0]!, images.coordinates),
    cotangent: new ValueBuilder(graph, placement, cotangents.lengths).at(inputs[1]!, cotangents.coordinates),
  }
}

/** Tiles side by side, put together: the scattered node `made`, finished by the node `place` where this is another one. */
function tiles({ graph, placement }: Lowering, place: number, made: number, view: View, input: number): LoopTask {
  const rank = view.shape.length
  const order = orderOf(rank, placement.innermostOf(input))
  const lengths = order.map((axis) => view.shape[axis]!)
  const coordinates = view.shape.map((_, axis) => counter(order.indexOf(axis), rank))
  const places = view.source.map((_, axis) =>
    combine(
      view.start[axis]!,
      rank,
      view.axes.flatMap(({ source, step }, at) => (source === axis ? [[step, coordinates[at]!] as const] : [])),
    ),
  )
  const strides = placement.stridesOf(place)
  const index = combine(
    0,
    rank,
    places.map((at, axis) => [strides[axis]!, at] as const),
  )
  const builder = new ValueBuilder(graph, placement, lengths, { place: made, input, coordinates })
  const value = made === place ? builder.at(input, coordinates) : builder.computed(place, places)
  return { kind: 'loop', store: { buffer: place, dtype: graph.nodes[place]!.dtype, index }, lengths, rank, value }
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
  const strides = placement.stridesOf(place)
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
