import { expect, it } from 'vitest'
import { RandomStream } from './random-stream.ts'

it("begins with Threefry's known answer for key 0 and counter 0", () => {
  expect(new RandomStream(0, 0).uniform()).toBe(0x6b200159 / 2 ** 32)
})

it('draws nearly normal numbers of mean 0 and variance 1', () => {
  const random = new RandomStream(3, 7)
  const drawn = Array.from({ length: 100_000 }, () => random.normal())
  const moment = (power: number) => drawn.reduce((sum, value) => sum + value ** power, 0) / drawn.length
  expect(Math.abs(moment(1))).toBeLessThan(0.015)
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02)
  expect(Math.abs(moment(3))).toBeLessThan(0.05)
  // 3 for the normal distribution, 2.7 for the sum of four uniform numbers.
  expect(Math.abs(moment(4) - 2.7)).toBeLessThan(0.1)
})

it('gives every seed and every image a stream of its own', () => {
  const streams = [
    new RandomStream(1, 0),
    new RandomStream(0, 1),
    new RandomStream(2 ** 32, 0),
    new RandomStream(-1, 0),
  ]
  expect(new Set(streams.map((random) => random.uniform())).size).toBe(streams.length)
})
