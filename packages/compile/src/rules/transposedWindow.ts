import type { View } from '@cotangent/core'
import type { GraphNode } from '../graph.ts'
import type { Rewriting } from './rewriting.ts'
import { type ContractKernel, windowAxes } from './window.ts'

/**
 * Adding up, window by window of stride 1, what a contraction made of a map of places and a map of window elements, as a
 * convolution's gradient by its images does: it is a contraction of windows itself, over the places, with the elements in reverse
 * order. So no column gradient is ever in memory.
 */
export function transposedWindow(node: GraphNode, rewriting: Rewriting): number | undefined {
  const { origin } = node
  if (origin.from !== 'kernel' || origin.kernel.family !== 'scatterView') return undefined
  const { view } = origin.kernel
  const axes = windowAxes(view)
  const columns = rewriting.nodes[origin.inputs[0]!]!
  if (axes === undefined || columns.origin.from !== 'kernel' || columns.origin.kernel.family !== 'contract') {
    return undefined
  }
  const kernel = columns.origin.kernel
  const places = axes.flatMap((axis) => (axis.kind === 'window' ? [kernel.out[axis.place]!] : []))
  const taps = axes.flatMap((axis) => (axis.kind === 'window' ? [kernel.out[axis.tap]!] : []))
  const placesIn = ['a', 'b'].find((side) => places.every((label) => onlyIn(kernel, side, label))) as
    | 'a'
    | 'b'
    | undefined
  if (placesIn === undefined || axes.some((axis) => axis.kind === 'window' && axis.stride !== 1)) return undefined
  const tapsIn = placesIn === 'a' ? 'b' : 'a'
  if (!taps.every((label) => onlyIn(kernel, tapsIn, label))) return undefined

  const inputs = columns.origin.inputs
  const mapOf = { a: inputs[0]!, b: inputs[1]! }
  const windowAt = (label: number) =>
    axes.findIndex((axis) => axis.kind === 'window' && kernel.out[axis.place] === label)

  // The map of places, seen through windows: each place axis becomes one along the images and one of elements.
  const shape = rewriting.nodes[mapOf[placesIn]]!.shape
  const window = { shape: [] as number[], axes: [] as { source: number; step: number }[], start: [] as number[] }
  const labels: number[] = []
  kernel[placesIn].forEach((label, source) => {
    const at = windowAt(label)
    const axis = axes[at]
    if (axis?.kind !== 'window') {
      window.shape.push(shape[source]!)
      window.axes.push({ source, step: 1 })
      window.start.push(0)
      labels.push(label)
      return
    }
    const count = view.shape[axis.tap]!
    window.shape.push(view.source[at]!, count)
    window.axes.push({ source, step: 1 }, { source, step: axis.dilation })
    window.start.push(-(view.start[at]! + (count - 1) * axis.dilation))
    labels.push(label, kernel.out[axis.tap]!)
  })
  const seen: View = { source: shape, shape: window.shape, axes: window.axes, start: window.start, fill: 0 }
  const windows = put(seen, mapOf[placesIn])

  // The map of elements, in reverse order.
  const filters = rewriting.nodes[mapOf[tapsIn]]!.shape
  const turned = kernel[tapsIn].map((label) => taps.includes(label))
  const reverse: View = {
    source: filters,
    shape: filters,
    axes: filters.map((_, source) => ({ source, step: turned[source] ? -1 : 1 })),
    start: filters.map((length, source) => (turned[source] ? length - 1 : 0)),
    fill: 0,
  }
  const reversed = put(reverse, mapOf[tapsIn])

  const out = axes.map((axis) => kernel.out[axis.kind === 'window' ? axis.place : axis.axis]!)
  const contract: ContractKernel = { family: 'contract', a: labels, b: kernel[tapsIn], out }
  return rewriting.put({
    ...node,
    origin: { ...origin, kernel: contract, inputs: [windows, reversed], name: 'contract' },
  })

  function put(view: View, input: number): number {
    const { dtype } = rewriting.nodes[input]!
    const kernel = { family: 'view', view } as const
    return rewriting.put({
      shape: view.shape,
      dtype,
      origin: { ...columnsOrigin(), kernel, inputs: [input], name: 'view' },
    })
  }

  function columnsOrigin() {
    return { from: 'kernel', scope: columns.origin.from === 'kernel' ? columns.origin.scope : '' } as const
  }
}

/** Whether a label of the output is free in one operand alone. */
const onlyIn = ({ a, b }: ContractKernel, side: string, label: number): boolean =>
  side === 'a' ? a.includes(label) && !b.includes(label) : b.includes(label) && !a.includes(label)
