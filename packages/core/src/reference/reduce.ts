import { allocate, type TypedArray } from '../dtype.ts'
import type { ReduceOp, TensorType } from '../kernel/kernel.ts'
import { wholeView } from '../kernel/view.ts'
import { sizeOf } from '../shape.ts'
import type { Operand } from './operand.ts'
import { walkRows } from './view.ts'

/** Folds `axes` of `x` away. */
export function evaluateReduce(op: ReduceOp, axes: readonly number[], x: Operand, output: TensorType): TypedArray {
  const result = allocate(output.dtype, sizeOf(output.shape))
  const order = [...x.shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes)
  // Rows run along the last axis and must stay within one group: without folded axes that is one of length 1.
  const last = axes.length === 0 ? [{ source: -1, step: 0, length: 1 }] : []
  const walked = [...order.map((source) => ({ source, step: 1, length: x.shape[source]! })), ...last]
  const view = { ...wholeView(x.shape), shape: walked.map(({ length }) => length), axes: walked }
  const group = axes.reduce((product, axis) => product * x.shape[axis]!, 1)
  const from = x.array
  if (op === 'sum') {
    const total = new Float64Array(result.length)
    walkRows(view, (at, offset, stride, _, count) => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += from[offset + i * stride]!
      total[Math.floor(at / group)]! += sum
    })
    result.set(total)
    return result
  }
  const sign = op === 'max' || op === 'argMax' ? 1 : -1
  const asIndex = op === 'argMax' || op === 'argMin'
  const best = new Float64Array(result.length)
  walkRows(view, (at, offset, stride, _, count) => {
    const out = Math.floor(at / group)
    for (let i = 0; i < count; i++) {
      const value = from[offset + i * stride]!
      const place = at - out * group + i
      // The first element starts; later a larger one wins, and NaN beats every number.
      if (place === 0 || sign * (value - best[out]!) > 0 || (Number.isNaN(value) && !Number.isNaN(best[out]!))) {
        best[out] = value
        if (asIndex) result[out] = place
      }
    }
  })
  if (!asIndex) result.set(best)
  return result
}
