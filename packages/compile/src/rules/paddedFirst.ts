import type { View } from '@cotangent/core'
import type { GraphNode } from '../graph.ts'
import type { Rewriting } from './rewriting.ts'
import { leavesSource, reachOf, windowContraction } from './window.ts'

/** A contraction of windows that reach over the border: of the padded images, so that it never has to look where the border is. */
export function paddedFirst(node: GraphNode, rewriting: Rewriting): number | undefined {
  const found = windowContraction(node, rewriting)
  if (found === undefined || node.origin.from !== 'kernel') return undefined
  const { view, images } = found
  if (view.fill !== 0 || !leavesSource(view)) return undefined
  const low = view.source.map((_, axis) => Math.max(0, -reachOf(view, axis)[0]))
  const high = view.source.map((length, axis) => Math.max(0, reachOf(view, axis)[1] - length + 1))
  const shape = view.source.map((length, axis) => low[axis]! + length + high[axis]!)
  const { dtype, origin } = rewriting.nodes[images]!
  const scope = origin.from === 'kernel' ? origin.scope : ''
  const put = (seen: View, input: number, name: string) => {
    const kernel = { family: 'view', view: seen } as const
    return rewriting.put({ shape: seen.shape, dtype, origin: { from: 'kernel', kernel, inputs: [input], name, scope } })
  }
  const padded = put(
    {
      source: view.source,
      shape,
      axes: shape.map((_, source) => ({ source, step: 1 })),
      start: low.map((length) => -length),
      fill: 0,
    },
    images,
    'pad',
  )
  const windows = put(
    { ...view, source: shape, start: view.start.map((start, axis) => start + low[axis]!) },
    padded,
    'view',
  )
  const inputs = node.origin.inputs.map((input, at) => (at === found.side ? windows : input))
  return rewriting.put({ ...node, origin: { ...node.origin, inputs } })
}
