/** Whole random expressions: fan-out, values used again, broadcasts, a dozen operations deep. */
import { grad, jvp, type Tensor, tensor, vjp, zeros } from '@cotangent/core'
import {
  add,
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
  sum,
  tanh,
  transpose,
  variance,
} from '@cotangent/ops'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs, SEED } from './all.ts'
import { derivative, weights } from './numerical.ts'

/** The matrix that all values have, or a row, a column or a scalar that broadcasts to it. */
const [ROWS, COLUMNS] = [2, 3]
const LEAVES = [[ROWS, COLUMNS], [COLUMNS], [ROWS, 1], []]
const DEPTH = 12

/** One value of an expression: an operation on earlier values, which are named by how far back they are. */
interface Node {
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
  (a, b) => slice(concat([tanh(a), b], { axis: 0 }), { begin: [1], end: [1 + ROWS] }),
  (a) => reshape(transpose(sin(a)), [ROWS, COLUMNS]),
  (a) => reshape(flatten(cos(a)), [ROWS, COLUMNS]),
]

const expressions = fc.record({
  nodes: fc.array(
    fc.record<Node>({
      operation: fc.nat(OPERATIONS.length - 1),
      operands: fc.tuple(fc.nat(DEPTH), fc.nat(DEPTH)),
    }),
    { minLength: 1, maxLength: DEPTH },
  ),
  salt: fc.nat(999),
})

/** The expression's value for its leaves: the last node, beside half the sum of all, so that no node is without use. */
function evaluate(nodes: readonly Node[], leaves: readonly Tensor[]): Tensor {
  const values: Tensor[] = leaves.map((leaf) => add(leaf, zeros([ROWS, COLUMNS], { dtype: 'float64' })))
  for (const { operation, operands } of nodes) {
    const [a, b] = operands.map((back) => values[values.length - 1 - (back % values.length)]!) as [Tensor, Tensor]
    // Squares of squares grow too fast to be compared to many digits.
    values.push(tame(OPERATIONS[operation]!(a, b)))
  }
  return values.reduce((total, value) => add(mul(total, 0.5), value))
}

const tame = (x: Tensor): Tensor => div(x, sqrt(add(mean(square(x)), 1)))

const leavesFor = (salt: number): Tensor[] =>
  LEAVES.map((shape, index) =>
    tensor(
      weights(
        shape.reduce((size, length) => size * length, 1),
        salt + index,
      ),
      { shape },
    ),
  )

const moved = (leaves: readonly Tensor[], directions: readonly Tensor[], t: number): Tensor[] =>
  leaves.map((leaf, at) =>
    tensor(
      Float64Array.from(leaf.data, (element, index) => element + t * directions[at]!.data[index]!),
      { shape: leaf.shape },
    ),
  )

const inner = (xs: readonly Tensor[], ys: readonly Tensor[]): number => {
  let total = 0
  xs.forEach((x, at) => {
    for (let index = 0; index < x.size; index++) total += x.data[index]! * ys[at]!.data[index]!
  })
  return total
}

const near = (got: number, expected: number, tolerance: number, what: string): void =>
  expect(Math.abs(got - expected), `${what}: ${got} and ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected)),
  )

const check = (
  count: number,
  property: (nodes: readonly Node[], leaves: Tensor[], directions: Tensor[]) => void,
): void =>
  fc.assert(
    fc.property(expressions, ({ nodes, salt }) => property(nodes, leavesFor(salt), leavesFor(salt + 50))),
    { seed: SEED, numRuns: runs(count) },
  )

test('reverse mode agrees with numerical derivatives, element by element', () => {
  check(100, (nodes, leaves) => {
    const f = (...given: Tensor[]) => sum(evaluate(nodes, given))
    const gradients = grad(f, { argnums: [...leaves.keys()] })(...leaves) as readonly Tensor[]
    leaves.forEach((leaf, at) => {
      for (let index = 0; index < leaf.size; index++) {
        const unit = leaves.map((one, which) =>
          tensor(
            Float64Array.from({ length: one.size }, (_, place) => Number(which === at && place === index)),
            { shape: one.shape },
          ),
        )
        const numerical = derivative((t) => [f(...moved(leaves, unit, t)).item()])[0]!
        near(gradients[at]!.data[index]!, numerical, 1e-8, `leaf ${at}, element ${index}: tape and numerical`)
      }
    })
  })
})

test('forward mode agrees with numerical derivatives and with reverse mode', () => {
  check(200, (nodes, leaves, directions) => {
    const f = (...given: Tensor[]) => evaluate(nodes, given)
    const [, tangent] = jvp(f, leaves, directions)
    const numerical = derivative((t) => [...f(...moved(leaves, directions, t)).data])
    numerical.forEach((expected, index) => {
      near(tangent.data[index]!, expected, 1e-8, `element ${index}: jvp and numerical`)
    })
    const [value, pullback] = vjp(f, ...leaves)
    const cotangent = tensor(weights(value.size, 7), { shape: value.shape })
    const back = pullback(cotangent) as readonly Tensor[]
    near(inner([tangent], [cotangent]), inner(directions, back), 1e-12, '⟨jvp, w⟩ and ⟨direction, vjp of w⟩')
  })
})

test('second derivatives agree with numerical ones: reverse over reverse, and forward over reverse', () => {
  check(60, (nodes, leaves, directions) => {
    const f = (...given: Tensor[]) => sum(evaluate(nodes, given))
    const gradient = (...given: Tensor[]) => grad(f, { argnums: [...leaves.keys()] })(...given) as readonly Tensor[]
    const numerical = derivative((t) => gradient(...moved(leaves, directions, t)).flatMap((one) => [...one.data]))
    const [, tangents] = jvp(gradient, leaves, directions)
    const [, pullback] = vjp(gradient, ...leaves)
    const [forward, reverse] = [tangents, pullback(directions) as readonly Tensor[]].map((one) =>
      one.flatMap((x) => [...x.data]),
    )
    numerical.forEach((expected, index) => {
      near(forward![index]!, expected, 1e-7, `element ${index}: forward over reverse and numerical`)
      near(reverse![index]!, expected, 1e-7, `element ${index}: reverse over reverse and numerical`)
    })
  })
})
