import type { GraphNode } from '../graph.ts'
import type { ImageAxes } from '../plan-kernels.ts'
import type { Rewriting } from './rewriting.ts'
import { type WindowContraction, windowContraction } from './window.ts'

/** A contraction of windows at every place of images that have a batch and a channel axis, in this order. */
export interface ImageWindows {
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

/** Such a contraction that a node is, if it is one. */
export function imageWindows(node: GraphNode, rewriting: Rewriting): ImageWindows | undefined {
  const contraction = windowContraction(node, rewriting)
  if (contraction === undefined) return undefined
  const { axes, windowLabels } = contraction
  const wholes = axes.flatMap((axis, source) =>
    axis.kind === 'whole' ? [{ source, label: windowLabels[axis.axis]! }] : [],
  )
  const windows = axes.flatMap((axis, source) =>
    axis.kind === 'window' ? [{ source, place: windowLabels[axis.place]!, tap: windowLabels[axis.tap]! }] : [],
  )
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

/** Where the axes of cotangents and of filters stand, if a contraction is over images and places: the gradient by filters. */
export function gradientByFilters({
  contraction: { otherLabels, out },
  labels: { n, c, places, taps },
}: ImageWindows): { readonly cotangents: ImageAxes; readonly out: ImageAxes } | undefined {
  const filter = otherLabels.find((label) => label !== n && !places.includes(label))
  if (filter === undefined || otherLabels.length !== 4 || !isOf(out, [c, filter, ...taps])) return undefined
  return {
    cotangents: axesIn(otherLabels, { n, c: filter, h: places[0], w: places[1] }),
    out: axesIn(out, { n: filter, c, h: taps[0], w: taps[1] }),
  }
}

/** Whether the labels are these, in any order; each stands there once, as none does twice among the labels of a tensor. */
export const isOf = (labels: readonly number[], expected: readonly number[]): boolean =>
  labels.length === expected.length && labels.every((label) => expected.includes(label))

/** Where each label stands. */
export const axesIn = (labels: readonly number[], { n, c, h, w }: ImageAxes): ImageAxes => ({
  n: labels.indexOf(n),
  c: labels.indexOf(c),
  h: labels.indexOf(h),
  w: labels.indexOf(w),
})
