import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ValueError } from '@cotangent/core'
import { syntheticDigits } from '@cotangent/mnist'
import { decode } from 'fast-png'
import { afterAll, expect, it } from 'vitest'
import { contactSheet } from './contact-sheet.ts'

const folder = mkdtempSync(join(tmpdir(), 'contact-sheet-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('writes every digit at its place, each pixel as a square of four', () => {
  const path = join(folder, 'sheet.png')
  contactSheet({ seed: 4, rows: 2, columns: 3, path })
  const png = decode(readFileSync(path))
  expect([png.width, png.height, png.channels, png.depth]).toEqual([3 * 56, 2 * 56, 1, 8])
  const { images } = syntheticDigits({ seed: 4, count: 6, normalize: false })
  const expected = new Uint8Array(png.width * png.height)
  for (let image = 0; image < 6; image++) {
    for (let y = 0; y < 56; y++) {
      for (let x = 0; x < 56; x++) {
        const at = (Math.floor(image / 3) * 56 + y) * png.width + (image % 3) * 56 + x
        expected[at] = images.data[image * 784 + (y >> 1) * 28 + (x >> 1)]!
      }
    }
  }
  expect(png.data).toEqual(expected)
})

it.each([
  ['rows', { rows: 0, columns: 3 }, 'contactSheet: rows is 0; give a positive integer'],
  ['columns', { rows: 2, columns: 1.5 }, 'contactSheet: columns is 1.5; give a positive integer'],
])('refuses %s that are not positive integers', (_, size, message) => {
  expect(() => contactSheet({ seed: 0, path: join(folder, 'none.png'), ...size })).toThrow(new ValueError(message))
})
