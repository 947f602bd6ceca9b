import { randomKey, ValueError } from '@cotangent/core'
import { describe, expect, it } from 'vitest'
import { type BatchesOptions, batches, randomBatch } from './batches.ts'

const key = randomKey(7)
const walked = (options: BatchesOptions): number[][] => Array.from(batches(options), (indices) => [...indices.data])
const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('batches', () => {
  it('are int32 tensors that hold every index once, the last batch shorter', () => {
    const all = [...batches({ count: 103, size: 10, key })]
    expect(all.map((indices) => indices.shape)).toEqual([...new Array(10).fill([10]), [3]])
    expect(all.every((indices) => indices.dtype === 'int32')).toBe(true)
    expect(ascending(all.flatMap((indices) => [...indices.data]))).toEqual(upTo(103))
  })

  it('leave out the shorter last one when told to', () => {
    expect(walked({ count: 103, size: 10, key, dropLast: true }).map((batch) => batch.length)).toEqual(
      new Array(10).fill(10),
    )
    expect(walked({ count: 100, size: 10, key, dropLast: true })).toHaveLength(10)
  })

  it('depend on the key and the epoch, and on nothing else', () => {
    const order = (seed: number, epoch: number, size = 5) =>
      walked({ count: 50, size, key: randomKey(seed), epoch }).flat()
    expect(order(1, 0)).toEqual(order(1, 0))
    expect(order(1, 0, 7)).toEqual(order(1, 0, 50))
    expect(order(1, 1)).not.toEqual(order(1, 0))
    expect(order(2, 0)).not.toEqual(order(1, 0))
  })

  it('go on from where they were left', () => {
    const all = walked({ count: 23, size: 4, key, epoch: 2 })
    expect(walked({ count: 23, size: 4, key, epoch: 2, skip: 4 })).toEqual(all.slice(4))
    expect(walked({ count: 23, size: 4, key, epoch: 2, skip: 6 })).toEqual([])
  })

  it('keep the order of the samples without a shuffle', () => {
    expect(walked({ count: 5, size: 2, shuffle: false })).toEqual([[0, 1], [2, 3], [4]])
  })

  it('shuffle without favour: each sample comes equally often at each place', () => {
    const epochs = 4000
    const seen = upTo(5).map(() => new Array<number>(5).fill(0))
    for (let epoch = 0; epoch < epochs; epoch++) {
      walked({ count: 5, size: 5, key, epoch })[0]!.forEach((index, place) => {
        seen[index]![place]!++
      })
    }
    // 800 expected; four and a half standard deviations of sqrt(4000 · 1/5 · 4/5) = 25.3.
    for (const count of seen.flat()) expect(Math.abs(count - 800)).toBeLessThan(114)
  })

  it.each([
    [{ count: 0, size: 1, key }, 'batches: count is 0, which is not a whole number from 1 up'],
    [{ count: 10, size: 0, key }, 'batches: size is 0, which is not a whole number from 1 up'],
    [{ count: 10, size: 2.5, key }, 'batches: size is 2.5, which is not a whole number from 1 up'],
    [{ count: Number.NaN, size: 1, key }, 'batches: count is NaN, which is not a whole number from 1 up'],
    [
      { count: 10, size: 11, key },
      'batches: a batch of 11 takes more than the 10 samples there are; choose a smaller size',
    ],
    [{ count: 10, size: 1, key, epoch: -1 }, 'batches: epoch is -1, which is not a whole number from 0 up'],
    [{ count: 10, size: 1, key, skip: 0.5 }, 'batches: skip is 0.5, which is not a whole number from 0 up'],
  ])('refuse %o when called', (options, sentence) => {
    expect(() => batches(options)).toThrow(new ValueError(sentence))
  })

  it('need a key to shuffle', () => {
    // @ts-expect-error a shuffle without a key
    expect(() => batches({ count: 10, size: 1 })).toThrow('batches: a shuffle needs a key; pass key: randomKey(seed)')
  })
})

describe('randomBatch', () => {
  it('draws indices with repetition, the same for the same key and iteration', () => {
    const drawn = (iteration: number) => randomBatch({ count: 4, size: 4000, key, iteration })
    expect(drawn(3).dtype).toBe('int32')
    expect(drawn(3).shape).toEqual([4000])
    expect([...drawn(3).data]).toEqual([...drawn(3).data])
    expect([...drawn(3).data]).not.toEqual([...drawn(4).data])
    const counts = upTo(4).map((index) => [...drawn(0).data].filter((one) => one === index).length)
    expect(counts.reduce((a, b) => a + b)).toBe(4000)
    // 1,000 expected; four and a half standard deviations of sqrt(4000 · 1/4 · 3/4) = 27.4.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(124)
  })

  it.each([
    [{ count: -1, size: 1, key }, 'randomBatch: count is -1, which is not a whole number from 1 up'],
    [{ count: 10, size: 1e10, key }, 'randomBatch: size is 10000000000, which is not a whole number from 1 up'],
    [
      { count: 10, size: 1, key, iteration: 1.5 },
      'randomBatch: iteration is 1.5, which is not a whole number from 0 up',
    ],
  ])('refuses %o', (options, sentence) => {
    expect(() => randomBatch(options)).toThrow(new ValueError(sentence))
  })
})
