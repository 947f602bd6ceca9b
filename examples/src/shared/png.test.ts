import { encode, type ImageData } from 'fast-png'
import { expect, test } from 'vitest'
import { greyOfPng, PictureError } from './png.ts'

const greyOf = (image: ImageData) =>
  [...greyOfPng(encode(image), 'a.png').data].map((value) => Number(value.toFixed(4)))

/** Two rows of three pixels, so that rows of few bits end within a byte. */
const size = { width: 3, height: 2 }

test('grey of 1, 2, 4, 8 and 16 bits', () => {
  expect(greyOf({ ...size, channels: 1, depth: 1, data: Uint8Array.of(0b10100000, 0b01000000) })).toEqual([
    1, 0, 1, 0, 1, 0,
  ])
  const thirds = [0, 0.3333, 0.6667, 1, 0, 0]
  expect(greyOf({ ...size, channels: 1, depth: 2, data: Uint8Array.of(0b00011000, 0b11000000) })).toEqual(thirds)
  expect(greyOf({ ...size, channels: 1, depth: 4, data: Uint8Array.of(0x05, 0xa0, 0xf0, 0x00) })).toEqual(thirds)
  expect(greyOf({ ...size, channels: 1, depth: 8, data: Uint8Array.of(0, 85, 170, 255, 0, 0) })).toEqual(thirds)
  const words = Uint16Array.of(0, 21845, 43690, 65535, 0, 0)
  expect(greyOf({ ...size, channels: 1, depth: 16, data: words })).toEqual(thirds)
})

test('colours by their brightness', () => {
  const data = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 255, 0)
  const brightness = [0.299, 0.587, 0.114, 1, 0, 0.886]
  expect(greyOf({ ...size, channels: 3, depth: 8, data })).toEqual(brightness)
  const words = Uint16Array.from(data, (byte) => byte * 257)
  expect(greyOf({ ...size, channels: 3, depth: 16, data: words })).toEqual(brightness)
})

test('a palette, of few bits', () => {
  const palette = [
    [255, 255, 255],
    [255, 0, 0],
    [0, 0, 0],
  ]
  const data = Uint8Array.of(0b00_01_10_00, 0b10_00_01_00)
  expect(greyOf({ ...size, channels: 1, depth: 2, palette, data })).toEqual([1, 0.299, 0, 0, 1, 0.299])
})

test('what is transparent is paper, unlike the ink where most is transparent', () => {
  const ink = (shade: number) => Uint8Array.of(shade, 255, ...Array.from({ length: 10 }, () => 0))
  expect(greyOf({ ...size, channels: 2, depth: 8, data: ink(0) })).toEqual([0, 1, 1, 1, 1, 1])
  expect(greyOf({ ...size, channels: 2, depth: 8, data: ink(255) })).toEqual([1, 0, 0, 0, 0, 0])
  const corners = Uint8Array.of(0, 0, 255, 255, 255, 255, 255, 255, 0, 255, 255, 255)
  expect(greyOf({ ...size, channels: 2, depth: 8, data: corners })).toEqual([1, 1, 1, 1, 0, 1])
  const palette = [
    [9, 9, 9, 0],
    [0, 0, 0, 255],
  ]
  const data = Uint8Array.of(1, 0, 0, 0, 0, 0)
  expect(greyOf({ ...size, channels: 1, depth: 8, palette, data })).toEqual([0, 1, 1, 1, 1, 1])
})

test('what is no PNG, or a damaged one, is told in one sentence', () => {
  const whole = encode({
    width: 40,
    height: 40,
    channels: 1,
    depth: 8,
    data: new Uint8Array(1600).map((_, at) => at * at),
  })
  const changed = whole.slice()
  changed[60]! ^= 1
  const damaged = new PictureError('a.png is damaged: its bytes are not those of a whole PNG; save the picture again')
  for (const length of [8, 20, 40, Math.floor(whole.length / 2)]) {
    expect(() => greyOfPng(whole.subarray(0, length), 'a.png')).toThrow(damaged)
  }
  expect(() => greyOfPng(changed, 'a.png')).toThrow(damaged)
  for (const bytes of [new Uint8Array(), new TextEncoder().encode('GIF89a, or whatever')]) {
    expect(() => greyOfPng(bytes, 'a.gif')).toThrow(
      new PictureError('a.gif is not a PNG; save the picture as one, or convert it'),
    )
  }
})
