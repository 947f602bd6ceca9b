import { type Graph, type GraphNode, inputsOf, scalarConstant, withInputs } from './graph.ts'
import { maskOfOutput } from './rules/maskOfOutput.ts'
import { maskedPooling, summedPooling } from './rules/maxPool.ts'
import { paddedFirst } from './rules/paddedFirst.ts'
import { pooledFilters } from './rules/pooledFilters.ts'
import { rewrite } from './rules/rewriting.ts'
import { transposedWindow } from './rules/transposedWindow.ts'
import { winogradFilters, winogradImages } from './rules/winograd.ts'

export interface SimplifyOptions {
  /** Whether 3×3 convolutions of stride 1 become Winograd's in float32. Default true. */
  readonly winograd?: boolean
}

/** The graph without what no result needs, with equal computations made once, and with what the rules make of it. */
export const simplify = (graph: Graph, options: SimplifyOptions = {}): Graph =>
  REWRITES.reduce((rewritten, { rewrite }) => rewrite(rewritten, options), graph)

/** A change of the graph that leaves its results as they are. */
interface Rewrite {
  /** What it is that goes; absent where operations are replaced by others. */
  readonly removes?: string
  readonly rewrite: (graph: Graph, options: SimplifyOptions) => Graph
}

/** In the order in which they are made. */
export const REWRITES: readonly Rewrite[] = [
  { removes: 'computed twice', rewrite: withoutRepeats },
  // Contractions into windows become contractions of windows first, so that the rules behind see those alone.
  { rewrite: (graph) => rewrite(graph, [maskOfOutput, maskedPooling, summedPooling, transposedWindow]) },
  {
    rewrite: (graph, { winograd = true }) =>
      rewrite(graph, winograd ? [winogradImages, winogradFilters, paddedFirst] : [paddedFirst]),
  },
  { rewrite: (graph) => rewrite(graph, [pooledFilters]) },
  { removes: 'computed twice', rewrite: withoutRepeats },
  { removes: 'needed by no result', rewrite: withoutDead },
]

/** Nodes with the same kernel over the same inputs become one. */
function withoutRepeats(graph: Graph): Graph {
  const nodes: GraphNode[] = []
  const places: number[] = []
  const seen = new Map<string, number>()
  for (const node of graph.nodes) {
    const moved = withInputs(node, (input) => places[input]!)
    const signature = signatureOf(moved)
    const before = signature === undefined ? undefined : seen.get(signature)
    if (before !== undefined) {
      places.push(before)
      continue
    }
    nodes.push(moved)
    places.push(nodes.length - 1)
    if (signature !== undefined) seen.set(signature, nodes.length - 1)
  }
  return { nodes, results: graph.results.map((place) => places[place]!) }
}

/** What two nodes that compute the same share; options and kernels are plain data. Infinities and −0 are no JSON: spelled out. */
function signatureOf(node: GraphNode): string | undefined {
  const { origin } = node
  // Each number written in a function is a tensor of its own.
  const scalar = scalarConstant(node)
  if (scalar !== undefined) return `${spell(scalar)} ${node.dtype} ${node.shape.join(',')}`
  if (origin.from !== 'kernel') return undefined
  const spelled = JSON.stringify(origin.kernel, (_, value) => spell(value))
  return `${spelled} ${origin.inputs.join(',')} ${node.dtype} ${node.shape.join(',')}`
}

const spell = (value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `number ${Object.is(value, -0) ? '-0' : value}`
    : value

/** Only the arguments, and what the results depend on. */
function withoutDead(graph: Graph): Graph {
  const needed = new Set(graph.results)
  for (let place = graph.nodes.length - 1; place >= 0; place--) {
    if (needed.has(place)) for (const input of inputsOf(graph.nodes[place]!)) needed.add(input)
  }
  const nodes: GraphNode[] = []
  const places = new Map<number, number>()
  graph.nodes.forEach((node, place) => {
    if (!needed.has(place) && node.origin.from !== 'argument') return
    nodes.push(withInputs(node, (input) => places.get(input)!))
    places.set(place, nodes.length - 1)
  })
  return { nodes, results: graph.results.map((place) => places.get(place)!) }
}
