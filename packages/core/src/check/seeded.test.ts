import { expect, test } from 'vitest'
import { STREAM, seededSample, seededUniform, seededWeights } from './seeded.ts'

test('uniform numbers lie in [0, 1), repeat by seed, and differ by seed, purpose and number', () => {
  const draw = (seed: number, purpose: number, which: number) => [...seededUniform(seed, [purpose, which], 1000)]
  const numbers = draw(7, 0, 0)
  expect(numbers.every((value) => value >= 0 && value < 1)).toBe(true)
  expect(new Set(numbers).size).toBe(1000)
  // The mean of 1000 uniform numbers is within five deviations, 5 · 0.289/√1000, of one half.
  expect(Math.abs(numbers.reduce((a, b) => a + b) / 1000 - 0.5)).toBeLessThan(0.046)
  expect(draw(7, 0, 0)).toEqual(numbers)
  for (const other of [draw(8, 0, 0), draw(7, 1, 0), draw(7, 0, 1), draw(2 ** 32 + 7, 0, 0)])
    expect(other).not.toEqual(numbers)
})

test('weights have magnitudes from 0.5 to 1.5 and both signs', () => {
  const weights = seededWeights(0, [STREAM.direction, 0], 500)
  expect(weights.every((value) => Math.abs(value) >= 0.5 && Math.abs(value) <= 1.5)).toBe(true)
  const positive = weights.filter((value) => value > 0).length
  expect(positive).toBeGreaterThan(180)
  expect(positive).toBeLessThan(320)
})

test('a sample has different elements in order, all of them where it is as large as the whole', () => {
  const sample = seededSample(3, [STREAM.elements, 0], 1000, 100)
  expect(sample).toHaveLength(100)
  expect(new Set(sample).size).toBe(100)
  expect(sample).toEqual([...sample].sort((a, b) => a - b))
  expect(sample.every((index) => Number.isInteger(index) && index >= 0 && index < 1000)).toBe(true)
  expect(seededSample(3, [STREAM.elements, 0], 5, 5)).toEqual([0, 1, 2, 3, 4])
  expect(seededSample(3, [STREAM.elements, 0], 5, 9)).toEqual([0, 1, 2, 3, 4])
  expect(seededSample(3, [STREAM.elements, 0], 5, 0)).toEqual([])
})

test('every element is as likely to be in a sample', () => {
  const counts = new Array<number>(10).fill(0)
  for (let seed = 0; seed < 2000; seed++)
    for (const index of seededSample(seed, [STREAM.elements, 0], 10, 3)) counts[index]!++
  // 600 expected each, with a deviation of √(2000 · 0.3 · 0.7) = 20.5.
  for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(103)
})
