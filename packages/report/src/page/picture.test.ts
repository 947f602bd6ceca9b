import { convertIndexedToRgb, decode } from 'fast-png'
import { expect, test } from 'vitest'
import { pictureSheet, type Sheet, weightsSheet } from './picture.ts'

/** The image that pictures are parts of; where it has a palette, with its colours. */
function read({ image }: Sheet) {
  const [, base64 = ''] = /href="data:image\/png;base64,([^"]*)"/.exec(image.text) ?? []
  const decoded = decode(Buffer.from(base64, 'base64'))
  return decoded.palette ? { ...decoded, channels: 4, data: convertIndexedToRgb(decoded) } : decoded
}

/** One picture of one row, without the row above it and the one below. */
function readRow(sheet: Sheet) {
  const { width, height, channels, data } = read(sheet)
  expect(height).toBe(3)
  return { width, channels, data: data.slice(width * channels, 2 * width * channels) }
}

test('a grey picture has its levels', () => {
  const { width, height, channels, data } = read(pictureSheet('own', [1, 2, 3], [[0, 50, 100, 150, 200, 255]]))
  expect([width, height, channels]).toEqual([3, 1 + 2 + 1, 1])
  expect([...data].slice(3, 9)).toEqual([0, 50, 100, 150, 200, 255])
})

test('three planes become the channels of each pixel', () => {
  const { channels, data } = readRow(pictureSheet('own', [3, 1, 2], [[1, 2, 10, 20, 100, 200]]))
  expect(channels).toBe(3)
  expect([...data]).toEqual([1, 10, 100, 2, 20, 200])
})

test('weights are the more opaque the larger, up to the scale, and change colour with their sign', () => {
  const { channels, data } = readRow(weightsSheet('own', [1, 1, 4], [[0, 0.5, -1, -9]], 1))
  expect(channels).toBe(4)
  const pixels = [0, 4, 8, 12].map((at) => [...data.slice(at, at + 4)])
  // Opacity has 127 steps: of a half, the nearest is the 64th.
  expect(pixels.map((pixel) => pixel[3])).toEqual([0, Math.round((255 * 64) / 127), 255, 255])
  expect(pixels[1]!.slice(0, 3)).not.toEqual(pixels[2]!.slice(0, 3))
  expect(pixels[2]).toEqual(pixels[3])
})

test('weights of three channels are colours around grey', () => {
  const { data } = readRow(weightsSheet('own', [3, 1, 1], [[0, 1, -1]], 1))
  expect([...data]).toEqual([128, 255, 0])
})

test('pictures lie one below the other, each between its own first and last row, and shows its own part', () => {
  const sheet = pictureSheet(
    'own',
    [1, 2, 2],
    [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ],
  )
  const { width, height, data } = read(sheet)
  expect([width, height]).toEqual([2, 8])
  expect([...data]).toEqual([1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6, 7, 8, 7, 8])
  const { text } = sheet.picture(1, 'the last', { width: 96, className: 'ink' })
  expect(text).toContain('viewBox="0 5 2 2" width="96" height="96"><use href="#own"/>')
  expect(text).toContain('aria-label="the last"')
})
