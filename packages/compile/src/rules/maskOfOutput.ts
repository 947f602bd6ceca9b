import { type GraphNode, scalarConstant } from '../graph.ts'
import type { Rewriting } from './rewriting.ts'

/**
 * Behind y = where(x ≤ c, c, x), the mask x ≤ c is y ≤ c: where c is no NaN, y is at most c just where x is, and a NaN of x is one
 * of y. So a relu's gradient needs its output alone, and its input need not be kept.
 */
export function maskOfOutput(node: GraphNode, rewriting: Rewriting): number | undefined {
  const { origin } = node
  if (origin.from !== 'kernel' || origin.kernel.family !== 'map') return undefined
  const { expression } = origin.kernel
  if (expression.op !== 'select') return undefined
  const inputs = [expression.condition, expression.x, expression.y].map((part) =>
    part.op === 'input' ? origin.inputs[part.index]! : undefined,
  )
  const [mask, bound, x] = inputs
  if (mask === undefined || bound === undefined || x === undefined) return undefined
  const compared = rewriting.nodes[mask]!.origin
  if (compared.from !== 'kernel' || compared.kernel.family !== 'map') return undefined
  const { expression: comparison } = compared.kernel
  if (comparison.op !== 'lessEqual' || comparison.x.op !== 'input' || comparison.y.op !== 'input') return undefined
  const value = scalarConstant(rewriting.nodes[bound]!)
  if (compared.inputs[comparison.x.index] !== x || compared.inputs[comparison.y.index] !== bound) return undefined
  if (value === undefined || Number.isNaN(value)) return undefined
  const y = rewriting.put(node)
  const inputsOfMask = compared.inputs.map((input) => (input === x ? y : input))
  rewriting.replace(mask, rewriting.put({ ...rewriting.nodes[mask]!, origin: { ...compared, inputs: inputsOfMask } }))
  return y
}
