import { encode, type IndexedColors } from 'fast-png'
import { html, Markup } from './markup.ts'
import type { ImageShape } from './report.ts'

/** Pictures of one size, of which each shows a part of one image: to make an image of each takes several times as long. */
export interface Sheet {
  /** The image, which is not seen itself: to stand somewhere in the page. */
  readonly image: Markup
  /** One of the pictures, from 0, as wide as it is or as many CSS pixels as are asked for. */
  readonly picture: (
    at: number,
    name: string,
    look?: { readonly width?: number; readonly className?: string },
  ) => Markup
}

/**
 * Pictures one below the other: grey, or red, green and blue.
 *
 * @param id of the image in the page.
 * @param pictures levels from 0 to 255: of each channel, row by row.
 */
export function pictureSheet(id: string, shape: ImageShape, pictures: readonly (readonly number[])[]): Sheet {
  const [channels, height, width] = shape
  const size = height * width
  const pixels = new Uint8Array(pictures.length * channels * size)
  let at = 0
  for (const levels of pictures) {
    // From channel after channel, as tensors hold images, to pixel after pixel.
    for (let pixel = 0; pixel < size; pixel++)
      for (let channel = 0; channel < channels; channel++) pixels[at++] = levels[channel * size + pixel]!
  }
  return sheet(id, shape, pictures.length, { data: pixels, channels })
}

const BLUE = [40, 110, 220] as const
const ORANGE = [226, 104, 16] as const

/** How many steps of opacity weights have. */
const STEPS = 127

/** Of each step the blue and the orange, from none to all of it: what is opaque comes last, as PNG has it. */
const WEIGHT_COLOURS: IndexedColors = Array.from({ length: 2 * (STEPS + 1) }, (_, at) => {
  const opacity = Math.round((255 * Math.floor(at / 2)) / STEPS)
  return [...(at % 2 === 0 ? BLUE : ORANGE), opacity] as [number, number, number, number]
})

/**
 * Pictures of weights one below the other. Of one channel: positive ones blue and negative ones orange, the more opaque the larger,
 * so that zero shows the page, dark or light. Of three: red, green and blue, where medium grey is zero.
 *
 * @param scale what has the full colour.
 */
export function weightsSheet(
  id: string,
  shape: ImageShape,
  pictures: readonly (readonly number[])[],
  scale: number,
): Sheet {
  const [channels, height, width] = shape
  if (channels === 3) {
    const share = (weight: number): number => Math.max(-1, Math.min(1, weight / scale))
    const levels = pictures.map((weights) => weights.map((weight) => Math.round(127.5 + 127.5 * share(weight))))
    return pictureSheet(id, shape, levels)
  }
  const pixels = new Uint8Array(pictures.length * height * width)
  const stepsPerUnit = STEPS / scale
  let at = 0
  for (const weights of pictures) {
    for (let pixel = 0; pixel < weights.length; pixel++) {
      const weight = weights[pixel]!
      const step = Math.min(STEPS, Math.round(Math.abs(weight) * stepsPerUnit))
      pixels[at++] = weight < 0 ? 2 * step + 1 : 2 * step
    }
  }
  return sheet(id, shape, pictures.length, { data: pixels, channels: 1, palette: WEIGHT_COLOURS })
}

interface Pixels {
  readonly data: Uint8Array
  readonly channels: number
  readonly palette?: IndexedColors
}

function sheet(id: string, [, height, width]: ImageShape, count: number, { data, ...pixels }: Pixels): Sheet {
  const high = 1 + height + 1
  const rows = withEdges(data, count, width * pixels.channels)
  // Packing noise takes longer than anything else here, and saves little.
  const png = encode({ width, height: count * high, data: rows, ...pixels }, { zlib: { level: 0 } })
  const url = `data:image/png;base64,${Buffer.from(png).toString('base64')}`
  return {
    image: html`<svg class="hidden" aria-hidden="true"><image id="${id}" width="${width}" height="${count * high}" style="image-rendering:pixelated" href="${new Markup(url)}"/></svg>`,
    picture: (at, name, { width: wide = width, className = '' } = {}) =>
      html`<svg role="img" aria-label="${name}" class="picture ${className}" viewBox="0 ${at * high + 1} ${width} ${height}" width="${wide}" height="${Math.round((wide * height) / width)}"><use href="#${id}"/></svg>`,
  }
}

/**
 * Pictures with the first row of each once more above it, and the last one below: where a box is a fraction of a pixel higher, these
 * show, not the next picture.
 */
function withEdges(data: Uint8Array, count: number, row: number): Uint8Array {
  const size = data.length / count
  const padded = new Uint8Array(data.length + count * 2 * row)
  for (let at = 0; at < count; at++) {
    const picture = data.subarray(at * size, (at + 1) * size)
    const begin = at * (row + size + row)
    padded.set(picture.subarray(0, row), begin)
    padded.set(picture, begin + row)
    padded.set(picture.subarray(size - row), begin + row + size)
  }
  return padded
}
