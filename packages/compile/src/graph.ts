import { type AnyTensor, InternalError, knownValues, type Step, sizeOf, type TensorType } from '@cotangent/core'
import type { PlanKernel } from './plan-kernels.ts'

/** Where a node's value comes from: an argument of the call, a captured tensor, or a kernel over other nodes. */
type Origin =
  | { readonly from: 'argument'; readonly index: number }
  | { readonly from: 'constant'; readonly tensor: AnyTensor }
  | {
      readonly from: 'kernel'
      readonly kernel: PlanKernel
      readonly inputs: readonly number[]
      readonly name: string
      readonly scope: string
      /** How many reverse sweeps deep the step was; absent for what the compiler adds, which is as good as 0. */
      readonly order?: number
    }

/** One value of a graph, named by its place in {@link Graph.nodes}. */
export interface GraphNode extends TensorType {
  readonly origin: Origin
}

/** A traced function as plain data: nodes in topological order, and which of them are its results. */
export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly results: readonly number[]
}

/**
 * The graph of a recorded function of abstract `args`: composed steps are replaced by what they did inside. Tensors that stand for
 * the same value as an argument are given in `alike`, each with that argument.
 */
export function graphOf(
  args: readonly AnyTensor[],
  steps: readonly Step[],
  results: readonly AnyTensor[],
  alike: ReadonlyMap<AnyTensor, AnyTensor> = new Map(),
): Graph {
  const nodes: GraphNode[] = []
  const places = new Map<AnyTensor, number>()
  const put = (tensor: AnyTensor, origin: Origin): number => {
    nodes.push({ shape: tensor.shape, dtype: tensor.dtype, origin })
    places.set(tensor, nodes.length - 1)
    return nodes.length - 1
  }
  const placeOf = (tensor: AnyTensor): number => {
    const place = places.get(tensor)
    if (place !== undefined) return place
    if (knownValues(tensor) === undefined) throw new InternalError('a traced value that no recorded step made')
    return put(tensor, { from: 'constant', tensor })
  }
  const add = (step: Step): void => {
    if (knownValues(step.output) !== undefined) return
    if (step.inside) {
      step.inside.steps.forEach(add)
      places.set(step.output, placeOf(step.inside.result))
      return
    }
    const { primitive, options, scope, order } = step
    const kernel = primitive.kernel(step.inputs, options)
    if (kernel === undefined) throw new InternalError(`${primitive.name} has neither a kernel nor a composition`)
    put(step.output, { from: 'kernel', kernel, inputs: step.inputs.map(placeOf), name: primitive.name, scope, order })
  }
  for (const [index, tensor] of args.entries()) put(tensor, { from: 'argument', index })
  for (const [other, argument] of alike) places.set(other, placeOf(argument))
  for (const step of steps) add(step)
  return { nodes, results: results.map(placeOf) }
}

/** The inputs of a node, none for arguments and constants. */
export const inputsOf = (node: GraphNode): readonly number[] =>
  node.origin.from === 'kernel' ? node.origin.inputs : []

/** The one value of a constant of size 1. */
export function scalarConstant(node: GraphNode): number | undefined {
  if (node.origin.from !== 'constant' || sizeOf(node.shape) !== 1 || node.dtype === 'key') return undefined
  return knownValues(node.origin.tensor)?.[0]
}

/** The node with its inputs moved to other places. */
export function withInputs(node: GraphNode, move: (input: number) => number): GraphNode {
  if (node.origin.from !== 'kernel') return node
  return { ...node, origin: { ...node.origin, inputs: node.origin.inputs.map(move) } }
}
