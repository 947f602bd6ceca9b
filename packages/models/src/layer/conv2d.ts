import { shapeText, sizeOf, ValueError } from '@cotangent/core'
import * as ops from '@cotangent/ops'
import * as init from '../init.ts'
import { checkInitializer, type Initializer, type Parameter } from '../initializer.ts'
import { kindOf } from '../kind.ts'
import { type Layer, layerOf, type ShapeRule } from '../layer.ts'
import { integerOption, type Pair, pairOption } from '../option.ts'
import { along, type Slid, slide } from '../window.ts'

export interface Conv2dOptions<
  F extends number = number,
  K extends Pair = Pair,
  S extends Pair = Pair,
  P extends Pair = Pair,
  D extends Pair = Pair,
> {
  /** How many channels come out. */
  readonly filters: F
  readonly kernel: K
  /** Distance between windows. Default: 1. */
  readonly stride?: S
  /** Rows and columns of zeros on each side. Default: 0. */
  readonly pad?: P
  /** Distance between the elements of a window. Default: 1. */
  readonly dilation?: D
  /** Channels are cut into so many groups, each with its own filters. Default: 1. */
  readonly groups?: number
  /** How W, [filters, channels / groups, height, width], starts. Default: `init.he()`. */
  readonly weight?: Initializer
  /** How b, [filters], starts; `false` for none. Default: `init.zeros()`. */
  readonly bias?: Initializer | false
}

/** [channels, height, width] to [filters, places down, places across]. */
export interface Conv2d<F extends number, K extends Pair, S extends Pair = 1, P extends Pair = 0, D extends Pair = 1>
  extends ShapeRule {
  readonly output: Slid<'conv2d', this['input'], F, K, S, P, D>
}

/**
 * A two-dimensional convolution: [channels, height, width] to [filters, places down, places across]. Stride, padding, dilation
 * and kernel are a number or a pair [height, width].
 *
 * @throws ValueError for an option that is not a positive integer (padding: from 0 up), or filters that groups do not divide.
 * @example
 * layer.conv2d({ filters: 30, kernel: 5 })
 */
export const conv2d = <
  const F extends number,
  const K extends Pair,
  const S extends Pair = 1,
  const P extends Pair = 0,
  const D extends Pair = 1,
>(
  options: Conv2dOptions<F, K, S, P, D>,
): Layer<Conv2d<F, K, S, P, D>> => layerOf(conv2dKind, options)

export const conv2dKind = kindOf({
  name: 'conv2d',
  options({
    filters,
    kernel,
    stride = 1,
    pad = 0,
    dilation = 1,
    groups = 1,
    weight = init.he(),
    bias = init.zeros(),
  }: Conv2dOptions) {
    const checked = {
      filters: integerOption('conv2d', 'filters', filters),
      kernel: pairOption('conv2d', 'kernel', kernel),
      stride: pairOption('conv2d', 'stride', stride),
      pad: pairOption('conv2d', 'pad', pad, 0),
      dilation: pairOption('conv2d', 'dilation', dilation),
      groups: integerOption('conv2d', 'groups', groups),
      weight: checkInitializer('conv2d', 'weight', weight),
      bias: bias && checkInitializer('conv2d', 'bias', bias),
    }
    if (filters % groups !== 0)
      throw new ValueError(`conv2d: ${filters} filters do not divide into ${groups} groups; choose a multiple`)
    return checked
  },
  output(input, options) {
    const { filters, groups } = options
    const output = slide('conv2d', input, filters, options)
    return typeof output !== 'string' && input[0]! % groups !== 0
      ? `conv2d: the channels of input ${shapeText(input)} do not divide into ${groups} groups`
      : output
  },
  parameters([channels = 0], { filters, kernel, groups, weight, bias }): { W: Parameter; b?: Parameter } {
    const [height, width] = [along(kernel, 0), along(kernel, 1)]
    const fans = { in: (channels / groups) * height * width, out: (filters / groups) * height * width }
    return {
      W: { shape: [filters, channels / groups, height, width], initializer: weight, fans, decays: true },
      ...(bias && { b: { shape: [filters], initializer: bias } }),
    }
  },
  apply: (x, { params: { W, b }, options: { stride, pad, dilation, groups } }) =>
    ops.conv2d(x, W, b ?? null, { stride, pad, dilation, groups }),
  multiplyAdds: ([channels = 0], output, { kernel, groups }) =>
    sizeOf(output) * (channels / groups) * along(kernel, 0) * along(kernel, 1),
})
