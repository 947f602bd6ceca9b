import { InternalError, type Kernel, sizeOf } from '@cotangent/core'
import { rowMajor } from './affine.ts'
import type { Graph, GraphNode } from './graph.ts'
import { concatenation, loop, reordering, tiles } from './lowering/loops.ts'
import type { Lowering } from './lowering/lowering.ts'
import { contraction, pooledFilters, winogradFilters, winogradImages } from './lowering/products.ts'
import { reduction } from './lowering/reductions.ts'
import { scatterAdd, scatterView } from './lowering/scatters.ts'
import { mergeLoops } from './merge.ts'
import type { Placement } from './placement.ts'
import { isTiling } from './rules/window.ts'
import type { NamedTask, RandomTask, ScanTask, Task } from './tasks.ts'
import type { Value } from './value.ts'

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

type KernelOrigin = Extract<GraphNode['origin'], { from: 'kernel' }>

function lower(lowering: Lowering, node: GraphNode, place: number, origin: KernelOrigin): Task[] {
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
    case 'pooledFilters':
      return [pooledFilters(lowering, node, place, kernel, inputs)]
    case 'concat':
      return concatenation(lowering, node, place, kernel.axis, inputs)
    case 'scatterView':
      if (isTiling(kernel.view)) return [tiles(lowering, place, place, kernel.view, inputs[0]!)]
      return [scatterView(lowering, node, place, kernel, inputs[0]!)]
    case 'scatterAdd':
      return [scatterAdd(lowering, node, place, kernel, inputs)]
    case 'scan':
      return [scan(lowering, node, place, kernel, inputs[0]!)]
    case 'random':
      return [random(lowering, node, place, kernel.draw, inputs)]
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

/** Running sums along one axis. */
function scan(
  { placement }: Lowering,
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

/** Numbers drawn from a key. */
function random(
  { graph, placement }: Lowering,
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
