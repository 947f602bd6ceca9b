import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DType } from '../dtype.ts'
import type { Labels } from '../kernel/kernel.ts'
import { evaluateContract, roles } from './contract.ts'
import { counted, indicesOf, listOf, operandOf, placeOf } from './operands.fixtures.ts'

/** Sum of products over every assignment of all labels. */
function naive(
  a: Labels,
  b: Labels,
  out: Labels,
  lengths: readonly number[],
  x: ArrayLike<number>,
  y: ArrayLike<number>,
) {
  const labels = [...new Set([...a, ...b])]
  const shapeOf = (chosen: Labels) => chosen.map((label) => lengths[label]!)
  const total = new Array<number>(shapeOf(out).reduce((p, q) => p * q, 1)).fill(0)
  for (const index of indicesOf(shapeOf(labels))) {
    const place = (chosen: Labels) =>
      placeOf(
        chosen.map((label) => index[labels.indexOf(label)]!),
        shapeOf(chosen),
      )
    total[place(out)]! += x[place(a)]! * y[place(b)]!
  }
  return total
}

/** What each of up to five labels does, the orders of the axes, and the lengths. */
const contractions = fc.array(fc.constantFrom('batch', 'row', 'column', 'summed'), { maxLength: 5 }).chain((kinds) => {
  const labels = [...kinds.keys()]
  const only = (...wanted: string[]) => labels.filter((label) => wanted.includes(kinds[label]!))
  const shuffled = (list: number[]) => fc.shuffledSubarray(list, { minLength: list.length })
  return fc.record({
    a: shuffled(only('batch', 'row', 'summed')),
    b: shuffled(only('batch', 'column', 'summed')),
    out: shuffled(only('batch', 'row', 'column')),
    lengths: fc.tuple(...labels.map(() => fc.integer({ min: 0, max: 5 }))),
  })
})

test.each<DType>(['float64', 'float32', 'int32'])('against loops over every index, in %s', (dtype) => {
  fc.assert(
    fc.property(contractions, ({ a, b, out, lengths }) => {
      const shapeOf = (labels: Labels) => labels.map((label) => lengths[label]!)
      const [x, y] = [counted(dtype, shapeOf(a), 1), counted(dtype, shapeOf(b), 5)]
      const actual = evaluateContract({ family: 'contract', a, b, out }, x, y, { shape: shapeOf(out), dtype })
      expect(listOf(actual)).toEqual(naive(a, b, out, lengths, x.array, y.array))
    }),
    { seed: 40, numRuns: 500 },
  )
})

test('a matrix product by hand', () => {
  const kernel = { family: 'contract', a: [0, 2], b: [2, 1], out: [0, 1] } as const
  const x = operandOf('float32', [2, 3], [1, 2, 3, 4, 5, 6])
  const y = operandOf('float32', [3, 2], [7, 8, 9, 10, 11, 12])
  expect(listOf(evaluateContract(kernel, x, y, { shape: [2, 2], dtype: 'float32' }))).toEqual([58, 64, 139, 154])
  expect(roles(kernel)).toEqual({ batch: [], rows: [0], columns: [1], summed: [2] })
})

test('every remainder of the blocks of rows and columns', () => {
  const kernel = { family: 'contract', a: [0, 2], b: [2, 1], out: [0, 1] } as const
  for (let m = 0; m <= 5; m++)
    for (let n = 0; n <= 9; n++) {
      const [x, y] = [counted('float64', [m, 3]), counted('float64', [3, n], 2)]
      const actual = evaluateContract(kernel, x, y, { shape: [m, n], dtype: 'float64' })
      expect(listOf(actual)).toEqual(naive([0, 2], [2, 1], [0, 1], [m, n, 3], x.array, y.array))
    }
})

test('a product of nothing is 0', () => {
  const kernel = { family: 'contract', a: [0, 2], b: [2, 1], out: [0, 1] } as const
  const [x, y] = [counted('float32', [2, 0]), counted('float32', [0, 3])]
  expect(listOf(evaluateContract(kernel, x, y, { shape: [2, 3], dtype: 'float32' }))).toEqual([0, 0, 0, 0, 0, 0])
})

test('float32 sums are carried in float64, integers wrap', () => {
  const kernel = { family: 'contract', a: [0], b: [0], out: [] } as const
  const x = operandOf('float32', [4], [2 ** 24, 1, 1, 1])
  const ones = operandOf('float32', [4], [1, 1, 1, 1])
  expect(listOf(evaluateContract(kernel, x, ones, { shape: [], dtype: 'float32' }))).toEqual([Math.fround(2 ** 24 + 3)])
  const large = operandOf('int32', [2], [2 ** 30, 2 ** 30])
  const fours = operandOf('int32', [2], [4, 1])
  expect(listOf(evaluateContract(kernel, large, fours, { shape: [], dtype: 'int32' }))).toEqual([2 ** 30])
})
