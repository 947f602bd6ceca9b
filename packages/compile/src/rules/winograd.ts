import type { GraphNode } from '../graph.ts'
import type { WinogradFilters, WinogradImages } from '../plan-kernels.ts'
import { axesIn, gradientByFilters, type ImageWindows, imageWindows, isOf } from './images.ts'
import type { Rewriting } from './rewriting.ts'

/** Channels from which on Winograd's transforms cost less than they save; whole vectors of them. */
const FEWEST = 8

const enough = (channels: number): boolean => channels >= FEWEST && channels % 4 === 0

/** A contraction of 3×3 windows of stride 1 with filters, over channels and window, in float32. */
export function winogradImages(node: GraphNode, rewriting: Rewriting): number | undefined {
  const found = squareWindows(node, rewriting)
  if (found === undefined) return undefined
  const { contraction, labels } = found
  const { otherLabels, out, images, other, view } = contraction
  const { n, c, places, taps } = labels
  // Filters have the channels of the images, the window, and one axis of their own: what is not in the output is in both operands.
  const filter = otherLabels.find((label) => label !== c && !taps.includes(label))
  if (filter === undefined || otherLabels.length !== 4 || !isOf(out, [n, filter, ...places])) return undefined
  const filters = axesIn(otherLabels, { n: filter, c, h: taps[0], w: taps[1] })
  const shape = rewriting.nodes[other]!.shape
  if (!enough(shape[filters.n]!) || !enough(shape[filters.c]!)) return undefined
  const kernel: WinogradImages = {
    family: 'winogradImages',
    images: found.axes,
    filters,
    out: axesIn(out, { n, c: filter, h: places[0], w: places[1] }),
    start: [view.start[found.axes.h]!, view.start[found.axes.w]!],
  }
  return put(node, rewriting, kernel, [images, other])
}

/** A contraction of 3×3 windows of stride 1 with cotangents, over images and places, in float32. */
export function winogradFilters(node: GraphNode, rewriting: Rewriting): number | undefined {
  const found = squareWindows(node, rewriting)
  const gradient = found && gradientByFilters(found)
  if (found === undefined || gradient === undefined) return undefined
  const { images, other, view } = found.contraction
  const { cotangents, out } = gradient
  if (!enough(view.source[found.axes.c]!) || !enough(rewriting.nodes[other]!.shape[cotangents.c]!)) return undefined
  const kernel: WinogradFilters = {
    family: 'winogradFilters',
    images: found.axes,
    cotangents,
    out,
    start: [view.start[found.axes.h]!, view.start[found.axes.w]!],
  }
  return put(node, rewriting, kernel, [images, other])
}

/** Windows of 3×3 neighbours at every place of images, in float32. */
function squareWindows(node: GraphNode, rewriting: Rewriting): ImageWindows | undefined {
  const found = imageWindows(node, rewriting)
  if (found === undefined || node.dtype !== 'float32') return undefined
  const { axes, view } = found.contraction
  if (view.fill !== 0) return undefined
  const square = axes.every(
    (axis) => axis.kind === 'whole' || (axis.stride === 1 && axis.dilation === 1 && view.shape[axis.tap] === 3),
  )
  return square ? found : undefined
}

function put(
  node: GraphNode,
  rewriting: Rewriting,
  kernel: WinogradImages | WinogradFilters,
  inputs: readonly number[],
): number | undefined {
  if (node.origin.from !== 'kernel') return undefined
  return rewriting.put({ ...node, origin: { ...node.origin, kernel, inputs } })
}
