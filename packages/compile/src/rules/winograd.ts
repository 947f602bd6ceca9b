import type { GraphNode } from '../graph.ts'
import type { ImageAxes, WinogradFilters, WinogradImages } from '../winograd.ts'
import type { Rewriting } from './rewriting.ts'
import { type WindowContraction, windowContraction } from './window.ts'

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
  if (found === undefined) return undefined
  const { contraction, labels } = found
  const { otherLabels, out, images, other, view } = contraction
  const { n, c, places, taps } = labels
  const filter = otherLabels.find((label) => label !== n && !places.includes(label))
  if (filter === undefined || otherLabels.length !== 4 || !isOf(out, [c, filter, ...taps])) return undefined
  const cotangents = axesIn(otherLabels, { n, c: filter, h: places[0], w: places[1] })
  if (!enough(view.source[found.axes.c]!) || !enough(rewriting.nodes[other]!.shape[cotangents.c]!)) return undefined
  const kernel: WinogradFilters = {
    family: 'winogradFilters',
    images: found.axes,
    cotangents,
    out: axesIn(out, { n: filter, c, h: taps[0], w: taps[1] }),
    start: [view.start[found.axes.h]!, view.start[found.axes.w]!],
  }
  return put(node, rewriting, kernel, [images, other])
}

/** Whether the labels are these, in any order; each stands there once, as none does twice among the labels of a tensor. */
const isOf = (labels: readonly number[], expected: readonly number[]): boolean =>
  labels.length === expected.length && labels.every((label) => expected.includes(label))

interface SquareWindows {
  readonly contraction: WindowContraction
  /** Of the images that the windows look at. */
  readonly axes: ImageAxes
  readonly labels: {
    readonly n: number
    readonly c: number
    readonly places: readonly [number, number]
    readonly taps: readonly [number, number]
  }
}

/** Windows of 3×3 neighbours at every place of images with a batch and a channel axis, in this order. */
function squareWindows(node: GraphNode, rewriting: Rewriting): SquareWindows | undefined {
  const contraction = windowContraction(node, rewriting)
  if (contraction === undefined || node.dtype !== 'float32') return undefined
  const { axes, view, windowLabels } = contraction
  if (view.fill !== 0) return undefined
  const wholes = axes.flatMap((axis, source) =>
    axis.kind === 'whole' ? [{ source, label: windowLabels[axis.axis]! }] : [],
  )
  const windows = axes.flatMap((axis, source) => {
    if (axis.kind !== 'window' || axis.stride !== 1 || axis.dilation !== 1 || view.shape[axis.tap] !== 3) return []
    return [{ source, place: windowLabels[axis.place]!, tap: windowLabels[axis.tap]! }]
  })
  const [n, c] = wholes
  const [h, w] = windows
  // Further axes would have labels that neither the output nor the other operand, of four axes each, has room for.
  if (!n || !c || !h || !w) return undefined
  return {
    contraction,
    axes: { n: n.source, c: c.source, h: h.source, w: w.source },
    labels: { n: n.label, c: c.label, places: [h.place, w.place], taps: [h.tap, w.tap] },
  }
}

/** Where each label stands. */
const axesIn = (labels: readonly number[], { n, c, h, w }: ImageAxes): ImageAxes => ({
  n: labels.indexOf(n),
  c: labels.indexOf(c),
  h: labels.indexOf(h),
  w: labels.indexOf(w),
})

function put(
  node: GraphNode,
  rewriting: Rewriting,
  kernel: WinogradImages | WinogradFilters,
  inputs: readonly number[],
): number | undefined {
  if (node.origin.from !== 'kernel') return undefined
  return rewriting.put({ ...node, origin: { ...node.origin, kernel, inputs } })
}
