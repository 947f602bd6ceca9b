import { type AnyTensor, cast, grad, type Tensor, zeros } from '@cotangent/core'
import { add, conv2d, einsum, matmul, mul, relu, square, sum, transpose } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { compile } from './compile.ts'
import { integers, plain } from './exact.fixtures.ts'
import type { Graph } from './graph.ts'
import { tasksOf } from './lower.ts'
import { placementOf } from './placement.ts'
import {
  distance,
  PARTS,
  type Product,
  productOf,
  readingOfA,
  readingOfB,
  readsStrips,
  sizesOf,
  turnsOf,
} from './product.ts'
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

test('a right operand whose columns lie side by side is read in place while it is small', () => {
  expect(readingOfB(productFor((a: never, b: never) => matmul(a, b), [64, 20], [20, 30])).from).toBe('memory')
  expect(readingOfB(productFor((a: never, b: never) => matmul(a, b), [64, 500], [500, 300])).from).toBe('shared')
  expect(readingOfB(productFor((a: never, b: never) => matmul(a, transpose(b)), [64, 20], [30, 20])).from).toBe(
    'shared',
  )
})

/** Exactly what the reference backend gives, on integers. */
function holds(f: (...args: never[]) => unknown, ...shapes: readonly (readonly number[])[]): void {
  for (const dtype of ['float32', 'float64'] as const) {
    const args = shapes.map((shape, salt) => integers(shape, dtype, salt)) as never[]
    expect(plain(compile(f, { threads: 1 })(...args))).toEqual(plain(f(...args)))
  }
}

describe('loops between', () => {
  const convolved = (x: never, w: never) => conv2d(x, w, null)

  test('rows of a window, behind one another in the filters but not in the image', () => {
    const product = productFor(convolved, [3, 1, 9, 20], [6, 1, 5, 4])
    expect(turns(product)).toMatchObject({ between: 5, k: 4, sums: 1 })
    expect(product.cut).toBe('outer')
    expect(turns(productFor(convolved, [3, 2, 9, 20], [6, 2, 5, 4]))).toMatchObject({ between: 5, k: 4, sums: 2 })
  })

  test.each([
    [
      [3, 1, 9, 20],
      [6, 1, 5, 4],
    ],
    [
      [2, 3, 7, 6],
      [5, 3, 7, 6],
    ],
    [
      [2, 2, 30, 70],
      [3, 2, 25, 60],
    ],
  ])('images %j, filters %j', (images, filters) => {
    holds(convolved, images, filters)
    holds((x, w) => relu(add(conv2d(x, w, null), 1)), images, filters)
    holds((x, w) => grad((v: Tensor) => sum(mul(conv2d(x, v, null), 2)))(w), images, filters)
  })

  test('more of them than one pass takes', () => {
    const f = (a: never, b: never) => einsum('iab,baj->ij', a, b)
    expect(turns(productFor(f, [5, 80, 12], [12, 80, 17]))).toMatchObject({ between: 80, k: 12 })
    holds(f, [5, 80, 12], [12, 80, 17])
    holds(f, [5, 3, 1000], [1000, 3, 17])
  })

  test('around sums that are longer than a pass, as the right operand is read in place', () => {
    const f = (a: never, b: never) => einsum('iab,baj->ij', a, b)
    const product = productFor(f, [5, 3, 300], [300, 3, 17])
    expect(turns(product)).toMatchObject({ between: 3, k: 300 })
    expect(readingOfB(product).from).toBe('memory')
    holds(f, [5, 3, 300], [300, 3, 17])
  })
})

describe('long sums over a small output', () => {
  const f = (a: never, b: never) => einsum('nhc,nhf->cf', a, b)

  test('are cut into parts where a loop has turns enough for all, and are not too short, nor the output too large', () => {
    const product = productFor(f, [100, 24, 8], [100, 24, 16])
    expect(product.cut).toBe('sums')
    expect(turns(product).sums).toBeGreaterThanOrEqual(PARTS)
    expect(readingOfA(product).from).toBe('memory')
    expect(productFor(f, [8, 128, 8], [8, 128, 16]).cut).toBe('sums')
    expect(productFor(f, [7, 200, 8], [7, 200, 16]).cut).not.toBe('sums')
    expect(productFor(f, [8, 127, 8], [8, 127, 16]).cut).not.toBe('sums')
    expect(productFor(f, [8, 128, 400], [8, 128, 400]).cut).not.toBe('sums')
  })

  test.each([
    [8, 128, 3, 5],
    [9, 130, 16, 33],
    [17, 70, 1, 4],
    [40, 30, 20, 1],
  ])('%d × %d of them, %d by %d', (n, h, c, o) => {
    holds(f, [n, h, c], [n, h, o])
    holds((a, b) => einsum('nch,nfh->cf', a, b), [n, c, h], [n, o, h])
    holds((a, b) => relu(add(einsum('nhc,nhf->fc', a, b), 1)), [n, h, c], [n, h, o])
  })
})

describe('more rows than stay in the second cache, and sums of more than one pass', () => {
  const product = (a: never, b: never) => matmul(a, b)

  test.each([
    [150, 2000, 7],
    [77, 1601, 21],
    [64, 4000, 5],
    [301, 784, 50],
  ])('%d rows, sums of %d, %d columns', (m, k, n) => {
    holds(product, [m, k], [k, n])
    holds((a, b) => relu(add(matmul(a, b), 1)), [m, k], [k, n])
    // Rows that are not behind one another.
    holds((a, b) => matmul(transpose(a), b), [k, m], [k, n])
    holds((a, b) => einsum('iab,baj->ij', a, b), [m, 2, Math.floor(k / 2)], [Math.floor(k / 2), 2, n])
  })

  test('rows are read as they lie before all passes are made with them, where there are more', () => {
    const reads = (m: number, k: number) =>
      compile(product, { threads: 1 })
        .explain({ args: [zeros([m, k]), zeros([k, 50])] as never, wat: true })
        .includes('func $read')
    expect([reads(301, 784), reads(64, 784), reads(301, 100)]).toEqual([true, false, false])
  })
})

describe('rows that lie side by side, far apart along the sums', () => {
  const byWeights = (x: never, g: never) => matmul(transpose(x), g)

  test('are copied strip by strip where there are enough rows and columns, in four bytes', () => {
    expect(readsStrips(productFor(byWeights, [100, 784], [100, 50]))).toBe(true)
    expect(readsStrips(productFor(byWeights, [100, 784], [100, 31]))).toBe(false)
    expect(readsStrips(productFor(byWeights, [100, 255], [100, 50]))).toBe(false)
    expect(readsStrips(productFor(byWeights, [100, 256], [100, 32]))).toBe(true)
    expect(readsStrips(productFor((x, g) => matmul(x, g), [784, 100], [100, 50]))).toBe(false)
    const wide = [zeros([100, 784], { dtype: 'float64' }), zeros([100, 50], { dtype: 'float64' })]
    expect(readsStrips(productIn(simplify(trace(byWeights, wide).graph)))).toBe(false)
  })

  test.each([
    [10, 256, 32],
    [7, 263, 50],
    [450, 270, 33],
    [900, 256, 40],
  ])('sums of %d, %d by %d', (k, m, n) => {
    holds(byWeights, [k, m], [k, n])
    holds((x, g) => relu(add(matmul(transpose(x), g), 1)), [k, m], [k, n])
    // Constants lie at the end of what is in memory.
    const captured = integers([k, m], 'float32', 5)
    holds((g) => matmul(transpose(cast(captured, (g as AnyTensor).dtype as 'float32')), g), [k, n])
  })
})

describe('sums of columns', () => {
  const columns = (x: never) => sum(square(x), { axis: 0 })

  test('are products with ones, which are not read, where there are many rows', () => {
    expect(readingOfA(productFor((x: never) => sum(x, { axis: 0 }), [64, 50])).from).toBe('ones')
    const few = simplify(trace((x: never) => sum(x, { axis: 0 }), [zeros([63, 50])]).graph)
    expect(tasksOf(few, placementOf(few)).map(({ task }) => task.kind)).toEqual(['loop'])
    const rows = simplify(trace((x: never) => sum(x, { axis: 1 }), [zeros([100, 50])]).graph)
    expect(tasksOf(rows, placementOf(rows)).map(({ task }) => task.kind)).toEqual(['loop'])
  })

  test.each([
    [64, 1],
    [65, 5],
    [1100, 19],
    [3000, 64],
  ])('%d rows of %d', (m, n) => {
    holds(columns, [m, n])
    holds((x) => relu(add(sum(x, { axis: 0 }), -1) as Tensor), [m, n])
    holds((x) => sum(x, { axis: [0, 2] }), [m, n, 2])
    holds((x) => sum(x, { axis: [0, 1] }), [m, 2, n])
  })
})
