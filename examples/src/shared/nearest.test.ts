import { expect, it } from 'vitest'
import { nearestOf } from './nearest.ts'

const NAMES = ['two-layer', 'cnn', 'buy-apple', 'buy-apple-orange']

it.each([
  ['two-layr', 'two-layer'],
  ['tow-layer', 'two-layer'],
  ['Two-Layer', 'two-layer'],
  ['cn', 'cnn'],
  ['cnm', 'cnn'],
  ['buyapple', 'buy-apple'],
  ['buy-aple-orange', 'buy-apple-orange'],
  ['loss.ts', undefined],
  ['src/loss.ts', undefined],
  ['ab', undefined],
  ['', undefined],
])('%j means %j', (word, name) => {
  expect(nearestOf(word, NAMES)).toBe(name)
})
