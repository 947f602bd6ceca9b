import { createHash } from 'node:crypto'
import type { AnyTensor, Tensor } from '@cotangent/core'
import { ValueError } from '@cotangent/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { syntheticDigits } from './synthetic-digits.ts'

const raw = (seed: number, count: number) => syntheticDigits({ seed, count, normalize: false })
const bytes = ({ data }: AnyTensor): Uint8Array => Uint8Array.from(data)
const PIXELS = 784

describe('determinism', () => {
  it('draws the same bytes on every engine', () => {
    const { images, labels } = raw(0, 1000)
    const digest = createHash('sha256').update(bytes(images)).update(bytes(labels)).digest('hex')
    expect(digest).toBe('3d08c1f21ad4bb41d8fc571b185855f2c49cf6a1a11f8c248040b93a26ece455')
  })

  it('draws the same images twice, with seed 0 by default', () => {
    expect(syntheticDigits({ count: 20 }).images.data).toEqual(syntheticDigits({ seed: 0, count: 20 }).images.data)
  })

  it.each([0, -7, 2 ** 40 + 3])('begins more images with the fewer, seed %i', (seed) => {
    const fewer = raw(seed, 30)
    const more = raw(seed, 100)
    expect(more.images.data.slice(0, 30 * PIXELS)).toEqual(fewer.images.data)
    expect(more.labels.data.slice(0, 30)).toEqual(fewer.labels.data)
  })

  it('draws other digits for each seed, also beyond 32 bits and below 0', () => {
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    expect(new Set(seeds.map((seed) => bytes(raw(seed, 2).images).join())).size).toBe(seeds.length)
  })
})

describe('the digits', () => {
  const count = 2000
  const { images, labels } = raw(1, count)
  const pixel = (image: number, y: number, x: number): number => images.data[image * PIXELS + y * 28 + x]!
  const each = Array.from({ length: count }, (_, image) => image)

  it('are all ten, about equally often, in no fixed order', () => {
    const times = new Array<number>(10).fill(0)
    for (const digit of labels.data) times[digit]!++
    expect(times).toHaveLength(10)
    for (const time of times) expect(Math.abs(time - count / 10)).toBeLessThan(60)
    const same = each.slice(1).filter((image) => labels.data[image] === labels.data[image - 1]).length
    expect(Math.abs(same - count / 10)).toBeLessThan(60)
  })

  it('are all different', () => {
    expect(new Set(each.map((image) => images.data.slice(image * PIXELS, (image + 1) * PIXELS).join())).size).toBe(
      count,
    )
  })

  it('have the size, place and ink of MNIST', () => {
    let total = 0
    for (const image of each) {
      let ink = 0
      let momentX = 0
      let momentY = 0
      const columns: number[] = []
      const rows: number[] = []
      for (let y = 0; y < 28; y++) {
        for (let x = 0; x < 28; x++) {
          const value = pixel(image, y, x)
          ink += value
          momentX += value * x
          momentY += value * y
          if (value > 127) {
            columns.push(x)
            rows.push(y)
          }
        }
      }
      total += ink
      const width = Math.max(...columns) - Math.min(...columns) + 1
      const height = Math.max(...rows) - Math.min(...rows) + 1
      expect(Math.max(width, height)).toBeGreaterThanOrEqual(14)
      expect(Math.max(width, height)).toBeLessThanOrEqual(24)
      expect(Math.abs(momentX / ink - 14)).toBeLessThan(4)
      expect(Math.abs(momentY / ink - 14)).toBeLessThan(4)
    }
    // MNIST's mean over the training images is 0.1307.
    expect(total / (255 * PIXELS * count)).toBeCloseTo(0.13, 2)
  })

  it('look like their labels, but not so much that the nearest mean image tells them all', () => {
    const training = 1500
    const means = Array.from({ length: 10 }, () => new Float64Array(PIXELS))
    const times = new Array<number>(10).fill(0)
    for (let image = 0; image < training; image++) {
      const digit = labels.data[image]!
      times[digit]!++
      for (let at = 0; at < PIXELS; at++) means[digit]![at]! += images.data[image * PIXELS + at]!
    }
    let right = 0
    for (let image = training; image < count; image++) {
      const distances = means.map((mean, digit) =>
        mean.reduce((sum, value, at) => sum + (value / times[digit]! - images.data[image * PIXELS + at]!) ** 2, 0),
      )
      if (distances.indexOf(Math.min(...distances)) === labels.data[image]) right++
    }
    // On MNIST this gives 82 %.
    expect(right / (count - training)).toBeGreaterThan(0.7)
    expect(right / (count - training)).toBeLessThan(0.95)
  })
})

describe('the three flags', () => {
  it('default to normalized, flat images and plain labels', () => {
    const { images, labels } = syntheticDigits({ count: 3 })
    expectTypeOf(images).toEqualTypeOf<Tensor<'float32'>>()
    expectTypeOf(labels).toEqualTypeOf<Tensor<'int32'>>()
    expect([images.shape, images.dtype, labels.shape, labels.dtype]).toEqual([[3, 784], 'float32', [3], 'int32'])
  })

  it('give bytes, planes and one-hot labels', () => {
    const { images, labels } = syntheticDigits({ count: 3, normalize: false, flatten: false, oneHot: true })
    expectTypeOf(images).toEqualTypeOf<Tensor<'uint8'>>()
    expectTypeOf(labels).toEqualTypeOf<Tensor<'float32'>>()
    expect([images.shape, images.dtype]).toEqual([[3, 1, 28, 28], 'uint8'])
    expect([labels.shape, labels.dtype]).toEqual([[3, 10], 'float32'])
  })

  it('mean the same digits', () => {
    const plain = raw(5, 40)
    const other = syntheticDigits({ seed: 5, count: 40, flatten: false, oneHot: true })
    expect(other.images.data).toEqual(Float32Array.from(plain.images.data, (value) => value / 255))
    expect(other.labels.data).toEqual(
      Float32Array.from({ length: 400 }, (_, at) => Number(plain.labels.data[Math.floor(at / 10)] === at % 10)),
    )
  })
})

describe('what cannot be drawn', () => {
  it.each([0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, 1e12])('a count of %d', (count) => {
    expect(() => syntheticDigits({ count })).toThrow(
      new ValueError(`syntheticDigits: the count of images is ${count}; give a positive integer, at most 2739137`),
    )
  })

  it.each([0.5, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 60])('a seed of %d', (seed) => {
    expect(() => syntheticDigits({ seed, count: 1 })).toThrow(
      new ValueError(`syntheticDigits: the seed is ${seed}; give an integer, such as 0`),
    )
  })
})
