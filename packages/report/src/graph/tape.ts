import { type AnyTensor, isFloat, knownValues, type Step, type Tape, Tensor, type Tree, treeMap } from '@cotangent/core'
import { dotOf } from './dot.ts'
import { type Drawing, type DrawnEdge, legendOf, type Role } from './drawing.ts'
import { originsOf } from './movement.ts'
import { type Place, Sketch } from './sketch.ts'
import { normText, operationLines, typeText, valueText } from './text.ts'

/** How a tape is drawn. */
export interface GraphOptions {
  /** Default: `tape`. */
  readonly title?: string
  /** Trees whose tensors are called by their paths: what is learnt, what else comes in, and what comes out. */
  readonly parameters?: Tree
  readonly inputs?: Tree
  readonly outputs?: Tree
  /** Without the steps of reverse sweeps and what is made from them. Default: false. */
  readonly forwardOnly?: boolean
  /** A scalar of the tape: its gradient with respect to each value is written below that value, as in the book's figures. */
  readonly gradientOf?: Tensor
  /** Write the elements of tensors that have at most six. Default: true for a tape of at most 24 steps. */
  readonly values?: boolean
  /** Write what only moves elements (reshapes, transposes, broadcasts, slices) on the edges, without nodes. Default: false. */
  readonly collapseMovement?: boolean
  /** Default: `down`. */
  readonly direction?: Drawing['direction']
}

/**
 * A tape as a drawing in Graphviz' DOT language: operations are nodes, the tensors between them edges with their shapes. What
 * reverse sweeps recorded has another colour and flows back up; the steps of one `scope`, such as a layer, stand in one box.
 * Values that are not there yet, as in a trace on shapes alone, are not shown. The same tape and options give the same text.
 *
 * @throws GradientError where `gradientOf` is not a float scalar.
 * @example
 * const [price, tax] = [tensor(100), tensor(1.1)]
 * const [total, tape] = record(() => mul(mul(price, 2), tax))
 * const dot = graphToDot(tape, { inputs: { price, tax }, outputs: { total }, gradientOf: total, direction: 'right' })
 * const svg = await renderSvg(dot)
 */
export const graphToDot = (tape: Tape, options: GraphOptions = {}): string => dotOf(drawTape(tape, options))

/** Elements are shown on tapes of at most so many steps. */
const SMALL = 24

/** A constant has a node of its own, with room for so many elements. */
const MOST_SHOWN = 12

/** A tape as nodes and edges. */
function drawTape(tape: Tape, options: GraphOptions): Drawing {
  const { title = 'tape', direction = 'down', forwardOnly = false, collapseMovement = false } = options
  const roles = rolesOf(tape.steps)
  const steps = tape.steps.filter((step) => !forwardOnly || roles.get(step.output) === 'forward')
  const origins = originsOf(steps, collapseMovement)
  const originOf = (tensor: AnyTensor) => origins.get(tensor) ?? { tensor, moves: [] }
  const names = namesOf(options)
  const linesOf = edgeLines(tape, options)
  const sketch = new Sketch()
  const places = new Map<AnyTensor, Place>()

  const connect = (input: AnyTensor, to: Place): void => {
    const { tensor, moves } = originOf(input)
    const from = places.get(tensor) ?? leaf(tensor, to)
    sketch.connect(from, to, linesOf(tensor, moves, from.role))
  }
  const leaf = (tensor: AnyTensor, user: Place): Place => {
    const name = names.get(tensor)
    const place = sketch.put({
      role: name?.role ?? 'data',
      shape: 'tab',
      lines: [name?.text ?? valueText(tensor, MOST_SHOWN) ?? 'constant'],
      scope: name?.role === 'data' ? '' : user.scope,
      order: user.order,
    })
    places.set(tensor, place)
    return place
  }
  /** A scalar that stands in the node of the operation that it takes part in. */
  const constantOf = (input: AnyTensor): string | undefined => {
    const { tensor } = originOf(input)
    return tensor.rank > 0 || places.has(tensor) || names.has(tensor) ? undefined : valueText(tensor)
  }

  for (const step of steps) {
    if (origins.has(step.output)) continue
    const constants = step.inputs.map(constantOf)
    const lines = operationLines(step, constants)
    const place = sketch.put({
      role: roles.get(step.output)!,
      shape: lines.length === 1 && lines[0]!.length === 1 ? 'circle' : 'box',
      lines,
      scope: step.scope,
      order: step.order,
    })
    step.inputs.forEach((input, index) => {
      if (constants[index] === undefined) connect(input, place)
    })
    places.set(step.output, place)
  }
  treeMap((output, path) => {
    const place = places.get(originOf(output).tensor)
    if (place === undefined) return
    const { scope, order } = place
    const role = place.role === 'parameter' ? 'data' : place.role
    connect(output, sketch.put({ role, shape: 'plain', lines: [nameOf(path)], scope, order }))
  }, options.outputs)
  const legend = options.gradientOf === undefined ? legendOf(sketch.nodes) : VALUES_AND_GRADIENTS
  return { title, legend, direction, nodes: sketch.nodes, edges: sketch.edges }
}

const VALUES_AND_GRADIENTS = [
  { text: 'values', role: 'forward' },
  { text: 'gradients', role: 'backward' },
] as const

/** What each step is a part of: the function, a reverse sweep, or what is made from the gradients afterwards. */
function rolesOf(steps: readonly Step[]): ReadonlyMap<AnyTensor, Role> {
  const roles = new Map<AnyTensor, Role>()
  for (const { order, inputs, output } of steps) {
    const follows = inputs.some((input) => roles.get(input) === 'backward' || roles.get(input) === 'update')
    roles.set(output, order > 0 ? 'backward' : follows ? 'update' : 'forward')
  }
  return roles
}

function namesOf({ parameters, inputs }: GraphOptions): ReadonlyMap<AnyTensor, { text: string; role: Role }> {
  const names = new Map<AnyTensor, { text: string; role: Role }>()
  const name = (tree: Tree, role: Role) =>
    treeMap((tensor, path) => names.set(tensor, { text: nameOf(path), role }), tree)
  name(inputs, 'data')
  name(parameters, 'parameter')
  return names
}

/** The path of a leaf in its tree, `.dense1.W`, as a name. */
const nameOf = (path: string): string => path.replace(/^\./, '') || 'value'

/** What is written on an edge: the value or the type of its tensor, how it is moved, and the gradient. */
function edgeLines(tape: Tape, { gradientOf, values = tape.steps.length <= SMALL }: GraphOptions) {
  const gradients = gradientOf === undefined ? undefined : allGradients(tape, gradientOf)
  return (tensor: AnyTensor, moves: readonly string[], role: Role): DrawnEdge['lines'] => {
    const gradient = gradients?.get(tensor)
    return [
      { text: (values ? valueText(tensor) : undefined) ?? typeText(tensor), role },
      ...moves.map((text) => ({ text, role })),
      ...(gradient ? [{ text: valueText(gradient) ?? normText(gradient), role: 'backward' as const }] : []),
    ]
  }
}

/** The gradient of `target` with respect to each float tensor of the tape. */
function allGradients(tape: Tape, target: Tensor): ReadonlyMap<AnyTensor, AnyTensor> {
  const all = new Set(tape.steps.flatMap(({ inputs, output }) => [...inputs, output]))
  const floats = [...all].filter((tensor) => isFloat(tensor.dtype) && knownValues(tensor) !== undefined)
  const found = tape.gradient(target, floats)
  return new Map(
    floats.flatMap((tensor, index) => {
      const gradient: unknown = found[index]
      return gradient instanceof Tensor ? [[tensor, gradient] as const] : []
    }),
  )
}
