import { type Graph, type GraphNode, inputsOf, scalarConstant } from './graph.ts'

/** The graph without what no result needs, and with equal computations made once. */
export function simplify(graph: Graph): Graph {
  return withoutDead(withoutRepeats(graph))
}

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

function withInputs(node: GraphNode, move: (input: number) => number): GraphNode {
  if (node.origin.from !== 'kernel') return node
  return { ...node, origin: { ...node.origin, inputs: node.origin.inputs.map(move) } }
}
