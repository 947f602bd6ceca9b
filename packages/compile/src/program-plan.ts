import { type Carry, placeCarried, separateCarried } from './carried.ts'
import { type WorkingMemory, workingMemory } from './emit/scratch.ts'
import type { Graph } from './graph.ts'
import { tasksOf } from './lower.ts'
import { type Placement, placementOf } from './placement.ts'
import { type MemoryPlan, planMemory } from './plan.ts'
import { depthFirstRegions, type Region } from './regions.ts'
import { sharedRows } from './shares.ts'
import { type SimplifyOptions, simplify } from './simplify.ts'
import type { NamedTask } from './tasks.ts'

/** A traced function after simplification, fusion and memory planning: what runs, in order, and where values lie. */
export interface ProgramPlan {
  readonly graph: Graph
  readonly placement: Placement
  readonly tasks: readonly NamedTask[]
  /** Which of them go image by image, or row by row. */
  readonly regions: readonly Region[]
  /** Nodes that are written where a carried argument lies, each with that argument. */
  readonly inPlace: ReadonlyMap<number, number>
  /** The captured tensors that lie in memory. */
  readonly constants: readonly number[]
  readonly memory: MemoryPlan
  readonly working: WorkingMemory
}

/** Plans a program whose arguments `carried` stay in memory between runs and are replaced as `carries` say. */
export function planProgram(
  traced: Graph,
  carried: Iterable<number>,
  carries: readonly Carry[],
  options: SimplifyOptions = {},
): ProgramPlan {
  const graph = separateCarried(simplify(traced, options), carries)
  const replacing = new Set(carries.map(({ result }) => graph.results[result]!))
  const placement = placementOf(graph, { replacing })
  const computed = tasksOf(graph, placement)
  const { inPlace, copies } = placeCarried(graph, placement, computed, carries)
  const constants = graph.nodes.flatMap(({ origin }, place) =>
    origin.from === 'constant' && placement.bufferOf(place) === place ? [place] : [],
  )
  const elsewhere = new Set([...carried, ...constants, ...inPlace.keys()])
  const fixed = new Set([...inPlace.keys(), ...carried, ...copies.map(({ place }) => place)])
  const inOrder = [...computed, ...copies]
  const { tasks, regions } = sharedRows(inOrder, depthFirstRegions(inOrder, fixed), fixed, graph)
  const memory = planMemory(graph, placement, tasks, elsewhere, regions)
  return { graph, placement, tasks, inPlace, constants, regions, memory, working: workingMemory(tasks, regions) }
}
