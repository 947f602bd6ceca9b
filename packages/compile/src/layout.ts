import type { View } from '@cotangent/core'
import { type Graph, type GraphNode, inputsOf } from './graph.ts'
import type { PlanKernel } from './plan-kernels.ts'
import { windowContraction } from './rules/window.ts'
import { onlyUnits } from './value.ts'

/**
 * The axis of each node that lies innermost in memory, where it is not the last one. Images of convolutions have their channels
 * innermost: channels side by side are what vectors are made of, whatever the size of the window. The axis is handed on through
 * what keeps it; arguments, constants and results stay in row-major order, which is how they are handed in and out, and so does
 * what {@link foldedIntoRows} finds.
 */
export function innermostAxes(graph: Graph): readonly (number | undefined)[] {
  const free = graph.nodes.map((node) => node.origin.from === 'kernel' && LAID_OUT.has(node.origin.kernel.family))
  for (const result of graph.results) free[result] = false
  for (const node of graph.nodes) {
    if (!NEEDS_ROWS.has(familyOf(node) ?? 'map')) continue
    for (const input of inputsOf(node)) free[input] = false
  }
  for (const place of foldedIntoRows(graph)) free[place] = false
  const axes: (number | undefined)[] = graph.nodes.map(() => undefined)
  const offer = (place: number, axis: number | undefined): boolean => {
    const { shape } = graph.nodes[place]!
    if (axis === undefined || axis < 0 || !free[place] || axes[place] !== undefined || shape[axis] === 1) return false
    axes[place] = axis
    return true
  }
  for (const [place, node] of graph.nodes.entries()) {
    for (const [target, axis] of channelsAt(graph, node, place)) offer(target, axis)
  }
  let changed = axes.some((axis) => axis !== undefined)
  while (changed) {
    changed = false
    for (const [place, node] of graph.nodes.entries()) {
      for (const input of inputsOf(node)) {
        const { forward, backward } = handedOn(node, graph.nodes[input]!)
        const [before, after] = [axes[input], axes[place]]
        if (before !== undefined && offer(place, forward(before))) changed = true
        if (after !== undefined && offer(input, backward(after))) changed = true
      }
    }
  }
  return withRowsBehindReshapes(
    graph,
    axes.map((axis, place) => (axis === graph.nodes[place]!.shape.length - 1 ? undefined : axis)),
  )
}

/**
 * What folds, and is then reshaped so that elements come in another order: written in rows at once, as of pooling before a dense
 * layer, it needs no pass that puts them into theirs. What folds the same is written beside it.
 */
function* foldedIntoRows({ nodes }: Graph): Generator<number> {
  for (const node of nodes) {
    const folded = nodes[inputsOf(node)[0]!]
    if (familyOf(node) !== 'reshape' || familyOf(folded!) !== 'reduce' || onlyUnits(folded!.shape, node.shape)) continue
    for (const [place, other] of nodes.entries()) {
      if (familyOf(other) === 'reduce' && inputsOf(other)[0] === inputsOf(folded!)[0]) yield place
    }
  }
}

/** The axes, but for reshapes of what is not in rows: their axes are others, so that elements go through rows. */
function withRowsBehindReshapes(
  { nodes }: Graph,
  axes: readonly (number | undefined)[],
): readonly (number | undefined)[] {
  return axes.map((axis, place) => {
    const node = nodes[place]!
    const [input] = inputsOf(node)
    if (familyOf(node) !== 'reshape' || axes[input!] === undefined) return axis
    return onlyUnits(nodes[input!]!.shape, node.shape) ? axis : undefined
  })
}

type Family = PlanKernel['family']

/** Families whose results may lie in any order. */
const LAID_OUT: ReadonlySet<Family> = new Set([
  'map',
  'view',
  'reshape',
  'reduce',
  'scatterView',
  'contract',
  'winogradImages',
] as const)

/** Families that take their inputs as rows of memory. */
const NEEDS_ROWS: ReadonlySet<Family> = new Set(['scan', 'scatterAdd', 'random', 'gather', 'concat'] as const)

const familyOf = ({ origin }: GraphNode): Family | undefined =>
  origin.from === 'kernel' ? origin.kernel.family : undefined

/** The channel axes that convolutions give to their images: pairs of place and axis. */
function* channelsAt(graph: Graph, node: GraphNode, place: number): Generator<readonly [place: number, axis: number]> {
  const { origin } = node
  if (origin.from !== 'kernel') return
  const { kernel, inputs } = origin
  if (kernel.family === 'winogradImages') {
    yield [place, kernel.out.c]
    yield [inputs[0]!, kernel.images.c]
  } else if (kernel.family === 'winogradFilters') {
    yield [inputs[0]!, kernel.images.c]
    yield [inputs[1]!, kernel.cotangents.c]
  } else if (kernel.family === 'pooledFilters') {
    yield [inputs[0]!, kernel.windows.c]
  } else {
    yield* channelsOfWindows(graph, node, place)
  }
}

function* channelsOfWindows(
  graph: Graph,
  node: GraphNode,
  place: number,
): Generator<readonly [place: number, axis: number]> {
  const found = windowContraction(node, graph)
  if (found === undefined) return
  const { axes, windowLabels, other, otherLabels, out, images } = found
  const wholes = [...axes.keys()].filter((source) => axes[source]!.kind === 'whole')
  // Images and channels, in this order, beside the windows.
  if (wholes.length !== 2) return
  yield [images, wholes[1]!]
  const filter = otherLabels.find((label) => out.includes(label) && !windowLabels.includes(label))
  if (filter === undefined) return
  const slides = axes.some((axis) => axis.kind === 'window' && otherLabels.includes(windowLabels[axis.tap]!))
  if (slides) yield [place, out.indexOf(filter)]
  else yield [other, otherLabels.indexOf(filter)]
}

const nowhere = () => undefined

/** How an axis of the input becomes one of the node's, and back. */
function handedOn(
  node: GraphNode,
  input: GraphNode,
): { forward(axis: number): number | undefined; backward(axis: number): number | undefined } {
  const { origin } = node
  if (origin.from !== 'kernel') return { forward: nowhere, backward: nowhere }
  switch (origin.kernel.family) {
    case 'map': {
      const lead = node.shape.length - input.shape.length
      return {
        forward: (axis) => axis + lead,
        backward: (axis) => (node.shape[axis] === input.shape[axis - lead] ? axis - lead : undefined),
      }
    }
    case 'view': {
      const { forward, backward } = through(origin.kernel.view)
      return { forward, backward }
    }
    case 'scatterView': {
      const { forward, backward } = through(origin.kernel.view)
      return { forward: backward, backward: forward }
    }
    case 'reduce': {
      const { axes } = origin.kernel
      const kept = [...input.shape.keys()].filter((axis) => !axes.includes(axis))
      return {
        forward: (axis) => (kept.includes(axis) ? kept.indexOf(axis) : undefined),
        backward: (axis) => kept[axis],
      }
    }
    case 'reshape': {
      const [from, to] = [longAxes(input.shape), longAxes(node.shape)]
      if (from.map((axis) => input.shape[axis]).join() !== to.map((axis) => node.shape[axis]).join()) break
      return { forward: (axis) => to[from.indexOf(axis)], backward: (axis) => from[to.indexOf(axis)] }
    }
  }
  return { forward: nowhere, backward: nowhere }
}

const longAxes = (shape: readonly number[]): number[] => [...shape.keys()].filter((axis) => shape[axis] !== 1)

/** Axes through a view: those that alone walk along a source axis. */
function through({ axes }: View) {
  const walkers = (source: number) => axes.flatMap((axis, at) => (axis.source === source ? [at] : []))
  const only = (source: number) => (walkers(source).length === 1 ? walkers(source)[0] : undefined)
  return {
    forward: only,
    backward: (axis: number) => {
      const source = axes[axis]?.source ?? -1
      return source >= 0 && only(source) === axis ? source : undefined
    },
  }
}

/** The order of a node's axes in memory, outermost first. */
export function orderOf(rank: number, innermost: number | undefined): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  return innermost === undefined ? axes : [...axes.filter((axis) => axis !== innermost), innermost]
}

/** How far apart in memory, in elements, neighbours along each axis are. */
export function stridesFor(shape: readonly number[], innermost: number | undefined): number[] {
  const strides = new Array<number>(shape.length).fill(0)
  let stride = 1
  for (const axis of orderOf(shape.length, innermost).reverse()) {
    strides[axis] = stride
    stride *= shape[axis]!
  }
  return strides
}
