/** Graphs that differ from another one by one small thing: what a rule looks for, but for that. */
import { type Expression, knownValues, sizeOf, type Tensor, tensor, type View } from '@cotangent/core'
import type { Graph, GraphNode } from '../graph.ts'
import type { PlanKernel } from '../plan-kernels.ts'

/** A graph, and what was changed in it. */
export interface Perturbed {
  readonly change: string
  readonly graph: Graph
}

/** All graphs with one change: of an input, a constant, or an option of a kernel; shapes and dtypes stay as they are. */
export function perturbationsOf(graph: Graph): Perturbed[] {
  return graph.nodes.flatMap((node, place) => {
    const with_ = (what: string, changed: GraphNode): Perturbed => ({
      change: `node ${place}: ${what}`,
      graph: { ...graph, nodes: graph.nodes.with(place, changed) },
    })
    const { origin } = node
    if (origin.from === 'argument') return []
    if (origin.from === 'constant') {
      return otherConstants(node).map(([what, other]) =>
        with_(what, { ...node, origin: { from: 'constant', tensor: other } }),
      )
    }
    const inputs = origin.inputs.flatMap((input, at) =>
      likeBefore(graph, input, place).map((other) =>
        with_(`input ${at} is node ${other}`, {
          ...node,
          origin: { ...origin, inputs: origin.inputs.with(at, other) },
        }),
      ),
    )
    const shapes = origin.inputs.map((input) => graph.nodes[input]!.shape)
    const kernels = otherKernels(origin.kernel, shapes).map((kernel) =>
      with_(JSON.stringify(kernel), { ...node, origin: { ...origin, kernel } }),
    )
    return [...inputs, ...kernels]
  })
}

/** The other nodes of the same shape and dtype before `place`. */
function likeBefore({ nodes }: Graph, input: number, place: number): number[] {
  const { shape, dtype } = nodes[input]!
  return [...nodes.keys()].filter(
    (at) => at < place && at !== input && nodes[at]!.dtype === dtype && nodes[at]!.shape.join() === shape.join(),
  )
}

function otherConstants({ origin, shape, dtype }: GraphNode): [what: string, tensor: Tensor][] {
  if (origin.from !== 'constant') return []
  const values = knownValues(origin.tensor)
  if (values === undefined || dtype === 'key') return []
  const made = (change: (values: number[]) => number[]): Tensor =>
    tensor(change([...(values as Iterable<number>)]), { shape, dtype }) as Tensor
  return [
    ['one more', made((all) => all.map((value) => value + 1))],
    ['less', made((all) => all.map((value) => value - 2))],
    ...(sizeOf(shape) > 1 ? [['in reverse', made((all) => all.reverse())] as [string, Tensor]] : []),
  ]
}

function otherKernels(kernel: PlanKernel, shapes: readonly (readonly number[])[]): PlanKernel[] {
  switch (kernel.family) {
    case 'map':
      return otherExpressions(kernel.expression).map((expression) => ({ ...kernel, expression }))
    case 'reduce': {
      const places = kernel.op === 'argMax' || kernel.op === 'argMin'
      const ops = places ? (['argMax', 'argMin'] as const) : (['max', 'min', 'sum'] as const)
      return ops.flatMap((op) => (op === kernel.op ? [] : [{ ...kernel, op }]))
    }
    case 'view':
    case 'scatterView':
      return otherViews(kernel.view).map((view) => ({ ...kernel, view }))
    case 'contract': {
      const { a, b, out } = kernel
      const lengths = new Map<number, number>()
      a.forEach((label, axis) => {
        lengths.set(label, shapes[0]![axis]!)
      })
      b.forEach((label, axis) => {
        lengths.set(label, shapes[1]![axis]!)
      })
      const lengthOf = (label: number) => lengths.get(label)!
      return [
        ...exchanges(a, lengthOf).map((labels) => ({ ...kernel, a: labels })),
        ...exchanges(b, lengthOf).map((labels) => ({ ...kernel, b: labels })),
        ...exchanges(out, lengthOf).map((labels) => ({ ...kernel, out: labels })),
        ...replacements(b, a, lengthOf).map((labels) => ({ ...kernel, b: labels })),
        ...replacements(out, [...a, ...b], lengthOf).map((labels) => ({ ...kernel, out: labels })),
      ]
    }
    default:
      return []
  }
}

/** Lists with two labels of the same length exchanged. */
const exchanges = (labels: readonly number[], lengthOf: (label: number) => number): number[][] =>
  labels.flatMap((one, at) =>
    labels.flatMap((other, to) =>
      to > at && lengthOf(one) === lengthOf(other) ? [labels.with(at, other).with(to, one)] : [],
    ),
  )

/** Lists with a label replaced by another one of the same length. */
const replacements = (
  labels: readonly number[],
  others: readonly number[],
  lengthOf: (label: number) => number,
): number[][] =>
  labels.flatMap((one, at) =>
    others.flatMap((other) =>
      !labels.includes(other) && lengthOf(one) === lengthOf(other) ? [labels.with(at, other)] : [],
    ),
  )

const OTHER_OPS: Readonly<Record<string, readonly string[]>> = {
  lessEqual: ['less', 'equal'],
  equal: ['notEqual', 'lessEqual'],
  add: ['sub', 'maximum'],
  mul: ['add'],
}

function otherExpressions(expression: Expression): Expression[] {
  const ops = (OTHER_OPS[expression.op] ?? []).map((op) => ({ ...expression, op }) as Expression)
  if (expression.op === 'select') return [{ ...expression, x: expression.y, y: expression.x }]
  return 'y' in expression ? [...ops, { ...expression, x: expression.y, y: expression.x }] : ops
}

function otherViews(view: View): View[] {
  const { shape, axes, start, source } = view
  return [
    ...start.flatMap((at, axis) => [-1, 1].map((by) => ({ ...view, start: start.with(axis, at + by) }))),
    ...axes.flatMap((axis, at) =>
      [axis.step + 1, -axis.step].map((step) => ({ ...view, axes: axes.with(at, { ...axis, step }) })),
    ),
    ...axes.flatMap((axis, at) =>
      axes.flatMap((other, to) =>
        to > at && shape[at] === shape[to] ? [{ ...view, axes: axes.with(at, other).with(to, axis) }] : [],
      ),
    ),
    ...axes.flatMap((axis, at) =>
      source.flatMap((_, other) =>
        other === axis.source ? [] : [{ ...view, axes: axes.with(at, { ...axis, source: other }) }],
      ),
    ),
    ...axes.map((_, at) => ({ ...view, axes: axes.with(at, { source: -1, step: 0 }) })),
    { ...view, fill: view.fill + 1 },
  ]
}
