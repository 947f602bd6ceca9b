import { decode } from 'fast-png'
import { expect, test } from 'vitest'
import { pictureUrl, weightsUrl } from './picture.ts'

const read = (url: string) => decode(Buffer.from(url.replace('data:image/png;base64,', ''), 'base64'))

test('a grey picture has its levels', () => {
  const { width, height, channels, data } = read(pictureUrl({ shape: [1, 2, 3], levels: [0, 50, 100, 150, 200, 255] }))
  expect([width, height, channels]).toEqual([3, 2, 1])
  expect([...data]).toEqual([0, 50, 100, 150, 200, 255])
})

test('three planes become the channels of each pixel', () => {
  const { channels, data } = read(pictureUrl({ shape: [3, 1, 2], levels: [1, 2, 10, 20, 100, 200] }))
  expect(channels).toBe(3)
  expect([...data]).toEqual([1, 10, 100, 2, 20, 200])
})

test('weights are the more opaque the larger, up to the scale, and change colour with their sign', () => {
  const { channels, data } = read(weightsUrl([1, 1, 4], [0, 0.5, -1, -9], 1))
  expect(channels).toBe(4)
  const pixels = [0, 4, 8, 12].map((at) => [...data.slice(at, at + 4)])
  expect(pixels.map((pixel) => pixel[3])).toEqual([0, 128, 255, 255])
  expect(pixels[1]!.slice(0, 3)).not.toEqual(pixels[2]!.slice(0, 3))
  expect(pixels[2]).toEqual(pixels[3])
})

test('weights of three channels are colours around grey', () => {
  const { data } = read(weightsUrl([3, 1, 1], [0, 1, -1], 1))
  expect([...data]).toEqual([128, 255, 0])
})
