import type { DrawnEdge, DrawnNode } from './drawing.ts'

/** A node while a drawing grows. */
export interface Place extends DrawnNode {
  /** How many reverse sweeps deep; of data, that of its first use. */
  readonly order: number
}

/** The nodes and edges of a drawing that grows. */
export class Sketch {
  readonly nodes: DrawnNode[] = []
  readonly edges: DrawnEdge[] = []

  put(node: Omit<Place, 'id'>): Place {
    const placed = { id: `n${this.nodes.length}`, ...node }
    this.nodes.push(placed)
    return placed
  }

  /**
   * Sweeps over the function and over sweeps flow in turns up and down. What leads from one to another has no say in the layout,
   * and no text, since its tensor has one where it is used beside where it was made.
   */
  connect(from: Place, to: Place, lines: DrawnEdge['lines']): void {
    const loose = from.order !== to.order && to.role !== 'update'
    this.edges.push({
      from: from.id,
      to: to.id,
      role: from.role,
      lines: loose ? [] : lines,
      against: from.order === to.order && to.order % 2 === 1,
      across: from.scope !== to.scope,
      loose,
    })
  }
}
