import { type Shape, sizeOf, Tensor } from '@cotangent/core'
import type { Placed, TensorTree } from '@cotangent/models'
import type { ImageShape, WeightPictures } from './report.ts'

/** How many units or filters are shown. */
const MOST_PICTURES = 64

/** Kinds that keep each pixel in its place, so that weights after them still belong to pixels. */
const KEEPS_PIXELS = new Set(['flatten', 'dropout', 'batchNorm', 'layerNorm'])

/**
 * The weights of the first layer as pictures: of a convolution on images of 1 or 3 channels, or a dense layer on their pixels;
 * `null` for any other layer.
 */
export function firstLayerPictures(
  layers: readonly Placed[],
  params: TensorTree,
  image: ImageShape | null,
): WeightPictures | null {
  for (const { name, layer, input } of layers) {
    const own = params[name]
    const tree = own === undefined || own instanceof Tensor ? {} : own
    const inside = layer.kind.inside?.(input, layer.options)
    if (inside) return inside.length === 0 ? null : firstLayerPictures(inside, tree, image)
    if (tree.W instanceof Tensor) {
      if (layer.kind.name === 'conv2d') return filterPictures(name, tree.W)
      if (layer.kind.name === 'dense' && image !== null) return unitPictures(name, tree.W, image)
    }
    if (!KEEPS_PIXELS.has(layer.kind.name)) return null
  }
  return null
}

/** W is [filters, channels, height, width]. */
function filterPictures(layer: string, { shape, data }: Tensor): WeightPictures | null {
  const [count = 0, channels = 0, height = 0, width = 0] = shape
  if (!isImage([channels, height, width]) || height * width === 1) return null
  const size = channels * height * width
  const pictures = Array.from({ length: Math.min(count, MOST_PICTURES) }, (_, filter) =>
    Array.from(data.slice(filter * size, (filter + 1) * size)),
  )
  return { layer, kind: 'conv2d', count, shape: [channels, height, width], pictures, scale: scaleOf(pictures) }
}

/** W is [inputs, units]. */
function unitPictures(layer: string, { shape, data }: Tensor, image: ImageShape): WeightPictures | null {
  const [inputs = 0, count = 0] = shape
  if (inputs !== sizeOf(image)) return null
  const pictures: number[][] = []
  for (let unit = 0; unit < Math.min(count, MOST_PICTURES); unit++) {
    const picture: number[] = []
    for (let input = 0; input < inputs; input++) picture.push(data[input * count + unit]!)
    pictures.push(picture)
  }
  return { layer, kind: 'dense', count, shape: image, pictures, scale: scaleOf(pictures) }
}

/** Whether a sample's shape is that of a picture in grey or in red, green and blue. */
export const isImage = (shape: Shape): shape is ImageShape =>
  shape.length === 3 && (shape[0] === 1 || shape[0] === 3) && shape[1]! > 0 && shape[2]! > 0

/** About so many weights tell how large nearly all are. */
const ENOUGH = 10_000

/** The magnitude that 99.5 % of the weights do not exceed: one weight far off must not make all others pale. */
function scaleOf(pictures: readonly (readonly number[])[]): number {
  const [size = 0] = pictures.map(({ length }) => length)
  const every = Math.ceil((pictures.length * size) / ENOUGH)
  const magnitudes = new Float32Array(pictures.length * Math.ceil(size / every))
  let count = 0
  for (const [unit, weights] of pictures.entries()) {
    // Of each picture others: a step that the width is a multiple of would meet the same columns in all.
    for (let at = unit % every; at < size; at += every) magnitudes[count++] = Math.abs(weights[at]!)
  }
  magnitudes.subarray(0, count).sort()
  return magnitudes[Math.ceil(count * 0.995) - 1] || 1
}
