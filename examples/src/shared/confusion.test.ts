import { expect, test } from 'vitest'
import { classesOf, confusionLines, mistakesText } from './confusion.ts'

const CONFUSION = [
  [8, 2, 0],
  [1, 1199, 0],
  [0, 0, 0],
]

test('recall and precision of each class', () => {
  expect(classesOf(CONFUSION)).toEqual([
    { hits: 8, recall: 0.8, precision: 8 / 9 },
    { hits: 1199, recall: 1199 / 1200, precision: 1199 / 1201 },
    { hits: 0, recall: null, precision: null },
  ])
})

test('the matrix as a table', () => {
  expect(confusionLines(CONFUSION).map(({ line }) => line)).toEqual([
    '            taken for',
    'digit          0     1     2   recall',
    '     0         8     2     ·   80.00%',
    '     1         1  1199     ·   99.92%',
    '     2         ·     ·     ·        -',
    'precision  88.9% 99.8%     -',
  ])
})

test('what is mistaken most often', () => {
  expect(mistakesText(CONFUSION)).toBe('most often mistaken: 0 for 1 (2), 1 for 0 (1)')
  expect(
    mistakesText([
      [3, 0],
      [0, 4],
    ]),
  ).toBe('no mistakes')
})
