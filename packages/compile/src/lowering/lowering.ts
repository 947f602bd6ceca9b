import type { Graph } from '../graph.ts'
import type { Placement } from '../placement.ts'

/** What tasks are made from. */
export interface Lowering {
  readonly graph: Graph
  readonly placement: Placement
  /** Nodes whose elements another's task has found on its way. */
  readonly found: Set<number>
}
