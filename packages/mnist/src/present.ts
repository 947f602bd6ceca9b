import { type Tensor, tensor } from '@cotangent/core'

/** How images and labels are given; the three flags are those of "Deep Learning from Scratch". */
export interface Presentation<Normalize extends boolean = boolean, OneHot extends boolean = boolean> {
  /** Images as float32 from 0 to 1 instead of uint8 from 0 to 255. Default: true. */
  readonly normalize?: Normalize | undefined
  /** Images of shape [N, 784] instead of [N, 1, 28, 28]. Default: true. */
  readonly flatten?: boolean | undefined
  /** Labels as float32 [N, 10], 1 at the digit and 0 elsewhere, instead of int32 [N]. Default: false. */
  readonly oneHot?: OneHot | undefined
}

/** Images and their labels, in the same order. */
export interface LabelledImages<Normalize extends boolean = true, OneHot extends boolean = false> {
  readonly images: Normalize extends true ? Tensor<'float32'> : Tensor<'uint8'>
  readonly labels: OneHot extends true ? Tensor<'float32'> : Tensor<'int32'>
}

/** Pixels on one side of an image. */
export const SIDE = 28

/** How many digits there are. */
export const CLASSES = 10

/**
 * The tensors of `digits.length` images, one byte a pixel, and of their digits. Both arrays are handed over: they must
 * not be written afterwards.
 */
export function present<Normalize extends boolean = true, OneHot extends boolean = false>(
  pixels: Uint8Array,
  digits: Int32Array,
  { normalize, flatten = true, oneHot }: Presentation<Normalize, OneHot>,
): LabelledImages<Normalize, OneHot> {
  const shape = flatten ? [digits.length, SIDE * SIDE] : [digits.length, 1, SIDE, SIDE]
  const images = tensor((normalize ?? true) ? scaled(pixels) : pixels, { shape, adopt: true })
  const labels = (oneHot ?? false) ? oneHotLabels(digits) : tensor(digits, { adopt: true })
  // The flags choose the dtypes as the conditional types say, which the compiler cannot follow.
  return { images, labels } as LabelledImages<Normalize, OneHot>
}

/** x / 255 in float32, as the book has it. */
function scaled(pixels: Uint8Array): Float32Array {
  const levels = Float32Array.from({ length: 256 }, (_, level) => level / 255)
  const values = new Float32Array(pixels.length)
  for (let index = 0; index < pixels.length; index++) values[index] = levels[pixels[index]!]!
  return values
}

function oneHotLabels(digits: Int32Array): Tensor<'float32'> {
  const values = new Float32Array(digits.length * CLASSES)
  digits.forEach((digit, index) => {
    values[index * CLASSES + digit] = 1
  })
  return tensor(values, { shape: [digits.length, CLASSES], adopt: true })
}
