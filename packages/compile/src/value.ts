import { type DType, type Expression, InternalError, type Kernel, type Shape, sizeOf, type View } from '@cotangent/core'
import { type Affine, fixed, located, rangeOf, throughView } from './affine.ts'
import { dividedByte } from './divided-bytes.ts'
import { type Graph, scalarConstant } from './graph.ts'
import type { Placement } from './placement.ts'

/** A condition on loop counters: 0 ≤ place < below. */
export interface Guard {
  readonly place: Affine
  readonly below: number
}

/** One element as an expression over the counters of a loop nest; objects used twice are computed once. */
export type Value =
  | { readonly op: 'constant'; readonly dtype: DType; readonly value: number }
  | {
      readonly op: 'load'
      readonly dtype: DType
      readonly buffer: number
      readonly index: Affine
      readonly indirect?: Indirect
    }
  | {
      readonly op: 'guard'
      readonly dtype: DType
      readonly guards: readonly Guard[]
      readonly value: Value
      readonly fill: number
    }
  | { readonly op: 'apply'; readonly dtype: DType; readonly name: ScalarOp; readonly operands: readonly Value[] }

/** A place that is looked up: `stride` elements times an int32 value from 0 to below `below`. */
export interface Indirect {
  readonly value: Value
  readonly stride: number
  readonly below: number
}

/** What an `apply` computes: the operations of scalar expressions. */
export type ScalarOp = Exclude<Expression['op'], 'input' | 'constant'>

/** Scattered tiles that are computed where they are used, as each of their elements comes from one of the tiles. */
interface Tiles {
  /** The node that they make up. */
  readonly place: number
  /** The node of tiles, and its coordinates in terms of the loops. */
  readonly input: number
  readonly coordinates: readonly Affine[]
}

/** The value of one node of a graph at given coordinates, down to loads from the nodes that are in memory. */
export class ValueBuilder {
  readonly #graph: Graph
  readonly #placement: Placement
  readonly #rank: number
  readonly #lengths: readonly number[]
  readonly #known = new Map<string, Value>()
  readonly #tiles: Tiles | undefined

  /** For a loop nest over axes of the given lengths, which may walk over the elements of tiles. */
  constructor(graph: Graph, placement: Placement, lengths: readonly number[], tiles?: Tiles) {
    this.#graph = graph
    this.#placement = placement
    this.#tiles = tiles
    this.#rank = lengths.length
    this.#lengths = lengths
  }

  /** The element of node `place` at `coordinates`, one an axis of it. */
  at(place: number, coordinates: readonly Affine[]): Value {
    const signature = `${place} ${JSON.stringify(coordinates)}`
    const before = this.#known.get(signature)
    if (before) return before
    const value = this.#build(place, coordinates)
    this.#known.set(signature, value)
    return value
  }

  /** What a node computes at `coordinates` from its inputs, whether or not the node itself is in memory. */
  computed(place: number, coordinates: readonly Affine[]): Value {
    const { origin, shape, dtype } = this.#graph.nodes[place]!
    if (origin.from !== 'kernel') throw new InternalError('an argument or constant is not computed')
    const [first] = origin.inputs
    switch (origin.kernel.family) {
      case 'map':
        return this.#expression(origin.kernel.expression, origin.inputs, shape, coordinates, undefined)
      case 'view':
        return this.#throughView(first!, origin.kernel.view, coordinates)
      case 'reshape':
        return this.at(first!, unitReshape(shape, this.#graph.nodes[first!]!.shape, coordinates, this.#rank))
      case 'gather':
        return this.#gathered(origin.kernel, origin.inputs, coordinates, dtype)
      default:
        throw new InternalError(`a ${origin.kernel.family} is not computed element by element`)
    }
  }

  #build(place: number, coordinates: readonly Affine[]): Value {
    const node = this.#graph.nodes[place]!
    const scalar = scalarConstant(node)
    if (scalar !== undefined) return { op: 'constant', dtype: node.dtype, value: scalar }
    if (place === this.#tiles?.place) return this.at(this.#tiles.input, this.#tiles.coordinates)
    const buffer = this.#placement.bufferOf(place)
    if (buffer === undefined) return this.computed(place, coordinates)
    return { op: 'load', dtype: node.dtype, buffer, index: this.#flat(place, coordinates) }
  }

  #flat(place: number, coordinates: readonly Affine[]): Affine {
    const { shape } = this.#graph.nodes[place]!
    const strides = this.#placement.stridesOf(place)
    const reaching = strides.map((stride, axis) => (shape[axis] === 1 ? 0 : stride))
    return located(reaching, coordinates, this.#rank)
  }

  #throughView(source: number, view: View, coordinates: readonly Affine[]): Value {
    const places = throughView(view, coordinates, this.#rank)
    const guards = places.flatMap((place, axis) => {
      const [low, high] = rangeOf(place, this.#lengths)
      return low < 0 || high >= view.source[axis]! ? [{ place, below: view.source[axis]! }] : []
    })
    const value = this.at(source, places)
    return guards.length === 0 ? value : { op: 'guard', dtype: value.dtype, guards, value, fill: view.fill }
  }

  #gathered(
    kernel: Extract<Kernel, { family: 'gather' }>,
    inputs: readonly number[],
    coordinates: readonly Affine[],
    dtype: DType,
  ): Value {
    const [x, indices] = inputs
    const source = this.#graph.nodes[x!]!.shape
    const { axis, batch } = kernel
    const rank = this.#graph.nodes[indices!]!.shape.length - batch
    const value = this.at(indices!, [...coordinates.slice(0, batch), ...coordinates.slice(axis, axis + rank)])
    const buffer = this.#placement.bufferOf(x!)
    if (buffer === undefined) throw new InternalError('a gather from what is not in memory')
    const around = [...coordinates.slice(0, axis), fixed(0, this.#rank), ...coordinates.slice(axis + rank)]
    const indirect = { value, stride: this.#placement.stridesOf(x!)[axis]!, below: source[axis]! }
    return { op: 'load', dtype, buffer, index: this.#flat(x!, around), indirect }
  }

  #expression(
    expression: Expression,
    inputs: readonly number[],
    shape: Shape,
    coordinates: readonly Affine[],
    adopt: DType | undefined,
  ): Value {
    if (expression.op === 'input') return this.#broadcast(inputs[expression.index]!, shape, coordinates)
    if (expression.op === 'constant') {
      if (adopt === undefined) throw new InternalError('a constant without a neighbour to take its dtype from')
      return { op: 'constant', dtype: adopt, value: expression.value }
    }
    const parts =
      expression.op === 'select'
        ? [expression.condition, expression.x, expression.y]
        : 'y' in expression
          ? [expression.x, expression.y]
          : [expression.x]
    const build = (part: Expression, beside: DType | undefined) =>
      this.#expression(part, inputs, shape, coordinates, beside)
    const known = parts.map((part, at) =>
      part.op === 'constant' ? undefined : build(part, at === 0 ? undefined : undefined),
    )
    const branches = expression.op === 'select' ? known.slice(1) : known
    const dtype = branches.find((value) => value !== undefined)?.dtype ?? adopt
    const operands = parts.map((part, at) => known[at] ?? build(part, dtype))
    const quotient = expression.op === 'div' ? dividedByte(operands[0]!, operands[1]!) : undefined
    return quotient ?? { op: 'apply', name: expression.op, operands, dtype: resultDType(expression, operands) }
  }

  #broadcast(place: number, shape: Shape, coordinates: readonly Affine[]): Value {
    const own = this.#graph.nodes[place]!.shape
    const lead = shape.length - own.length
    return this.at(
      place,
      own.map((length, axis) => (length === 1 ? fixed(0, this.#rank) : coordinates[axis + lead]!)),
    )
  }
}

function resultDType(expression: Expression, operands: readonly Value[]): DType {
  switch (expression.op) {
    case 'cast':
      return expression.dtype
    case 'equal':
    case 'notEqual':
    case 'less':
    case 'lessEqual':
    case 'not':
      return 'bool'
    case 'select':
      return operands[1]!.dtype
    default:
      return operands[0]!.dtype
  }
}

/** Coordinates of a reshape's source where only axes of length 1 come or go. */
function unitReshape(shape: Shape, source: Shape, coordinates: readonly Affine[], rank: number): Affine[] {
  const long = coordinates.filter((_, axis) => shape[axis] !== 1)
  return source.map((length) => (length === 1 ? fixed(0, rank) : long.shift()!))
}

/** Whether a reshape only adds or drops axes of length 1. */
export const onlyUnits = (a: Shape, b: Shape): boolean =>
  a.filter((length) => length !== 1).join() === b.filter((length) => length !== 1).join()

/** How much work one element takes: loads and simple arithmetic 1, functions such as exp more. */
export function costOf(expression: Expression): number {
  switch (expression.op) {
    case 'input':
    case 'constant':
      return 0
    case 'select':
      return 1 + costOf(expression.condition) + costOf(expression.x) + costOf(expression.y)
    default: {
      const inner = costOf(expression.x) + ('y' in expression ? costOf(expression.y) : 0)
      return inner + (EXPENSIVE.has(expression.op) ? 10 : 1)
    }
  }
}

/** The scalar functions that are called rather than one instruction. */
export const FUNCTIONS = ['exp', 'expm1', 'log', 'log1p', 'sin', 'cos', 'tanh', 'erf', 'pow'] as const

const EXPENSIVE: ReadonlySet<string> = new Set([...FUNCTIONS, 'div', 'sqrt'])

/** The bytes of one element in memory. */
export const bytesOf = (dtype: DType): number => {
  if (dtype === 'float64' || dtype === 'key') return 8
  return dtype === 'uint8' || dtype === 'bool' ? 1 : 4
}

/** The bytes of a whole tensor. */
export const tensorBytes = (shape: Shape, dtype: DType): number => sizeOf(shape) * bytesOf(dtype)
