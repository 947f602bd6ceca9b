import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bestVectors, MICRO_KERNELS, padded, panelsOf, rowBlocks } from './panels.ts'

const sets = Object.values(MICRO_KERNELS)

const widths = (columns: number, dtype: 'float32' | 'float64' = 'float32', kernels = sets[0]!) =>
  panelsOf(kernels, columns, dtype).flatMap(({ width, count }) => Array.from({ length: count }, () => width))

test('columns are cut into panels of five vectors where that comes out even, else into narrower ones at the end', () => {
  expect(widths(100)).toEqual([20, 20, 20, 20, 20])
  expect(widths(50)).toEqual([20, 20, 10])
  expect(widths(30)).toEqual([20, 10])
  expect(widths(64)).toEqual([20, 20, 12, 12])
  expect(widths(10)).toEqual([10])
  expect(widths(1)).toEqual([1])
  expect(widths(25, 'float64')).toEqual([10, 10, 5])
})

test('panels lie side by side, fill all columns, and only the last one ends within a vector', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...sets),
      fc.integer({ min: 1, max: 700 }),
      fc.constantFrom('float32', 'float64'),
      (kernels, columns, dtype) => {
        let next = 0
        for (const { from, width, count } of panelsOf(kernels, columns, dtype)) {
          expect(from).toBe(next)
          next += width * count
          if (next < columns) expect(padded(width, dtype)).toBe(width)
        }
        expect(next).toBe(columns)
      },
    ),
    { seed: 20_261_124, includeErrorInReport: true },
  )
})

test('other micro-kernels, other panels', () => {
  expect(widths(50, 'float32', MICRO_KERNELS.narrow)).toEqual([8, 8, 8, 8, 8, 8, 2])
  expect(widths(50, 'float32', MICRO_KERNELS.large)).toEqual([20, 16, 14])
  expect(sets.map(bestVectors)).toEqual([5, 2, 5])
})

test('any number of rows is made up of blocks', () => {
  for (const kernels of sets)
    for (const vectors of kernels.shapes.keys()) {
      const blocks = rowBlocks(kernels, vectors + 1)
      expect([...blocks].sort((one, other) => other - one)).toEqual(blocks)
      expect(blocks.at(-1)).toBe(1)
    }
})
