import { type AnyTensor, add, reshape, ShapeError, shapeText, type Tensor, ValueError } from '@cotangent/core'
import { contract } from './contract.ts'
import { viewOf } from './view.ts'
import { channelWindows, type WindowOptions, windowsOf, windowView } from './window.ts'

export interface Conv2dOptions extends WindowOptions {
  /** Channels are cut into so many groups, each with its own filters. Default 1. */
  readonly groups?: number
}

/**
 * Two-dimensional convolution (cross-correlation, as in all of deep learning) of `x` [N, C, H, W] with filters `w`
 * [O, C / groups, KH, KW] and a bias `b` [O] or null: [N, O, OH, OW]. A window view and a contraction, so that its gradients
 * are theirs.
 *
 * @throws ShapeError for shapes that do not fit, a kernel larger than the padded input, or channels that groups do not divide.
 * @example
 * conv2d(ones([1, 1, 28, 28]), ones([30, 1, 5, 5]), null).shape // [1, 30, 24, 24]
 */
export function conv2d<X extends AnyTensor>(
  x: X,
  w: AnyTensor,
  b: AnyTensor | null,
  options: Conv2dOptions = {},
): Tensor {
  const { groups = 1, ...window } = options
  checkFilters(x, w, b, groups)
  const [filters, depth, height, width] = w.shape as readonly [number, number, number, number]
  const windows = windowsOf('conv2d', x.shape, [height, width], window)
  const [n, o] = [x.shape[0]!, windows.count]
  const product =
    groups === 1
      ? contract('conv2d', viewOf(x, channelWindows(x.shape, windows, 0)), w, {
          a: [N, C, OH, OW, KH, KW],
          b: [O, C, KH, KW],
          out: [N, O, OH, OW],
        })
      : contract(
          'conv2d',
          viewOf(x, groupWindows(x, windows, groups)),
          reshape(w, [groups, filters / groups, depth, height, width]),
          {
            a: [N, G, C, OH, OW, KH, KW],
            b: [G, O, C, KH, KW],
            out: [N, G, O, OH, OW],
          },
        )
  const images = reshape(product, [n, filters, ...o])
  // Images and filters of integers give integers at run time; the type speaks of the usual floats.
  return (b === null ? images : add(images, reshape(b, [filters, 1, 1]))) as Tensor
}

const [N, O, C, OH, OW, KH, KW, G] = [0, 1, 2, 3, 4, 5, 6, 7]

/** The channels as groups of neighbours: two view axes that walk along one source axis. */
function groupWindows(x: AnyTensor, windows: ReturnType<typeof windowsOf>, groups: number) {
  const depth = x.shape[1]! / groups
  return windowView(
    x.shape,
    windows,
    [
      { source: 1, step: depth },
      { source: 1, step: 1 },
    ],
    [groups, depth],
    0,
  )
}

function checkFilters(x: AnyTensor, w: AnyTensor, b: AnyTensor | null, groups: number): void {
  const shapes = `input ${shapeText(x.shape)}, filters ${shapeText(w.shape)}`
  if (x.rank !== 4 || w.rank !== 4) {
    throw new ShapeError(
      `conv2d: ${shapes}; the input needs the axes [N, C, H, W] and the filters [O, C / groups, KH, KW]`,
    )
  }
  const [filters, channels] = [w.shape[0]!, x.shape[1]!]
  if (!Number.isInteger(groups) || groups < 1)
    throw new ValueError(`conv2d: groups ${groups} is not a positive integer`)
  if (channels % groups !== 0 || filters % groups !== 0) {
    throw new ShapeError(
      `conv2d: ${groups} groups do not divide the ${channels} channels and ${filters} filters of ${shapes}`,
    )
  }
  if (w.shape[1] !== channels / groups) {
    throw new ShapeError(
      `conv2d: ${shapes}; with ${groups === 1 ? 'one group' : `${groups} groups`} the filters need ${channels / groups} channels`,
    )
  }
  if (b !== null && (b.rank !== 1 || b.shape[0] !== filters)) {
    throw new ShapeError(`conv2d: the bias has shape ${shapeText(b.shape)}; ${filters} filters need [${filters}]`)
  }
}
