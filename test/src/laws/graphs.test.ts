/** The gradients of whole random expressions. */
import { grad, jvp, type Tensor, tensor, vjp } from '@cotangent/core'
import { sum } from '@cotangent/ops'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs, SEED } from './all.ts'
import { type ExpressionNode, evaluate, expressions, leavesFor } from './expressions.ts'
import { derivative, weights } from './numerical.ts'

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
  property: (nodes: readonly ExpressionNode[], leaves: Tensor[], directions: Tensor[]) => void,
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
