import * as layer from '../layer/index.ts'
import { chain, type ImageShape, input, type Net } from '../net.ts'
import type { Writable } from '../shape.ts'

export interface DeepConvNetOptions<S extends ImageShape, Out extends number> {
  /** Default: [1, 28, 28]. */
  readonly inputShape?: S
  /** Filters of the six convolutions; each two are followed by a pooling. Default: [16, 16, 32, 32, 64, 64]. */
  readonly filters?: readonly [number, number, number, number, number, number]
  /** Default: 50. */
  readonly hiddenSize?: number
  /** Default: 10. */
  readonly outputSize?: Out
  /** Dropout after each dense layer. Default: 0.5. */
  readonly dropoutRate?: number
}

/**
 * The DeepConvNet of "Deep Learning from Scratch" (chapter 8): six 3×3 convolutions with relu, a 2×2 max pooling after every
 * second one; then dense, relu, dropout, dense, dropout. Weights start by He's deviation √(2/n). The fourth convolution pads by
 * 2, which makes the 14×14 images 16×16, so that they can be halved twice more.
 *
 * @throws ShapeError for an image that is too small; ValueError for sizes that are not positive integers, or a rate outside [0, 1).
 * @example
 * const net = deepConvNet() // Net<[1, 28, 28], [10]>
 */
export function deepConvNet<const S extends ImageShape = [1, 28, 28], const Out extends number = 10>({
  inputShape,
  filters = [16, 16, 32, 32, 64, 64],
  hiddenSize = 50,
  // Left out, the size's type is its default.
  outputSize = 10 as Out,
  dropoutRate = 0.5,
}: DeepConvNetOptions<S, Out> = {}): Net<Writable<S>, [Out]> {
  const image: ImageShape = inputShape ?? [1, 28, 28]
  const net = chain(
    input(image),
    layer.conv2d({ filters: filters[0], kernel: 3, pad: 1 }),
    layer.relu(),
    layer.conv2d({ filters: filters[1], kernel: 3, pad: 1 }),
    layer.relu(),
    layer.maxPool2d(2),
    layer.conv2d({ filters: filters[2], kernel: 3, pad: 1 }),
    layer.relu(),
    layer.conv2d({ filters: filters[3], kernel: 3, pad: 2 }),
    layer.relu(),
    layer.maxPool2d(2),
    layer.conv2d({ filters: filters[4], kernel: 3, pad: 1 }),
    layer.relu(),
    layer.conv2d({ filters: filters[5], kernel: 3, pad: 1 }),
    layer.relu(),
    layer.maxPool2d(2),
    layer.flatten(),
    layer.dense(hiddenSize),
    layer.relu(),
    layer.dropout(dropoutRate),
    layer.dense(outputSize),
    layer.dropout(dropoutRate),
  )
  // `image` is the S that was given, or its default.
  return net as Net<Writable<S>, [Out]>
}
