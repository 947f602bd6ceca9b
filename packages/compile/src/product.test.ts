import { zeros } from '@cotangent/core'
import { einsum, matmul, transpose } from '@cotangent/ops'
import { expect, test } from 'vitest'
import type { Graph } from './graph.ts'
import { tasksOf } from './lower.ts'
import { placementOf } from './placement.ts'
import { distance, type Product, panelsOf, productOf, readingOfB, sizesOf, turnsOf } from './product.ts'
import { simplify } from './simplify.ts'
import { trace } from './trace.ts'

/** The matrices of the only contraction of `f`. */
function productFor(f: (...args: never[]) => unknown, ...shapes: (readonly number[])[]): Product {
  const graph = simplify(
    trace(
      f,
      shapes.map((shape) => zeros(shape)),
    ).graph,
  )
  return productIn(graph)
}

function productIn(graph: Graph): Product {
  const contractions = tasksOf(graph, placementOf(graph)).flatMap(({ task }) =>
    task.kind === 'contract' ? [task] : [],
  )
  expect(contractions).toHaveLength(1)
  return productOf(contractions[0]!)
}

/** How many turns each kind of loop has. */
const turns = (product: Product) => ({
  outer: turnsOf(product.task, product.outer),
  sums: turnsOf(product.task, product.sums),
  ...sizesOf(product),
})

test('a matrix product is one, whichever operand is transposed', () => {
  const sizes = { outer: 1, sums: 1, between: 1, m: 3, n: 5, k: 4 }
  expect(turns(productFor((a: never, b: never) => matmul(a, b), [3, 4], [4, 5]))).toEqual(sizes)
  expect(turns(productFor((a: never, b: never) => matmul(transpose(a), b), [4, 3], [4, 5]))).toEqual(sizes)
  expect(turns(productFor((a: never, b: never) => matmul(a, transpose(b)), [3, 4], [5, 4]))).toEqual(sizes)
})

test('axes that lie side by side are one, others are loops around', () => {
  expect(turns(productFor((a: never, b: never) => einsum('bik,kj->bij', a, b), [2, 3, 4], [4, 5]))).toEqual({
    outer: 1,
    sums: 1,
    between: 1,
    m: 6,
    n: 5,
    k: 4,
  })
  expect(turns(productFor((a: never, b: never) => einsum('bik,bkj->bij', a, b), [2, 3, 4], [2, 4, 5]))).toEqual({
    outer: 2,
    sums: 1,
    between: 1,
    m: 3,
    n: 5,
    k: 4,
  })
  expect(turns(productFor((a: never, b: never) => einsum('iab,abj->ij', a, b), [3, 2, 4], [2, 4, 5]))).toEqual({
    outer: 1,
    sums: 1,
    between: 1,
    m: 3,
    n: 5,
    k: 8,
  })
  expect(turns(productFor((a: never, b: never) => einsum('iab,baj->ij', a, b), [3, 2, 4], [4, 2, 5]))).toEqual({
    outer: 1,
    sums: 1,
    between: 2,
    m: 3,
    n: 5,
    k: 4,
  })
})

test('operands are exchanged where rows lie side by side in the output', () => {
  const operand = (index: number, shape: readonly number[]) =>
    ({ shape, dtype: 'float32', origin: { from: 'argument', index } }) as const
  const kernel = { family: 'contract', a: [0, 2], b: [2, 1], out: [1, 0] } as const
  const graph: Graph = {
    nodes: [
      operand(0, [3, 4]),
      operand(1, [4, 5]),
      {
        shape: [5, 3],
        dtype: 'float32',
        origin: { from: 'kernel', kernel, inputs: [0, 1], name: 'contract', scope: '' },
      },
    ],
    results: [2],
  }
  const product = productIn(graph)
  expect(turns(product)).toEqual({ outer: 1, sums: 1, between: 1, m: 5, n: 3, k: 4 })
  expect(distance(product.task.store.index, product.n.at(-1))).toBe(1)
})

test('products of vectors have one row or one column', () => {
  expect(turns(productFor((a: never, b: never) => einsum('i,i->', a, b), [7], [7]))).toEqual({
    outer: 1,
    sums: 1,
    between: 1,
    m: 1,
    n: 1,
    k: 7,
  })
  const { m, n, k } = sizesOf(productFor((a: never, b: never) => einsum('i,j->ij', a, b), [7], [3]))
  expect([m, n, k]).toEqual([7, 3, 1])
})

test('columns are cut into whole panels of 64 bytes and a rest', () => {
  expect(panelsOf(productFor((a: never, b: never) => matmul(a, b), [3, 4], [4, 50]))).toMatchObject({
    width: 16,
    whole: 3,
    rest: 2,
  })
  expect(panelsOf(productFor((a: never, b: never) => matmul(a, b), [3, 4], [4, 16]))).toMatchObject({
    whole: 1,
    rest: 0,
  })
})

test('a right operand whose columns lie side by side is read in place while it is small', () => {
  expect(readingOfB(productFor((a: never, b: never) => matmul(a, b), [64, 20], [20, 30])).from).toBe('memory')
  expect(readingOfB(productFor((a: never, b: never) => matmul(a, b), [64, 500], [500, 300])).from).toBe('shared')
  expect(readingOfB(productFor((a: never, b: never) => matmul(a, transpose(b)), [64, 20], [30, 20])).from).toBe(
    'shared',
  )
})
