import { type Grey, PictureError } from './png.ts'

/** MNIST's pictures: 28×28, a digit within 20×20 on them. */
export const SIDE = 28
const BOX = 20

/**
 * A picture of one digit as those of MNIST are made: light ink on black, the digit scaled to 20×20 without changing its
 * proportions, and its centre of mass in the middle of 28×28 (LeCun, Cortes and Burges, "The MNIST database of handwritten digits").
 *
 * @param name what messages call the picture.
 * @returns the pixels, 0 to 255, row by row.
 * @throws PictureError where there is nothing on the picture.
 */
export function mnistPicture(picture: Grey, name: string): Uint8Array {
  const ink = inkOf(picture, name)
  const digit = fitted(cropped(ink))
  const [left, top] = centred(digit)
  // Thin lines that were scaled down are faint.
  const most = digit.data.reduce((before, value) => Math.max(before, value), 0)
  const pixels = new Uint8Array(SIDE * SIDE)
  for (let y = 0; y < digit.height; y++) {
    for (let x = 0; x < digit.width; x++) {
      pixels[(top + y) * SIDE + left + x] = Math.round((255 * digit.data[y * digit.width + x]!) / most)
    }
  }
  return pixels
}

/** A smaller range of shades than this is no drawing. */
const LEAST_CONTRAST = 0.08

/** What is fainter may be noise, where the paper is uneven. */
const FAINT = 0.1

interface Ink extends Grey {
  /** Only more ink than this says where the digit is. */
  readonly faint: number
}

/**
 * How much ink there is, 0 to 1: how far shades are from the paper's, towards where most contrast is. As uneven as the edge of the
 * picture is, no ink begins.
 */
function inkOf(picture: Grey, name: string): Ink {
  const { width, height, data } = unshaded(picture)
  const edges = edgesOf({ width, height, data }).flat()
  const paper = median(edges)
  const unevenness = 3 * median(edges.map((value) => Math.abs(value - paper)))
  let [darkest, lightest] = [paper, paper]
  for (const value of data) {
    darkest = Math.min(darkest, value)
    lightest = Math.max(lightest, value)
  }
  const contrast = Math.max(paper - darkest, lightest - paper)
  if (contrast < LEAST_CONTRAST || contrast <= unevenness) {
    throw new PictureError(
      `there is nothing to be seen on ${name}; give a picture of one digit, dark on light or light on dark`,
    )
  }
  const sign = paper - darkest > lightest - paper ? -1 : 1
  const inkAt = (value: number): number => Math.max(0, sign * (value - paper) - unevenness) / (contrast - unevenness)
  return { width, height, data: data.map(inkAt), faint: unevenness > 0 ? FAINT : 0 }
}

/** The picture without the slope of its lighting, from one edge to the opposite one. */
function unshaded({ width, height, data }: Grey): Grey {
  const [left, right, top, bottom] = edgesOf({ width, height, data }).map(median) as [number, number, number, number]
  const [across, down] = [(right - left) / Math.max(1, width - 1), (bottom - top) / Math.max(1, height - 1)]
  if (across === 0 && down === 0) return { width, height, data }
  return { width, height, data: data.map((value, at) => value - across * (at % width) - down * Math.floor(at / width)) }
}

/** The pixels along the left, right, upper and lower edge. */
function edgesOf({ width, height, data }: Grey): number[][] {
  const column = (x: number) => Array.from({ length: height }, (_, y) => data[y * width + x]!)
  const row = (y: number) => Array.from(data.subarray(y * width, (y + 1) * width))
  return [column(0), column(width - 1), row(0), row(height - 1)]
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

function cropped({ width, height, data, faint }: Ink): Grey {
  let [left, right, top, bottom] = [width, -1, height, -1]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x]! <= faint) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = y
    }
  }
  const size = { width: right - left + 1, height: bottom - top + 1 }
  const cut = new Float32Array(size.width * size.height)
  for (let y = 0; y < size.height; y++) {
    const begin = (top + y) * width + left
    cut.set(data.subarray(begin, begin + size.width), y * size.width)
  }
  return { ...size, data: cut }
}

/** The picture scaled so that its longer side is that of the box. */
function fitted(picture: Grey): Grey {
  const scale = BOX / Math.max(picture.width, picture.height)
  const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)))
  return transposed(withWidth(transposed(withWidth(picture, width!)), height!))
}

/**
 * Each row scaled to so many pixels, every one a mean of those around its place, by weights that fall linearly: to the next pixel
 * when the picture grows, over as many as there are for one when it shrinks.
 */
function withWidth({ width, height, data }: Grey, wanted: number): Grey {
  const step = width / wanted
  const reach = Math.max(1, step)
  const scaled = new Float32Array(wanted * height)
  for (let x = 0; x < wanted; x++) {
    const middle = (x + 0.5) * step - 0.5
    const first = Math.max(0, Math.ceil(middle - reach))
    const last = Math.min(width - 1, Math.floor(middle + reach))
    const weights = Array.from({ length: last - first + 1 }, (_, at) => 1 - Math.abs(first + at - middle) / reach)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    for (let y = 0; y < height; y++) {
      let sum = 0
      for (let at = 0; at < weights.length; at++) sum += weights[at]! * data[y * width + first + at]!
      scaled[y * wanted + x] = sum / total
    }
  }
  return { width: wanted, height, data: scaled }
}

function transposed({ width, height, data }: Grey): Grey {
  const turned = data.map((_, at) => data[(at % height) * width + Math.floor(at / height)]!)
  return { width: height, height: width, data: turned }
}

/** Where the digit's left upper corner goes, for its centre of mass to be in the middle, and all of it on the picture. */
function centred({ width, height, data }: Grey): [left: number, top: number] {
  let [mass, right, down] = [0, 0, 0]
  data.forEach((ink, at) => {
    mass += ink
    right += ink * (at % width)
    down += ink * Math.floor(at / width)
  })
  const begin = (centre: number, length: number): number =>
    Math.min(Math.max(0, Math.round(SIDE / 2 - centre)), SIDE - length)
  return [begin(right / mass, width), begin(down / mass, height)]
}
