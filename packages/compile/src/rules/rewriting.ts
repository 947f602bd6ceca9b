import { type Graph, type GraphNode, withInputs } from '../graph.ts'

/**
 * A rewrite: for a node whose inputs are rewritten already, the place of an equal node that is better, put there with
 * {@link Rewriting.put} where it is new; `undefined` where the rule does not fit.
 */
export type Rule = (node: GraphNode, rewriting: Rewriting) => number | undefined

/** A graph while rules go through it, node by node. */
export class Rewriting {
  readonly nodes: GraphNode[] = []
  /** Nodes that others stand for from now on. */
  readonly #replaced = new Map<number, number>()

  put(node: GraphNode): number {
    this.nodes.push(node)
    return this.nodes.length - 1
  }

  /** Lets what follows use `better` wherever it would use `place`. */
  replace(place: number, better: number): void {
    this.#replaced.set(place, better)
  }

  /** The node to use for `place`. */
  current(place: number): number {
    return this.#replaced.get(place) ?? place
  }
}

/** The graph after each node went through the rules; the first that fits is applied. */
export function rewrite(graph: Graph, rules: readonly Rule[]): Graph {
  const rewriting = new Rewriting()
  const places: number[] = []
  const move = (place: number) => rewriting.current(places[place]!)
  for (const node of graph.nodes) {
    const moved = withInputs(node, move)
    let place: number | undefined
    for (const rule of rules) {
      place = rule(moved, rewriting)
      if (place !== undefined) break
    }
    places.push(place ?? rewriting.put(moved))
  }
  return { nodes: rewriting.nodes, results: graph.results.map(move) }
}
