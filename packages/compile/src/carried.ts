import { wholeView } from '@cotangent/core'
import { rowMajor, sameAffine } from './affine.ts'
import type { Graph, GraphNode } from './graph.ts'
import type { Placement } from './placement.ts'
import { readsOf } from './plan.ts'
import { type LoopTask, type NamedTask, type Store, storesOf, valuesOf } from './tasks.ts'
import type { Value } from './value.ts'

/** A result that becomes an argument of the next run: the numbers of both. */
export interface Carry {
  readonly result: number
  readonly argument: number
}

/**
 * The graph with a node of its own for each result that lies where a carried result is to be written, or is itself to be written
 * to several places: whatever order results are written in, none is lost.
 */
export function separateCarried(graph: Graph, carries: readonly Carry[]): Graph {
  const nodes: GraphNode[] = [...graph.nodes]
  const results = [...graph.results]
  const separate = (result: number): void => {
    const place = results[result]!
    const { shape, dtype } = nodes[place]!
    const kernel = { family: 'view', view: wholeView(shape) } as const
    nodes.push({ shape, dtype, origin: { from: 'kernel', kernel, inputs: [place], name: 'copy', scope: '' } })
    results[result] = nodes.length - 1
  }
  const replaced = new Set<number>()
  const taken = new Set<number>()
  for (const { result, argument } of carries) {
    const place = results[result]!
    if (place === argument) continue
    replaced.add(argument)
    const source = sourceOf(graph, place)
    if (graph.nodes[source]!.origin.from !== 'kernel' || taken.has(source)) separate(result)
    else taken.add(source)
  }
  const carried = new Set(carries.map(({ result }) => result))
  graph.results.forEach((place, result) => {
    if (!carried.has(result) && replaced.has(sourceOf(graph, place))) separate(result)
  })
  return { nodes, results }
}

/** The node whose elements a node has, in the same order. */
function sourceOf({ nodes }: Graph, place: number): number {
  let source = place
  for (;;) {
    const { origin } = nodes[source]!
    if (origin.from !== 'kernel' || origin.kernel.family !== 'reshape') return source
    source = origin.inputs[0]!
  }
}

/** Which carried results are written to their argument's memory in the first place, and the copies that bring the others there. */
export function placeCarried(
  graph: Graph,
  placement: Placement,
  tasks: readonly NamedTask[],
  carries: readonly Carry[],
): { readonly inPlace: ReadonlyMap<number, number>; readonly copies: readonly NamedTask[] } {
  const inPlace = new Map<number, number>()
  const copies: NamedTask[] = []
  for (const { result, argument } of carries) {
    const place = graph.results[result]!
    const buffer = placement.bufferOf(place)!
    if (buffer === argument) continue
    if (!inPlace.has(buffer) && writableOver(tasks, buffer, argument)) inPlace.set(buffer, argument)
    else copies.push({ task: copyTask(graph, buffer, argument), place: argument, name: 'carry', scope: '' })
  }
  return { inPlace, copies }
}

/**
 * Whether `buffer` may be computed right where `argument` lies: one elementwise task writes it, which reads the argument at no
 * other place than it writes, and nothing reads the argument later.
 */
function writableOver(tasks: readonly NamedTask[], buffer: number, argument: number): boolean {
  const writers = tasks.flatMap(({ task }, at) => (storesOf(task).some((store) => store.buffer === buffer) ? [at] : []))
  const [at] = writers
  if (at === undefined || writers.length > 1) return false
  const { task } = tasks[at]!
  if (task.kind !== 'loop' || task.fold !== undefined) return false
  if (tasks.some((later, index) => index > at && readsOf(later.task).has(argument))) return false
  const store = storesOf(task).find((one) => one.buffer === buffer)!
  return valuesOf(task).every((value) => readsOnlyHere(value, argument, store))
}

function readsOnlyHere(value: Value, argument: number, store: Store): boolean {
  switch (value.op) {
    case 'constant':
      return true
    case 'load': {
      const looked = value.indirect ? readsOnlyHere(value.indirect.value, argument, store) : true
      if (value.buffer !== argument) return looked
      return value.indirect === undefined && value.dtype === store.dtype && sameAffine(value.index, store.index)
    }
    case 'guard':
      return readsOnlyHere(value.value, argument, store)
    case 'apply':
      return value.operands.every((operand) => readsOnlyHere(operand, argument, store))
  }
}

function copyTask(graph: Graph, from: number, to: number): LoopTask {
  const { shape, dtype } = graph.nodes[to]!
  const index = rowMajor(shape, shape.length)
  return {
    kind: 'loop',
    store: { buffer: to, dtype, index },
    lengths: shape,
    rank: shape.length,
    value: { op: 'load', dtype, buffer: from, index },
  }
}
