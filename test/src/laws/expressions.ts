/** Random expressions over matrices: fan-out, values used again, broadcasts, a dozen operations deep. */
import { sizeOf, type Tensor, tensor } from '@cotangent/core'
import {
  add,
  broadcastTo,
  concat,
  cos,
  div,
  exp,
  flatten,
  gelu,
  logSumExp,
  matmul,
  mean,
  mul,
  neg,
  reshape,
  sigmoid,
  silu,
  sin,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
  transpose,
  variance,
} from '@cotangent/ops'
import fc from 'fast-check'
import { weights } from './numerical.ts'

const DEPTH = 12

/** One value of an expression: an operation on earlier values, which are named by how far back they are. */
export interface ExpressionNode {
  readonly operation: number
  readonly operands: readonly [number, number]
}

/** Smooth for every matrix, and tame: their results stay near 1, so that a dozen in a row do. */
const OPERATIONS: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => add(a, b),
  (a, b) => sub(tanh(a), b),
  (a, b) => mul(sin(a), b),
  (a, b) => mul(tanh(a), tanh(b)),
  (a, b) => div(sin(a), add(exp(cos(b)), 1)),
  (a) => mul(a, a),
  (a) => sigmoid(a),
  (a) => silu(sin(a)),
  (a) => gelu(tanh(a)),
  (a) => softplus(neg(tanh(a))),
  (a) => sqrt(add(square(tanh(a)), 0.5)),
  (a, b) => sub(tanh(a), mean(b, { axis: 1, keepDims: true })),
  (a) => sub(tanh(a), logSumExp(tanh(a), { axis: 0, keepDims: true })),
  (a) => softmax(tanh(a), { axis: 1 }),
  (a, b) => mul(tanh(a), variance(tanh(b), { axis: 0 })),
  (a, b) => matmul(matmul(tanh(a), transpose(tanh(b))), tanh(a)),
  (a, b) => slice(concat([tanh(a), b], { axis: 0 }), { begin: [1], end: [1 + a.shape[0]!] }),
  (a) => reshape(transpose(sin(a)), a.shape),
  (a) => reshape(flatten(cos(a)), a.shape),
]

/** Random expressions, and the `salt` of their leaves. */
export const expressions = fc.record({
  nodes: fc.array(
    fc.record<ExpressionNode>({
      operation: fc.nat(OPERATIONS.length - 1),
      operands: fc.tuple(fc.nat(DEPTH), fc.nat(DEPTH)),
    }),
    { minLength: 1, maxLength: DEPTH },
  ),
  salt: fc.nat(999),
})

/** The expression's value for its leaves, a matrix like the first of them: the last node, beside half the sum of all, so that no node is without use. */
export function evaluate(nodes: readonly ExpressionNode[], leaves: readonly Tensor[]): Tensor {
  const values: Tensor[] = leaves.map((leaf) => broadcastTo(leaf, leaves[0]!.shape))
  for (const { operation, operands } of nodes) {
    const [a, b] = operands.map((back) => values[values.length - 1 - (back % values.length)]!) as [Tensor, Tensor]
    // Squares of squares grow too fast to be compared to many digits.
    values.push(tame(OPERATIONS[operation]!(a, b)))
  }
  return values.reduce((total, value) => add(mul(total, 0.5), value))
}

const tame = (x: Tensor): Tensor => div(x, sqrt(add(mean(square(x)), 1)))

/** A matrix, and a row, a column and a scalar that broadcast to it. */
export const leavesFor = (salt: number, [rows, columns]: readonly [number, number] = [2, 3]): Tensor<'float64'>[] =>
  [[rows, columns], [columns], [rows, 1], []].map((shape, index) =>
    tensor(weights(sizeOf(shape), salt + index), { shape }),
  )
