import { writeFileSync } from 'node:fs'
import { ValueError } from '@cotangent/core'
import { syntheticDigits } from '@cotangent/mnist'
import { encode } from 'fast-png'

export interface ContactSheetOptions {
  readonly seed: number
  readonly rows: number
  readonly columns: number
  /** Where the PNG is written; a file that is there is replaced. */
  readonly path: string
}

/** Pixels of the picture, on one side, for one pixel of a digit. */
const ZOOM = 2

/**
 * Draws `rows` × `columns` synthetic digits, in reading order, into a greyscale PNG.
 *
 * @throws ValueError for rows or columns that are not positive integers, or more digits than can be drawn.
 * @example
 * contactSheet({ seed: 0, rows: 10, columns: 20, path: 'digits.png' })
 */
export function contactSheet({ seed, rows, columns, path }: ContactSheetOptions): void {
  for (const [name, value] of Object.entries({ rows, columns })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new ValueError(`contactSheet: ${name} is ${value}; give a positive integer`)
    }
  }
  const { images } = syntheticDigits({ seed, count: rows * columns, normalize: false, flatten: false })
  const [, , height = 0, width = 0] = images.shape
  const sheet = { width: columns * width * ZOOM, height: rows * height * ZOOM }
  const data = new Uint8Array(sheet.width * sheet.height)
  for (let y = 0; y < sheet.height; y++) {
    for (let x = 0; x < sheet.width; x++) {
      const row = Math.floor(y / ZOOM)
      const column = Math.floor(x / ZOOM)
      const image = Math.floor(row / height) * columns + Math.floor(column / width)
      data[y * sheet.width + x] = images.data[(image * height + (row % height)) * width + (column % width)]!
    }
  }
  writeFileSync(path, encode({ ...sheet, data, channels: 1, depth: 8 }))
}
