import { type Kernel, sizeOf } from '@cotangent/core'
import { type Graph, type GraphNode, inputsOf, scalarConstant } from './graph.ts'
import { costOf, onlyUnits } from './value.ts'

/** Which nodes have a place in memory, and which one they share it with. */
export interface Placement {
  /** The node whose memory holds this node's elements in row-major order; `undefined` where it is computed at its uses. */
  bufferOf(place: number): number | undefined
}

/** Elementwise work that is cheaper to do again at each use than to store and load. */
const CHEAP = 2

/**
 * Decides which nodes are stored: arguments, constants, results, what cannot be computed element by element, and what would be
 * computed several times over unless it is cheap. Everything else is fused into its uses.
 */
export function placementOf(graph: Graph): Placement {
  const { whole, repeated } = demandsOn(graph)
  const buffers: (number | undefined)[] = []
  // The work to compute one element anew, down to what is stored.
  const work: number[] = []
  graph.nodes.forEach((node, place) => {
    const inner = inputsOf(node).reduce((sum, input) => sum + work[input]!, 0)
    const buffer = bufferFor(
      node,
      place,
      buffers,
      whole.has(place) || (repeated.has(place) && ownWork(node) + inner > CHEAP),
    )
    buffers.push(buffer)
    work.push(buffer === undefined ? ownWork(node) + inner : 0)
  })
  return { bufferOf: (place) => buffers[place] }
}

function bufferFor(
  node: GraphNode,
  place: number,
  buffers: readonly (number | undefined)[],
  wanted: boolean,
): number | undefined {
  const { origin } = node
  if (origin.from !== 'kernel') return wanted || scalarConstant(node) === undefined ? place : undefined
  if (origin.kernel.family === 'reshape' && buffers[origin.inputs[0]!] !== undefined) return buffers[origin.inputs[0]!]
  return wanted || !ELEMENTWISE.has(origin.kernel.family) ? place : undefined
}

/** Nodes that must be in memory for their users, and those that are used several times or once for several elements. */
function demandsOn(graph: Graph): { whole: ReadonlySet<number>; repeated: ReadonlySet<number> } {
  const whole = new Set(graph.results)
  const used = new Set<number>()
  const repeated = new Set<number>()
  for (const node of graph.nodes) {
    for (const input of inputsOf(node)) {
      const grows = sizeOf(node.shape) > sizeOf(graph.nodes[input]!.shape) && familyOf(node) !== 'contract'
      if (used.has(input) || grows) repeated.add(input)
      used.add(input)
    }
    const { origin } = node
    if (origin.from !== 'kernel') continue
    const [first] = origin.inputs
    switch (origin.kernel.family) {
      case 'reshape':
        if (!onlyUnits(node.shape, graph.nodes[first!]!.shape)) whole.add(first!)
        break
      case 'gather':
        whole.add(first!)
        break
      case 'contract':
        for (const input of origin.inputs) if (COMPUTED.has(familyOf(graph.nodes[input]!))) whole.add(input)
        break
      case 'scan':
      case 'scatterAdd':
      case 'scatterView':
      case 'random':
        for (const input of origin.inputs) whole.add(input)
    }
  }
  // Looking at something twice is no work: what is looked at is stored, not the look.
  for (let place = graph.nodes.length - 1; place >= 0; place--) {
    const { origin } = graph.nodes[place]!
    if (!repeated.has(place) || origin.from !== 'kernel' || !LOOKS.has(origin.kernel.family)) continue
    repeated.delete(place)
    repeated.add(origin.inputs[0]!)
  }
  return { whole, repeated }
}

type Family = Kernel['family']

/** Families whose elements can be computed one by one, at their uses. */
const ELEMENTWISE: ReadonlySet<Family> = new Set(['map', 'view', 'reshape', 'gather'])

/** Families that hand elements on as they are. */
const LOOKS: ReadonlySet<Family> = new Set(['view', 'reshape'])

/** What a contraction does not compute while it reads its operands. */
const COMPUTED: ReadonlySet<Family | undefined> = new Set(['map', 'gather'] as const)

const familyOf = (node: GraphNode): Family | undefined =>
  node.origin.from === 'kernel' ? node.origin.kernel.family : undefined

function ownWork({ origin }: GraphNode): number {
  if (origin.from !== 'kernel') return 0
  if (origin.kernel.family === 'map') return costOf(origin.kernel.expression)
  return origin.kernel.family === 'gather' ? 2 : 0
}
