import { InternalError, type Kernel, type Shape } from '@cotangent/core'
import { counter, located } from '../affine.ts'
import type { GraphNode } from '../graph.ts'
import type { ImageAxes, PooledFilters, WinogradFilters, WinogradImages } from '../plan-kernels.ts'
import type { ContractTask, PooledFiltersTask, Store, WinogradFiltersTask, WinogradImagesTask } from '../tasks.ts'
import { ValueBuilder } from '../value.ts'
import type { Lowering } from './lowering.ts'

/** The contraction `made`, finished by the node `place` where this is another one. */
export function contraction(
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
  const index = located(placement.stridesOf(place), along(out), order.length)
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

/** Loops over a tensor's axes in an order: their lengths, and its coordinates in terms of them. */
const loopsOver = (shape: Shape, order: readonly number[]) => ({
  lengths: order.map((axis) => shape[axis]!),
  coordinates: shape.map((_, axis) => counter(order.indexOf(axis), order.length)),
})

/** Loops over the n, h, w and c of a tensor of images. */
const imageLoops = ({ shape }: GraphNode, { n, h, w, c }: ImageAxes) => loopsOver(shape, [n, h, w, c])

/** Where a gradient by filters is stored: over filter, channel, row, column. */
function storeOfFilters(
  { placement }: Lowering,
  { dtype }: GraphNode,
  place: number,
  { n, c, h, w }: ImageAxes,
): Store {
  const strides = placement.stridesOf(place)
  return { buffer: place, dtype, index: { base: 0, by: [n, c, h, w].map((axis) => strides[axis]!) } }
}

/** The images `made` by Winograd's method, finished by the node `place` where this is another one. */
export function winogradImages(
  { graph, placement }: Lowering,
  place: number,
  made: number,
  kernel: WinogradImages,
  inputs: readonly number[],
): WinogradImagesTask {
  const [images, filters] = inputs
  const { lengths, coordinates } = imageLoops(graph.nodes[images!]!, kernel.images)
  const out = imageLoops(graph.nodes[place]!, kernel.out)
  const { n, c, h, w } = kernel.filters
  const weights = loopsOver(graph.nodes[filters!]!.shape, [n, c, h, w])
  const weight = new ValueBuilder(graph, placement, weights.lengths).at(filters!, weights.coordinates)
  if (weight.op !== 'load') throw new InternalError('filters that are not in memory')
  const index = located(placement.stridesOf(place), out.coordinates, out.lengths.length)
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

/** The gradient by filters. */
export function winogradFilters(
  lowering: Lowering,
  node: GraphNode,
  place: number,
  kernel: WinogradFilters,
  inputs: readonly number[],
): WinogradFiltersTask {
  const { graph, placement } = lowering
  const images = imageLoops(graph.nodes[inputs[0]!]!, kernel.images)
  const cotangents = imageLoops(graph.nodes[inputs[1]!]!, kernel.cotangents)
  return {
    kind: 'winogradFilters',
    store: storeOfFilters(lowering, node, place, kernel.out),
    images: images.lengths,
    cotangents: cotangents.lengths,
    start: kernel.start,
    value: new ValueBuilder(graph, placement, images.lengths).at(inputs[0]!, images.coordinates),
    cotangent: new ValueBuilder(graph, placement, cotangents.lengths).at(inputs[1]!, cotangents.coordinates),
  }
}

/** The gradient by the filters of a convolution that is max-pooled. */
export function pooledFilters(
  lowering: Lowering,
  node: GraphNode,
  place: number,
  { windows: { n, c, places, taps }, pool, out }: PooledFilters,
  inputs: readonly number[],
): PooledFiltersTask {
  const { graph, placement } = lowering
  const [windows, numbers, cotangents] = inputs as readonly [number, number, number]
  const { shape, origin } = graph.nodes[windows]!
  if (origin.from !== 'kernel' || origin.kernel.family !== 'view') throw new InternalError('windows that are no view')
  const { axes, source } = origin.kernel.view
  const looked = loopsOver(shape, [n, ...places, c, ...taps])
  // Images one by one, and of each the other axes in whatever order.
  const batch = axes[n]!.source
  const images = loopsOver(source, [batch, ...[...source.keys()].filter((axis) => axis !== batch)])
  const value = (input: number, { lengths, coordinates }: ReturnType<typeof loopsOver>) =>
    new ValueBuilder(graph, placement, lengths).at(input, coordinates)
  const stored = (input: number) => {
    const { shape } = graph.nodes[input]!
    const load = value(input, loopsOver(shape, [...shape.keys()]))
    if (load.op !== 'load') throw new InternalError('maxima that are not in memory')
    return load
  }
  return {
    kind: 'pooledFilters',
    store: storeOfFilters(lowering, node, place, out),
    windows: looked.lengths,
    value: value(windows, looked),
    images: images.lengths,
    image: value(origin.inputs[0]!, images),
    filters: node.shape[out.n]!,
    pool,
    number: stored(numbers),
    cotangent: stored(cotangents),
  }
}
