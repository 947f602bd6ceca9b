import { sizeOf } from '@cotangent/core'
import type { ProgramPlan } from '../program-plan.ts'
import { storesOf } from '../tasks.ts'

/** The nodes that a task computes, in topological order: the one that it writes, and those that are computed at their use in it. */
export function fusedIn({ graph, placement, tasks }: ProgramPlan, at: number): readonly number[] {
  const { place, task } = tasks[at]!
  const { origin } = graph.nodes[place]!
  // A copy into carried state computes nothing.
  if (origin.from !== 'kernel') return []
  const found = new Set([place])
  const visit = (node: number): void => {
    const { origin } = graph.nodes[node]!
    // What a node finishes is made with it, in its memory.
    const elsewhere = placement.bufferOf(node) !== undefined && !made.has(node)
    if (found.has(node) || elsewhere || origin.from !== 'kernel') return
    found.add(node)
    origin.inputs.forEach(visit)
  }
  const made = new Set<number | undefined>([placement.finishes(place)])
  // Other results of the same loop.
  for (const { buffer } of storesOf(task)) {
    if (graph.nodes[buffer]!.origin.from !== 'kernel' || buffer === place) continue
    made.add(buffer)
    visit(buffer)
  }
  if (origin.kernel.family === 'concat') {
    // Each of the pieces is a task of its own.
    const pieces = origin.inputs.filter((input) => sizeOf(graph.nodes[input]!.shape) > 0)
    const before = tasks.slice(0, at).filter((task) => task.place === place).length
    visit(pieces[before]!)
  } else {
    origin.inputs.forEach(visit)
  }
  return [...found].sort((a, b) => a - b)
}
