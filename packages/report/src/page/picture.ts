import { encode } from 'fast-png'
import type { ImageShape, Picture } from './report.ts'

/** The picture as a PNG in a data URL: grey, or red, green and blue. */
export function pictureUrl({ shape, levels }: Picture): string {
  return urlOf(shape, interleaved(shape, levels), shape[0])
}

const BLUE = [40, 110, 220] as const
const ORANGE = [226, 104, 16] as const

/**
 * Weights as a PNG in a data URL. Of one channel: positive ones blue and negative ones orange, the more opaque the larger, so
 * that zero shows the page, dark or light. Of three: red, green and blue, where medium grey is zero.
 *
 * @param scale what has the full colour.
 */
export function weightsUrl(shape: ImageShape, weights: readonly number[], scale: number): string {
  const share = (weight: number): number => Math.max(-1, Math.min(1, weight / scale))
  if (shape[0] === 3) {
    const levels = weights.map((weight) => Math.round(127.5 + 127.5 * share(weight)))
    return urlOf(shape, interleaved(shape, levels), 3)
  }
  const pixels = new Uint8Array(4 * weights.length)
  for (let at = 0; at < weights.length; at++) {
    const weight = weights[at]!
    const colour = weight < 0 ? ORANGE : BLUE
    for (let channel = 0; channel < 3; channel++) pixels[4 * at + channel] = colour[channel]!
    pixels[4 * at + 3] = Math.round(255 * Math.abs(share(weight)))
  }
  return urlOf(shape, pixels, 4)
}

function urlOf([, height, width]: ImageShape, data: Uint8Array, channels: number): string {
  // Packing noise takes longer than anything else here, and saves little.
  const png = encode({ width, height, data, channels }, { zlib: { level: 0 } })
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`
}

/** From channel after channel, as tensors hold images, to pixel after pixel. */
function interleaved([channels, height, width]: ImageShape, values: readonly number[]): Uint8Array {
  const size = height * width
  const pixels = new Uint8Array(channels * size)
  values.forEach((value, at) => {
    pixels[(at % size) * channels + Math.floor(at / size)] = value
  })
  return pixels
}
