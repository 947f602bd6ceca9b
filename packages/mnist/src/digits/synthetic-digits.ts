import { ValueError } from '@cotangent/core'
import { CLASSES, type LabelledImages, type Presentation, present, SIDE } from '../present.ts'
import { writeDigit } from './handwriting.ts'
import { RandomStream } from './random-stream.ts'
import { rasterize } from './rasterize.ts'

export interface SyntheticDigitsOptions<Normalize extends boolean = boolean, OneHot extends boolean = boolean>
  extends Presentation<Normalize, OneHot> {
  /** An integer; each gives other digits. Default: 0. */
  readonly seed?: number | undefined
  /** How many images. */
  readonly count: number
}

/**
 * Handwritten-looking digits, drawn here and now, for when MNIST cannot be had. What a net reaches on them is not an MNIST
 * result, though of like difficulty. Each digit is a stroke skeleton in one of several ways of writing, bent, stretched,
 * slanted and drawn with a pen of its own, of MNIST's size, place and ink.
 *
 * Images are [count, 784] float32 from 0 to 1 and labels [count] int32; `normalize`, `flatten` and `oneHot` change that as
 * in `loadMnist`. Image i depends on the seed and i alone, so that more images begin with the fewer; every engine draws
 * the same bytes. Labels are drawn independently, each digit equally likely.
 *
 * @throws ValueError for a count that is not a positive integer (or above 2,739,137) or a seed that is not an integer.
 * @example
 * const train = syntheticDigits({ seed: 0, count: 600 })
 * const test = syntheticDigits({ seed: 1, count: 100 })
 * train.images.shape // [600, 784]
 */
export function syntheticDigits<Normalize extends boolean = true, OneHot extends boolean = false>(
  options: SyntheticDigitsOptions<Normalize, OneHot>,
): LabelledImages<Normalize, OneHot> {
  const { seed = 0, count } = options
  if (!Number.isSafeInteger(seed)) {
    throw new ValueError(`syntheticDigits: the seed is ${seed}; give an integer, such as 0`)
  }
  if (!Number.isSafeInteger(count) || count < 1 || count > COUNT_MAX) {
    throw new ValueError(
      `syntheticDigits: the count of images is ${count}; give a positive integer, at most ${COUNT_MAX}`,
    )
  }
  const pixels = new Uint8Array(count * SIDE * SIDE)
  const digits = new Int32Array(count)
  for (let index = 0; index < count; index++) {
    const random = new RandomStream(seed, index)
    const digit = Math.floor(random.uniform() * CLASSES)
    digits[index] = digit
    const lines = writeDigit(digit, random, SIDE)
    rasterize(lines, EDGE_MIN + EDGE_RANGE * random.uniform(), pixels, index * SIDE * SIDE, SIDE)
  }
  return present(pixels, digits, options)
}

/** How many images fit in one array of 2³¹ pixels, which every engine can hold. */
const COUNT_MAX = Math.floor(2 ** 31 / (SIDE * SIDE))

/** How soft a line's outline is, in pixels: scanned digits are not all equally sharp. */
const EDGE_MIN = 1
const EDGE_RANGE = 0.6
