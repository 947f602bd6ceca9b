import { sizeOf, type View } from '@cotangent/core'
import { type Graph, type GraphNode, inputsOf, scalarConstant } from './graph.ts'
import { innermostAxes, stridesFor } from './layout.ts'
import type { PlanKernel } from './plan-kernels.ts'
import { isTiling, leavesSource, viewOf } from './rules/window.ts'
import { costOf, onlyUnits } from './value.ts'

/** Which nodes have a place in memory, which one they share it with, and how they lie there. */
export interface Placement {
  /** The node whose memory holds this node's elements; `undefined` where it is computed at its uses. */
  bufferOf(place: number): number | undefined
  /** The axis that lies innermost in memory; `undefined` for row-major order. */
  innermostOf(place: number): number | undefined
  /** How far apart in memory, in elements, neighbours along each axis of a node are. */
  stridesOf(place: number): readonly number[]
  /** The products or scattered tiles that a node finishes, elementwise, where they are made. */
  finishes(place: number): number | undefined
}

export interface PlacementOptions {
  /** Results that may be written over the arguments which they replace, if loops compute them. */
  readonly replacing?: ReadonlySet<number>
}

/** Elementwise work that is cheaper to do again at each use than to store and load. */
const CHEAP = 2

/**
 * Decides which nodes are stored: arguments, constants, results, what cannot be computed element by element, and what would be
 * computed several times over unless it is cheap. Everything else is fused into its uses.
 */
export function placementOf(graph: Graph, { replacing = new Set() }: PlacementOptions = {}): Placement {
  const innermost = [...innermostAxes(graph)]
  const { whole, repeated } = demandsOn(graph)
  const buffers: (number | undefined)[] = []
  // The work to compute one element anew, down to what is stored.
  const work: number[] = []
  graph.nodes.forEach((node, place) => {
    const inner = inputsOf(node).reduce((sum, input) => sum + work[input]!, 0)
    const wanted = whole.has(place) || (repeated.has(place) && ownWork(node) + inner > CHEAP)
    const buffer = bufferFor(graph, innermost, place, buffers, wanted)
    buffers.push(buffer)
    work.push(buffer === undefined ? ownWork(node) + inner : 0)
  })
  const finished = finishing(graph, buffers, innermost, replacing)
  return {
    bufferOf: (place) => buffers[place],
    innermostOf: (place) => innermost[place],
    stridesOf: (place) => stridesFor(graph.nodes[place]!.shape, innermost[place]),
    finishes: (place) => finished.get(place),
  }
}

function bufferFor(
  { nodes }: Graph,
  innermost: readonly (number | undefined)[],
  place: number,
  buffers: readonly (number | undefined)[],
  wanted: boolean,
): number | undefined {
  const node = nodes[place]!
  const { origin } = node
  if (origin.from !== 'kernel') return wanted || scalarConstant(node) === undefined ? place : undefined
  if (origin.kernel.family === 'reshape') {
    const [source] = origin.inputs
    const from = nodes[source!]!
    if (buffers[source!] !== undefined && sameOrder(from, innermost[source!], node, innermost[place])) {
      return buffers[source!]
    }
    // Elements in another order are put into theirs.
    if (!onlyUnits(from.shape, node.shape)) return place
  }
  return wanted || !ELEMENTWISE.has(origin.kernel.family) ? place : undefined
}

/** Whether a reshape leaves every element where it is. */
function sameOrder(
  from: GraphNode,
  innerFrom: number | undefined,
  to: GraphNode,
  innerTo: number | undefined,
): boolean {
  if (innerFrom === undefined && innerTo === undefined) return true
  const long = ({ shape }: GraphNode, inner: number | undefined): string => {
    const strides = stridesFor(shape, inner)
    return shape.flatMap((length, axis) => (length === 1 ? [] : [`${length}/${strides[axis]}`])).join()
  }
  return long(from, innerFrom) === long(to, innerTo)
}

/** Nodes that must be in memory for their users, and those that are used several times or once for several elements. */
function demandsOn(graph: Graph): { whole: ReadonlySet<number>; repeated: ReadonlySet<number> } {
  const whole = new Set(graph.results)
  const repeated = repeatedIn(graph)
  for (const node of graph.nodes) {
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
        for (const input of origin.inputs) {
          const operand = graph.nodes[input]!
          if (COMPUTED.has(familyOf(operand))) whole.add(input)
          const padded = paddedBefore(graph, operand)
          if (padded !== undefined) whole.add(padded)
        }
        break
      case 'pooledFilters': {
        const [windows, numbers, cotangents] = origin.inputs
        const padded = paddedBefore(graph, graph.nodes[windows!]!)
        for (const input of [numbers!, cotangents!, ...(padded === undefined ? [] : [padded])]) whole.add(input)
        break
      }
      case 'winogradImages':
      case 'winogradFilters':
        for (const input of origin.inputs) if (COMPUTED.has(familyOf(graph.nodes[input]!))) whole.add(input)
        // Filters are looked at, but nothing is computed on the way.
        if (origin.kernel.family === 'winogradImages' && !liesInMemory(graph, origin.inputs[1]!)) {
          whole.add(origin.inputs[1]!)
        }
        break
      case 'scatterView':
        if (!isTiling(origin.kernel.view)) whole.add(first!)
        break
      case 'scan':
      case 'scatterAdd':
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

/** What a view looks at, where that is padded: it is so once, not at each look. */
function paddedBefore({ nodes }: Graph, node: GraphNode): number | undefined {
  const [source] = inputsOf(node)
  const padding = source === undefined ? undefined : viewOf(nodes[source]!)
  return viewOf(node) && padding && leavesSource(padding) ? source : undefined
}

/** Whether each element of a node lies somewhere in memory once what cannot be computed element by element is stored. */
function liesInMemory(graph: Graph, place: number): boolean {
  const node = graph.nodes[place]!
  const view = viewOf(node)
  if (view !== undefined) return !leavesSource(view) && liesInMemory(graph, inputsOf(node)[0]!)
  const family = familyOf(node)
  if (family === undefined) return true
  if (family !== 'reshape') return !ELEMENTWISE.has(family)
  const [source] = inputsOf(node)
  return !onlyUnits(graph.nodes[source!]!.shape, node.shape) || liesInMemory(graph, source!)
}

/** Nodes that several others use, unless all for one element of the last of them; and those repeated for several elements of one. */
function repeatedIn(graph: Graph): Set<number> {
  const repeated = new Set<number>()
  const users = usersIn(graph)
  graph.nodes.forEach((node, place) => {
    const own = users[place]!
    const last = own.at(-1)
    const within = own.every(
      (user) =>
        isMapOf(graph.nodes[user]!, node.shape) &&
        (user === last || users[user]!.every((next) => own.includes(next) && next > user)),
    )
    if (own.length > 1 && !within) repeated.add(place)
    const grows = own.some((user) => {
      const { shape } = graph.nodes[user]!
      return sizeOf(shape) > sizeOf(node.shape) && familyOf(graph.nodes[user]!) !== 'contract'
    })
    if (grows) repeated.add(place)
  })
  return repeated
}

/** The nodes that use each node, in order. */
function usersIn(graph: Graph): number[][] {
  const users: number[][] = graph.nodes.map(() => [])
  graph.nodes.forEach((node, place) => {
    for (const input of new Set(inputsOf(node))) users[input]!.push(place)
  })
  return users
}

const isMapOf = (node: GraphNode, shape: readonly number[]): boolean =>
  familyOf(node) === 'map' && node.shape.join() === shape.join()

/**
 * Which stored nodes compute products or scattered tiles further, element by element, and are all that uses these: they are made in
 * the memory of what finishes them (bias, activation, mask), piece by piece while that is in cache. Changes `buffers` and
 * `innermost` accordingly.
 */
function finishing(
  graph: Graph,
  buffers: (number | undefined)[],
  innermost: (number | undefined)[],
  replacing: ReadonlySet<number>,
): ReadonlyMap<number, number> {
  const users = usersIn(graph)
  const finished = new Map<number, number>()
  const results = new Set(graph.results)
  graph.nodes.forEach((node, place) => {
    const family = familyOf(node)
    const tiles = node.origin.from === 'kernel' && node.origin.kernel.family === 'scatterView'
    if (family !== 'contract' && family !== 'winogradImages' && !tiles) return
    if (tiles && !isTiling((node.origin as { kernel: { view: View } }).kernel.view)) return
    if (results.has(place) || buffers[place] !== place || sizeOf(node.shape) === 0) return
    const finisher = onlyFinisher(place)
    if (finisher === undefined || finished.has(finisher) || replacing.has(finisher)) return
    finished.set(finisher, place)
    buffers[place] = tiles ? undefined : finisher
    innermost[place] = innermost[finisher]
  })
  return finished

  /** The one stored node in which all uses of `place` end, on the way through elementwise operations alone. */
  function onlyFinisher(place: number): number | undefined {
    const { shape, dtype } = graph.nodes[place]!
    const ends = new Set<number>()
    const waiting = [...users[place]!]
    while (waiting.length > 0) {
      const user = waiting.pop()!
      if (!isMapOf(graph.nodes[user]!, shape)) return undefined
      if (buffers[user] === undefined) waiting.push(...users[user]!)
      else if (buffers[user] === user) ends.add(user)
      else return undefined
    }
    const [end] = ends
    return ends.size === 1 && graph.nodes[end!]!.dtype === dtype ? end : undefined
  }
}

type Family = PlanKernel['family']

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
