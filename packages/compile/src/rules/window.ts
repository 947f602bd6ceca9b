import type { Kernel, View } from '@cotangent/core'
import type { Graph, GraphNode } from '../graph.ts'

export type ContractKernel = Extract<Kernel, { family: 'contract' }>

/** How one source axis of a window view is walked: by one axis as it is, or by the window's places and the elements under it. */
export type WindowAxis =
  | { readonly kind: 'whole'; readonly axis: number }
  | {
      readonly kind: 'window'
      readonly place: number
      readonly tap: number
      readonly stride: number
      readonly dilation: number
    }

/** The axes of a view that slides windows along some source axes and shows the others as they are. */
export function windowAxes(view: View): readonly WindowAxis[] | undefined {
  const axes = view.source.map((length, source): WindowAxis | undefined => {
    const along = view.axes.flatMap((axis, at) => (axis.source === source ? [at] : []))
    const [first, second] = along
    if (along.length === 2) {
      const [stride, dilation] = [view.axes[first!]!.step, view.axes[second!]!.step]
      return { kind: 'window', place: first!, tap: second!, stride, dilation }
    }
    const whole = along.length === 1 && view.axes[first!]!.step === 1 && view.start[source] === 0
    return whole && view.shape[first!] === length ? { kind: 'whole', axis: first! } : undefined
  })
  const all = axes.filter((axis) => axis !== undefined)
  const seen = view.axes.every(({ source }) => source >= 0)
  return seen && all.length === axes.length && all.some(({ kind }) => kind === 'window') ? all : undefined
}

/** The view that a node is, if it is one. */
export function viewOf(node: GraphNode): View | undefined {
  const { origin } = node
  return origin.from === 'kernel' && origin.kernel.family === 'view' ? origin.kernel.view : undefined
}

/** A contraction one of whose operands is a window view. */
export interface WindowContraction {
  /** Which input is the window view. */
  readonly side: 0 | 1
  /** The place of what the windows look at. */
  readonly images: number
  readonly view: View
  readonly axes: readonly WindowAxis[]
  /** The labels of the window view, and of the other operand. */
  readonly windowLabels: readonly number[]
  readonly other: number
  readonly otherLabels: readonly number[]
  readonly out: readonly number[]
}

/** The contraction of windows that a node is, if it is one; the left operand's windows first. */
export function windowContraction(node: GraphNode, { nodes }: Pick<Graph, 'nodes'>): WindowContraction | undefined {
  const { origin } = node
  if (origin.from !== 'kernel' || origin.kernel.family !== 'contract') return undefined
  const { a, b, out } = origin.kernel
  const sides = [
    { side: 0, windowLabels: a, otherLabels: b },
    { side: 1, windowLabels: b, otherLabels: a },
  ] as const
  for (const { side, windowLabels, otherLabels } of sides) {
    const place = origin.inputs[side]!
    const seen = nodes[place]!
    const view = viewOf(seen)
    const axes = view && windowAxes(view)
    if (view === undefined || axes === undefined || seen.origin.from !== 'kernel') continue
    const [images, other] = [seen.origin.inputs[0]!, origin.inputs[1 - side]!]
    return { side, images, view, axes, windowLabels, other, otherLabels, out }
  }
  return undefined
}

/** The least and the greatest source coordinate that a view looks at along one source axis. */
export function reachOf(view: View, source: number): readonly [number, number] {
  let low = view.start[source]!
  let high = low
  view.axes.forEach((axis, at) => {
    if (axis.source !== source) return
    const far = axis.step * (view.shape[at]! - 1)
    if (far < 0) low += far
    else high += far
  })
  return [low, high]
}

/** Whether some element of a view lies outside its source. */
export const leavesSource = (view: View): boolean =>
  view.source.some((length, axis) => {
    const [low, high] = reachOf(view, axis)
    return low < 0 || high >= length
  })

/** Whether each element of a view's source is seen exactly once: windows side by side, as of pooling. */
export function isTiling(view: View): boolean {
  return view.source.every((length, source) => {
    if (view.start[source] !== 0) return false
    const along = view.axes
      .flatMap((axis, at) => (axis.source === source ? [{ step: axis.step, count: view.shape[at]! }] : []))
      .filter(({ count }) => count > 1)
      .sort((a, b) => a.step - b.step)
    let covered = 1
    for (const { step, count } of along) {
      if (step !== covered) return false
      covered *= count
    }
    return covered === length && view.axes.every((axis, at) => axis.source >= 0 || view.shape[at] === 1)
  })
}
