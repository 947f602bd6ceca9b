/**
 * The reference backend: every kernel family in plain TypeScript, written to be read and checked. Sums are carried in float64
 * and rounded once. The compiled backend is held against it.
 */
import type { TypedArray } from '../dtype.ts'
import { InternalError } from '../errors.ts'
import type { Kernel, TensorType } from '../kernel/kernel.ts'
import { type AnyTensor, valuesOf } from '../tensor.ts'
import { evaluateContract } from './contract.ts'
import { evaluateConcat, evaluateGather, evaluateScan, evaluateScatterAdd } from './indexed.ts'
import { evaluateMap } from './map.ts'
import type { Operand } from './operand.ts'
import { evaluateRandom } from './random.ts'
import { evaluateReduce } from './reduce.ts'
import { evaluateScatterView, evaluateView } from './view.ts'

/** Runs one kernel; `operation` names it in messages about values, such as an index out of range. */
export function evaluate(
  operation: string,
  kernel: Kernel,
  inputs: readonly AnyTensor[],
  output: TensorType,
): TypedArray {
  const operands = inputs.map(operandOf)
  const [a, b, c] = operands
  if (kernel.family === 'map') return evaluateMap(kernel.expression, operands, output)
  if (kernel.family === 'concat') return evaluateConcat(kernel.axis, operands, output)
  if (a === undefined) throw new InternalError(`${operation}: a ${kernel.family} kernel without inputs`)
  switch (kernel.family) {
    case 'reshape':
      return a.array
    case 'reduce':
      return evaluateReduce(kernel.op, kernel.axes, a, output)
    case 'view':
      return evaluateView(kernel.view, a)
    case 'scatterView':
      return evaluateScatterView(kernel.view, a)
    case 'scan':
      return evaluateScan(kernel, a)
    case 'random':
      return evaluateRandom(kernel.draw, a, b, output)
  }
  if (b === undefined) throw new InternalError(`${operation}: a ${kernel.family} kernel needs two inputs`)
  switch (kernel.family) {
    case 'contract':
      return evaluateContract(kernel, a, b, output)
    case 'gather':
      return evaluateGather(operation, kernel, a, b, output)
    case 'scatterAdd':
      if (c === undefined) throw new InternalError(`${operation}: scatterAdd needs three inputs`)
      return evaluateScatterAdd(operation, kernel, a, b, c)
  }
}

function operandOf(tensor: AnyTensor): Operand {
  const array = valuesOf(tensor)
  if (array === undefined) throw new InternalError('a kernel was given a tensor without values')
  return { shape: tensor.shape, dtype: tensor.dtype, array }
}
