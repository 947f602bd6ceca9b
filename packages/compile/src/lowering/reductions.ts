import { isFloat, type Kernel, type Shape, sizeOf } from '@cotangent/core'
import { counter, located } from '../affine.ts'
import { affinesOf } from '../collapse.ts'
import type { Graph, GraphNode } from '../graph.ts'
import { orderOf } from '../layout.ts'
import type { Placement } from '../placement.ts'
import type { ContractTask, LoopTask } from '../tasks.ts'
import { type Value, ValueBuilder } from '../value.ts'
import type { Lowering } from './lowering.ts'

/** Elements folded along axes: a product with ones where columns are summed, with the twin search where there is one. */
export function reduction(
  { graph, placement, found }: Lowering,
  node: GraphNode,
  place: number,
  { op, axes }: Extract<Kernel, { family: 'reduce' }>,
  input: number,
): LoopTask | ContractTask {
  const source = graph.nodes[input]!.shape
  const kept = [...source.keys()].filter((axis) => !axes.includes(axis))
  const outer = orderOf(kept.length, placement.innermostOf(place)).map((axis) => kept[axis]!)
  const twin = twinOf(graph, placement, place, op, axes, input)
  // Places are counted in the axes' own order; whatever else is folded goes through memory as it lies there.
  const apart = placement.stridesOf(input)
  const counted = twin !== undefined || op === 'argMax' || op === 'argMin'
  const folded = counted ? axes : [...axes].sort((a, b) => apart[b]! - apart[a]! || a - b)
  const order = [...outer, ...folded]
  const lengths = order.map((axis) => source[axis]!)
  const coordinates = source.map((_, axis) => counter(order.indexOf(axis), lengths.length))
  const value = new ValueBuilder(graph, placement, lengths).at(input, coordinates)
  const index = located(
    placement.stridesOf(place),
    kept.map((axis) => coordinates[axis]!),
    lengths.length,
  )
  const store = { buffer: place, dtype: node.dtype, index }
  const counts = { batch: 0, rows: 0, columns: outer.length, summed: folded.length }
  if (op === 'sum' && isFloat(node.dtype) && sumsColumns(value, counts, lengths)) {
    const one: Value = { op: 'constant', dtype: node.dtype, value: 1 }
    return { kind: 'contract', store, lengths, counts, a: one, b: value }
  }
  const task: LoopTask = { kind: 'loop', store, lengths, rank: outer.length, fold: op, value }
  if (twin === undefined) return task
  found.add(twin)
  const other = { buffer: twin, dtype: graph.nodes[twin]!.dtype, index }
  const search = op === 'max' ? 'argMax' : op === 'min' ? 'argMin' : op
  return search === op ? { ...task, best: other } : { ...task, fold: search, store: other, best: store }
}

/** Rows summed from which on it pays to sum columns as a product with ones, which goes through memory once, in order. */
const MANY_ROWS = 64

function sumsColumns(value: Value, { columns }: ContractTask['counts'], lengths: Shape): boolean {
  if (columns === 0 || sizeOf(lengths.slice(columns)) < MANY_ROWS) return false
  const steps = affinesOf(value).map(({ by }) => by[columns - 1]!)
  return steps.includes(1) && steps.every((step) => step === 0 || step === 1)
}

/** The search for the place of what another node finds the value of, or the other way round: both are stored in one go. */
function twinOf(
  { nodes }: Graph,
  placement: Placement,
  place: number,
  op: string,
  axes: readonly number[],
  input: number,
): number | undefined {
  const other = { max: 'argMax', min: 'argMin', argMax: 'max', argMin: 'min' }[op]
  for (let at = place + 1; at < nodes.length; at++) {
    const { origin } = nodes[at]!
    if (origin.from !== 'kernel' || origin.kernel.family !== 'reduce' || origin.kernel.op !== other) continue
    const same = origin.inputs[0] === input && origin.kernel.axes.join() === axes.join()
    const alike = placement.innermostOf(at) === placement.innermostOf(place) && placement.bufferOf(at) === at
    if (same && alike) return at
  }
  return undefined
}
