import { shapeText, type Tensor, ValueError } from '@cotangent/core'
import * as ops from '@cotangent/ops'
import { kindOf } from '../kind.ts'
import { type Layer, layerOf, type ShapeRule } from '../layer.ts'
import { type Pair, pairOption } from '../option.ts'
import type { ShapeText, UnknownRank } from '../shape.ts'
import { along, type Slid, slide } from '../window.ts'

export interface PoolOptions<S extends Pair = Pair, P extends Pair = Pair> {
  /** Distance between windows. Default: the kernel, so that windows neither overlap nor leave gaps. */
  readonly stride?: S
  /** Rows and columns of padding on each side, fewer than the kernel's. Default: 0. */
  readonly pad?: P
}

/** [channels, height, width] to [channels, places down, places across]. */
export interface Pool2d<Name extends 'maxPool2d' | 'avgPool2d', K extends Pair, S extends Pair = K, P extends Pair = 0>
  extends ShapeRule {
  readonly output: Slid<Name, this['input'], null, K, S, P, 1>
}

/** [channels, height, width] to [channels]. */
export interface GlobalPool extends ShapeRule {
  readonly output: GlobalPoolShape<this['input']>
}

type GlobalPoolShape<S> = S extends readonly [infer C, unknown, unknown]
  ? [C]
  : UnknownRank<S> extends true
    ? [number]
    : `globalAvgPool: needs an image [channels, height, width], got ${ShapeText<S>}`

/**
 * The largest element of each window: [channels, height, width] to [channels, places down, places across].
 *
 * @throws ValueError for an option that is not a positive integer or a pair of them, or padding as large as the kernel.
 * @example
 * layer.maxPool2d(2)
 * layer.maxPool2d(3, { stride: 2, pad: 1 })
 */
export const maxPool2d = <const K extends Pair, const S extends Pair = K, const P extends Pair = 0>(
  kernel: K,
  options: PoolOptions<S, P> = {},
): Layer<Pool2d<'maxPool2d', K, S, P>> => layerOf(maxPool2dKind, { ...options, kernel })

/**
 * The mean of each window: [channels, height, width] to [channels, places down, places across]. Padding counts as zeros.
 *
 * @throws ValueError for an option that is not a positive integer or a pair of them, or padding as large as the kernel.
 * @example
 * layer.avgPool2d(2)
 */
export const avgPool2d = <const K extends Pair, const S extends Pair = K, const P extends Pair = 0>(
  kernel: K,
  options: PoolOptions<S, P> = {},
): Layer<Pool2d<'avgPool2d', K, S, P>> => layerOf(avgPool2dKind, { ...options, kernel })

/** The mean of each channel: [channels, height, width] to [channels]. */
export const globalAvgPool = (): Layer<GlobalPool> => layerOf(globalAvgPoolKind, {})

export const maxPool2dKind = poolKind('maxPool2d', ops.maxPool2d)
export const avgPool2dKind = poolKind('avgPool2d', ops.avgPool2d)

function poolKind(name: 'maxPool2d' | 'avgPool2d', pool: (x: Tensor, options: ops.PoolOptions) => Tensor) {
  return kindOf({
    name,
    options({ kernel, stride = kernel, pad = 0 }: PoolOptions & { readonly kernel: Pair }) {
      const checked = {
        kernel: pairOption(name, 'kernel', kernel),
        stride: pairOption(name, 'stride', stride),
        pad: pairOption(name, 'pad', pad, 0),
      }
      if (along(pad, 0) >= along(kernel, 0) || along(pad, 1) >= along(kernel, 1)) {
        throw new ValueError(
          `${name}: pad ${JSON.stringify(pad)} is not less than kernel ${JSON.stringify(kernel)}; some windows would hold padding alone`,
        )
      }
      return checked
    },
    output: (input, options) => slide(name, input, null, { ...options, dilation: 1 }),
    apply: (x, { options }) => pool(x, options),
  })
}

export const globalAvgPoolKind = kindOf({
  name: 'globalAvgPool',
  options: () => ({}),
  output: (input) =>
    input.length === 3
      ? [input[0]!]
      : `globalAvgPool: needs an image [channels, height, width], got ${shapeText(input)}`,
  apply: (x) => ops.mean(x, { axis: [2, 3] }),
})
