import { expect, it } from 'vitest'
import { rasterize } from './rasterize.ts'

const SIDE = 9
const point = (x: number, y: number, radius: number, darkness = 1) => ({ x, y, radius, darkness })

it('fades a line out over the edge on both sides of its outline', () => {
  const image = new Uint8Array(SIDE * SIDE)
  rasterize([[point(-5, 4, 2), point(15, 4, 2)]], 2, image, 0, SIDE)
  const column = Array.from({ length: SIDE }, (_, y) => image[y * SIDE + 4])
  expect(column).toEqual([0, 0, 128, 255, 255, 255, 128, 0, 0])
  for (let y = 0; y < SIDE; y++) {
    const row = image.slice(y * SIDE, (y + 1) * SIDE)
    expect([...row]).toEqual(new Array(SIDE).fill(column[y]))
  }
})

it('ends a line in half a disc', () => {
  const image = new Uint8Array(SIDE * SIDE)
  rasterize([[point(-5, 4, 2), point(4, 4, 2)]], 1, image, 0, SIDE)
  for (let y = 0; y < SIDE; y++) {
    for (let x = 4; x < SIDE; x++) {
      const distance = Math.hypot(x - 4, y - 4)
      const expected = distance <= 1.5 ? 255 : distance >= 2.5 ? 0 : undefined
      if (expected !== undefined) expect(image[y * SIDE + x]).toBe(expected)
    }
  }
})

it('swells and darkens along a line', () => {
  const image = new Uint8Array(SIDE * SIDE)
  rasterize([[point(0, 4, 1, 0.5), point(8, 4, 3, 1)]], 1, image, 0, SIDE)
  const breadth = (x: number) =>
    Array.from({ length: SIDE }, (_, y) => image[y * SIDE + x]!).filter((v) => v > 0).length
  expect([breadth(0), breadth(8)]).toEqual([3, 7])
  expect([image[4 * SIDE], image[4 * SIDE + 4], image[4 * SIDE + 8]]).toEqual([128, 191, 255])
})

it('keeps the darker of two lines, whichever is drawn first', () => {
  const across = [point(0, 4, 1, 0.4), point(8, 4, 1, 0.4)]
  const down = [point(4, 0, 1, 0.8), point(4, 8, 1, 0.8)]
  const one = new Uint8Array(SIDE * SIDE)
  const other = new Uint8Array(SIDE * SIDE)
  rasterize([across, down], 1, one, 0, SIDE)
  rasterize([down, across], 1, other, 0, SIDE)
  expect(one).toEqual(other)
  expect([one[4 * SIDE], one[4 * SIDE + 4]]).toEqual([102, 204])
})

it('writes no byte of the images beside it, and leaves a dot where the pen stands still', () => {
  const images = new Uint8Array(3 * SIDE * SIDE)
  rasterize(
    [
      [point(4, -3, 9), point(4, -3, 9)],
      [point(4, 30, 2), point(30, 4, 2)],
    ],
    1,
    images,
    SIDE * SIDE,
    SIDE,
  )
  expect(images.slice(0, SIDE * SIDE).every((value) => value === 0)).toBe(true)
  expect(images.slice(2 * SIDE * SIDE).every((value) => value === 0)).toBe(true)
  expect(images[SIDE * SIDE + 4]).toBe(255)
})
