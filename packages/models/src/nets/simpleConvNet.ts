import * as init from '../init.ts'
import * as layer from '../layer/index.ts'
import { chain, type ImageShape, input, type Net } from '../net.ts'
import type { Writable } from '../shape.ts'

export interface SimpleConvNetOptions<S extends ImageShape, Out extends number> {
  /** Default: [1, 28, 28]. */
  readonly inputShape?: S
  /** Default: 30. */
  readonly filters?: number
  /** Default: 5. */
  readonly kernel?: number
  /** Default: 1. */
  readonly stride?: number
  /** Default: 0. */
  readonly pad?: number
  /** Default: 100. */
  readonly hiddenSize?: number
  /** Default: 10. */
  readonly outputSize?: Out
  /** The standard deviation that weights start with. Default: 0.01. */
  readonly weightInitStd?: number
}

/**
 * The SimpleConvNet of "Deep Learning from Scratch" (chapter 7): convolution, relu, max pooling, dense, relu, dense.
 *
 * @throws ShapeError for an image that is too small; ValueError for sizes that are not positive integers.
 * @example
 * const net = simpleConvNet({ filters: 16 }) // Net<[1, 28, 28], [10]>
 */
export function simpleConvNet<const S extends ImageShape = [1, 28, 28], const Out extends number = 10>({
  inputShape,
  filters = 30,
  kernel = 5,
  stride = 1,
  pad = 0,
  hiddenSize = 100,
  // Left out, the size's type is its default.
  outputSize = 10 as Out,
  weightInitStd = 0.01,
}: SimpleConvNetOptions<S, Out> = {}): Net<Writable<S>, [Out]> {
  const image: ImageShape = inputShape ?? [1, 28, 28]
  const weight = init.normal(weightInitStd)
  const net = chain(
    input(image),
    layer.conv2d({ filters, kernel, stride, pad, weight }),
    layer.relu(),
    layer.maxPool2d(2),
    layer.flatten(),
    layer.dense(hiddenSize, { weight }),
    layer.relu(),
    layer.dense(outputSize, { weight }),
  )
  // `image` is the S that was given, or its default.
  return net as Net<Writable<S>, [Out]>
}
