import { type DType, ShapeError, type Tensor } from '@cotangent/core'
import { fold } from './extreme.ts'
import { mean } from './reduce.ts'
import { viewOf } from './view.ts'
import { channelWindows, type Pair, type Windows, windowsOf } from './window.ts'

export interface PoolOptions {
  readonly kernel: Pair
  /** Distance between windows. Default: the kernel, so that windows neither overlap nor leave gaps. */
  readonly stride?: Pair
  /** Rows and columns of padding on each side, less than the kernel. Default 0. */
  readonly pad?: Pair
}

/**
 * The largest element of each window of `x` [N, C, H, W]: [N, C, OH, OW]. Padding counts as −∞; of equal maxima the first in
 * row-major order gets the gradient.
 *
 * @throws ShapeError for a tensor that is not [N, C, H, W], a kernel larger than the padded input, or padding as large as the kernel.
 * @example
 * maxPool2d(zeros([1, 30, 24, 24]), { kernel: 2 }).shape // [1, 30, 12, 12]
 */
export function maxPool2d<D extends DType>(x: Tensor<D>, options: PoolOptions): Tensor<D> {
  const windows = poolWindows('maxPool2d', x, options)
  // Integers have no −∞: their least value stands for padding, which a window with an element of its own never chooses.
  const fill =
    x.dtype === 'int32' ? -(2 ** 31) : x.dtype === 'uint8' || x.dtype === 'bool' ? 0 : Number.NEGATIVE_INFINITY
  return fold('max', viewOf(x, channelWindows(x.shape, windows, fill)), { axis: [4, 5] }, 'first', 'maxPool2d')
}

/**
 * The mean of each window of `x` [N, C, H, W]: [N, C, OH, OW]. Padding counts as zeros, which are part of the mean.
 *
 * @throws ShapeError for a tensor that is not [N, C, H, W], a kernel larger than the padded input, or padding as large as the kernel.
 * @example
 * avgPool2d(ones([1, 1, 4, 4]), { kernel: 2 }).shape // [1, 1, 2, 2]
 */
export function avgPool2d<D extends DType>(x: Tensor<D>, options: PoolOptions) {
  const windows = poolWindows('avgPool2d', x, options)
  return mean(viewOf(x, channelWindows(x.shape, windows, 0)), { axis: [4, 5] })
}

function poolWindows(operation: string, x: Tensor<DType>, { kernel, stride = kernel, pad = 0 }: PoolOptions): Windows {
  const windows = windowsOf(operation, x.shape, kernel, { stride, pad })
  if (windows.pad.some((one, axis) => one >= windows.kernel[axis]!)) {
    throw new ShapeError(
      `${operation}: padding ${JSON.stringify(pad)} is not less than the kernel ${JSON.stringify(kernel)}; some windows would hold padding alone`,
    )
  }
  return windows
}
