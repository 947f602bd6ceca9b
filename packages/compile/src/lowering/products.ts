import { InternalError, type Kernel } from '@cotangent/core'
import { counter, located } from '../affine.ts'
import type { GraphNode } from '../graph.ts'
import type { ImageAxes, PooledFilters, WinogradFilters, WinogradImages } from '../plan-kernels.ts'
import type { ContractTask, PooledFiltersTask, WinogradFiltersTask, WinogradImagesTask } from '../tasks.ts'
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

/** Coordinates of a tensor of images in loops over its n, h, w and c, and the lengths of these. */
function imageLoops({ shape }: GraphNode, { n, h, w, c }: ImageAxes) {
  const order = [n, h, w, c]
  return {
    lengths: order.map((axis) => shape[axis]!),
    coordinates: shape.map((_, axis) => counter(order.indexOf(axis), order.length)),
  }
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

/** The gradient by the filters of a convolution that is max-pooled. */
export function pooledFilters(
  { graph, placement }: Lowering,
  node: GraphNode,
  place: number,
  { windows: { n, c, places, taps }, pool, out }: PooledFilters,
  [windows, numbers, cotangents]: readonly number[],
): PooledFiltersTask {
  const { shape, origin } = graph.nodes[windows!]!
  if (origin.from !== 'kernel' || origin.kernel.family !== 'view') throw new InternalError('windows that are no view')
  const { view } = origin.kernel
  const order = [n, ...places, c, ...taps]
  const lengths = order.map((axis) => shape[axis]!)
  const along = (axes: readonly number[]) => axes.map((_, axis) => counter(axes.indexOf(axis), axes.length))
  // Images one by one, and of each the other axes in whatever order.
  const batch = view.axes[n]!.source
  const ofImages = [batch, ...[...view.source.keys()].filter((axis) => axis !== batch)]
  const images = ofImages.map((axis) => view.source[axis]!)
  const looked = (input: number) => {
    const rank = graph.nodes[input]!.shape.length
    const coordinates = Array.from({ length: rank }, (_, axis) => counter(axis, rank))
    const value = new ValueBuilder(graph, placement, graph.nodes[input]!.shape).at(input, coordinates)
    if (value.op !== 'load') throw new InternalError('maxima that are not in memory')
    return value
  }
  const strides = placement.stridesOf(place)
  return {
    kind: 'pooledFilters',
    store: {
      buffer: place,
      dtype: node.dtype,
      index: { base: 0, by: [out.n, out.c, out.h, out.w].map((axis) => strides[axis]!) },
    },
    windows: lengths,
    value: new ValueBuilder(graph, placement, lengths).at(windows!, along(order)),
    images,
    image: new ValueBuilder(graph, placement, images).at(origin.inputs[0]!, along(ofImages)),
    filters: node.shape[out.n]!,
    pool,
    number: looked(numbers!),
    cotangent: looked(cotangents!),
  }
}
