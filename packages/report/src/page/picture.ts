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
  const pixels = weights.flatMap((weight) => [
    ...(weight < 0 ? ORANGE : BLUE),
    Math.round(255 * Math.abs(share(weight))),
  ])
  return urlOf(shape, pixels, 4)
}

function urlOf([, height, width]: ImageShape, pixels: readonly number[], channels: number): string {
  const png = encode({ width, height, data: Uint8Array.from(pixels), channels }, { zlib: { level: 9 } })
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`
}

/** From channel after channel, as tensors hold images, to pixel after pixel. */
function interleaved([channels, height, width]: ImageShape, values: readonly number[]): number[] {
  const size = height * width
  return Array.from({ length: channels * size }, (_, at) => values[(at % channels) * size + Math.floor(at / channels)]!)
}
