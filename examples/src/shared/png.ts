import { CotangentError } from '@cotangent/core'
import { type DecodedPng, decode, hasPngSignature } from 'fast-png'

/** A file that is no picture, or a picture with nothing on it. */
export class PictureError extends CotangentError {
  override name = 'PictureError'
}

/** A picture in shades of grey, 0 black and 1 white, row by row. */
export interface Grey {
  readonly width: number
  readonly height: number
  readonly data: Float32Array
}

/**
 * The picture of a PNG of any kind (grey, colours, palette, transparent, 1 to 16 bits, interlaced) in shades of grey. What is
 * transparent gets the shade of the paper: that of most of the picture, or where most of it is transparent, the one unlike its ink.
 *
 * @param name what messages call the picture.
 * @throws PictureError for bytes that are no PNG, or a damaged one.
 */
export function greyOfPng(bytes: Uint8Array, name: string): Grey {
  const { width, height, shade, opacity } = decoded(bytes, name)
  let [covered, light] = [0, 0]
  for (let at = 0; at < shade.length; at++) {
    covered += opacity[at]!
    light += shade[at]! * opacity[at]!
  }
  const isLight = light > covered / 2
  const paper = isLight === covered > shade.length / 2 ? 1 : 0
  return { width, height, data: shade.map((value, at) => paper + (value - paper) * opacity[at]!) }
}

interface Decoded {
  readonly width: number
  readonly height: number
  /** Of each pixel, from 0 to 1. */
  readonly shade: Float32Array
  readonly opacity: Float32Array
}

function decoded(bytes: Uint8Array, name: string): Decoded {
  if (!hasPngSignature(bytes)) {
    throw new PictureError(`${name} is not a PNG; save the picture as one, or convert it`)
  }
  const png = tryDecode(bytes, name)
  const { width, height, palette, channels, depth, transparency } = png
  const samples = samplesOf(png)
  const most = 2 ** depth - 1
  const [shade, opacity] = [new Float32Array(width * height), new Float32Array(width * height)]
  if (palette !== undefined) {
    const colours = palette.map(
      ([red = 0, green = 0, blue = 0, alpha = 255]) => [luma(red, green, blue) / 255, alpha / 255] as const,
    )
    for (let at = 0; at < shade.length; at++) {
      const colour = colours[samples[at]!]
      if (colour === undefined) throw damaged(name)
      shade[at] = colour[0]
      opacity[at] = colour[1]
    }
    return { width, height, shade, opacity }
  }
  // One colour may stand for full transparency.
  const clear = transparency?.length ? transparency : undefined
  for (let at = 0; at < shade.length; at++) {
    const first = at * channels
    const red = samples[first]!
    const [green, blue] = channels < 3 ? [red, red] : [samples[first + 1]!, samples[first + 2]!]
    const hidden =
      clear !== undefined && red === clear[0] && (channels < 3 || (green === clear[1] && blue === clear[2]))
    shade[at] = luma(red, green, blue) / most
    opacity[at] = hidden ? 0 : channels % 2 === 0 ? samples[first + channels - 1]! / most : 1
  }
  return { width, height, shade, opacity }
}

/** Brightness by ITU-R BT.601. */
const luma = (red: number, green: number, blue: number): number => 0.299 * red + 0.587 * green + 0.114 * blue

function tryDecode(bytes: Uint8Array, name: string): DecodedPng {
  try {
    return decode(bytes, { checkCrc: true })
  } catch {
    // The decoder throws errors of many kinds, which speak of its own insides.
    throw damaged(name)
  }
}

const damaged = (name: string): PictureError =>
  new PictureError(`${name} is damaged: its bytes are not those of a whole PNG; save the picture again`)

/** All samples, row by row; those of fewer than 8 bits are packed into bytes, from the left of each row. */
function samplesOf({ width, height, channels, depth, data }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) return data
  const inRow = width * channels
  const rowBytes = Math.ceil((inRow * depth) / 8)
  const perByte = 8 / depth
  return Uint8Array.from({ length: inRow * height }, (_, at) => {
    const place = at % inRow
    const byte = data[Math.floor(at / inRow) * rowBytes + Math.floor(place / perByte)]!
    return (byte >> (8 - depth * ((place % perByte) + 1))) & (2 ** depth - 1)
  })
}
