import { expect, test } from 'vitest'
import { barOf } from './bars.ts'
import { SIDE } from './mnist-picture.ts'
import { pictureText } from './picture-text.ts'

const pixels = new Uint8Array(SIDE * SIDE)
pixels.set([255, 0, 255, 50])
pixels.set([255, 255, 0, 0], SIDE)

test('a picture without colours is of blocks, two pixels a character', () => {
  const [first, ...others] = pictureText(pixels, { colors: false })
  expect(first).toBe('█▄▀·'.padEnd(SIDE))
  expect(others).toEqual(Array.from({ length: 13 }, () => ' '.repeat(SIDE)))
})

test('a picture in colours shows all shades', () => {
  const [first, ...others] = pictureText(pixels, { colors: true })
  const cell = (above: number, below: number) => `\u001b[38;5;${above};48;5;${below}m▀`
  expect(first).toBe(
    `${cell(255, 255)}${cell(232, 255)}${cell(255, 232)}${cell(237, 232)}${cell(232, 232)}${'▀'.repeat(SIDE - 5)}\u001b[0m`,
  )
  expect(others).toHaveLength(13)
})

test('bars end at eighths of a character', () => {
  expect([0, 0.01, 0.5, 0.9, 1].map((share) => barOf(share, 8))).toEqual(['', '▏', '████', '███████▎', '████████'])
  expect(barOf(0.001, 8)).toBe('')
})
