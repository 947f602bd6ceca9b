/** Compiled random expressions give what the reference backend gives: values, and gradients by all leaves. */
import { compile } from '@cotangent/compile'
import { type AnyTensor, grad, type Tensor, tensor } from '@cotangent/core'
import { add, mul, sum, tanh } from '@cotangent/ops'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agree, agreeExactly, agreeInSingle, ofSums, toFloat } from './agreement.ts'
import { runs, SEED } from './all.ts'
import { type ExpressionNode, evaluate, expressions, leavesFor } from './expressions.ts'

/** Matrices smaller than a vector, as wide as some, and with parts of vectors left over. */
const SIZES = [
  [2, 3],
  [1, 1],
  [5, 7],
  [4, 16],
  [9, 33],
] as const

const check = (
  count: number,
  property: (nodes: readonly ExpressionNode[], leaves: Tensor<'float64'>[]) => void,
): void =>
  fc.assert(
    fc.property(expressions, fc.constantFrom(...SIZES), ({ nodes, salt }, size) =>
      property(nodes, leavesFor(salt, size)),
    ),
    { seed: SEED, numRuns: runs(count) },
  )

const gradientsOf =
  (nodes: readonly ExpressionNode[]) =>
  (...leaves: readonly AnyTensor[]) =>
    // The leaves are float tensors.
    grad((...given: Tensor[]) => sum(evaluate(nodes, given)), { argnums: [...leaves.keys()] })(...(leaves as Tensor[]))

test('values in float64', () => {
  check(80, (nodes, leaves) => {
    const f = (...given: Tensor[]) => evaluate(nodes, given)
    agree('value', compile(f, { threads: 1 })(...leaves), f(...leaves))
  })
})

test('gradients in float64', () => {
  check(60, (nodes, leaves) => {
    const f = gradientsOf(nodes)
    agree('gradients', compile(f, { threads: 1 })(...leaves), f(...leaves))
  })
})

test('values and gradients in float32', () => {
  check(40, (nodes, leaves) => {
    const f = (...given: AnyTensor[]) => [evaluate(nodes, given as Tensor[]), gradientsOf(nodes)(...given)]
    const single = leaves.map((leaf) => toFloat(leaf, 'float32'))
    const wide = single.map((leaf) => toFloat(leaf, 'float64'))
    const results = { reference: f(...single), wide: f(...wide) }
    agreeInSingle('float32', compile(f, { threads: 1 })(...single), results, ofSums(leaves[0]!.size))
  })
})

test('several results: values on the way, arguments, captured tensors, and one twice', () => {
  const captured = tensor([[1, -2, 3]], { dtype: 'float64' })
  check(30, (nodes, leaves) => {
    const f = (...given: Tensor[]) => {
      const value = evaluate(nodes, given)
      return { value, again: value, given, captured, on: [tanh(value), add(value, value)], fixed: 'text', count: 3 }
    }
    const [got, expected] = [compile(f, { threads: 1 })(...leaves), f(...leaves)]
    agree('results', got, expected)
    agreeExactly('arguments', got.given, leaves)
    expect(got).toMatchObject({ fixed: 'text', count: 3 })
  })
})

test('arguments that nothing uses, and one tensor for several arguments', () => {
  const f = (a: Tensor, _: Tensor, c: Tensor) => ({ product: mul(a, c) })
  const x = tensor([1, 2, 3], { dtype: 'float64' })
  agreeExactly('results', compile(f, { threads: 1 })(x, x, x), f(x, x, x))
})
