import { ValueError } from '@cotangent/core'
import type { Distribution, Fan, Initializer } from './initializer.ts'

/** All zeros: the usual start of a bias. */
export const zeros = (): Initializer => ({ init: 'zeros' })

/** All ones: the usual start of a scale. */
export const ones = (): Initializer => ({ init: 'ones' })

/**
 * Drawn from the normal distribution.
 *
 * @throws ValueError for a standard deviation that is negative or not finite.
 * @example
 * layer.dense(50, { weight: init.normal(0.01) })
 */
export function normal(std: number, { mean = 0 }: { readonly mean?: number } = {}): Initializer {
  if (!(std >= 0 && std < Number.POSITIVE_INFINITY && Number.isFinite(mean)))
    throw new ValueError(
      `init.normal: mean ${mean} and standard deviation ${std} are no normal distribution; give finite numbers, and a deviation from 0 up`,
    )
  return { init: 'normal', mean, std }
}

/**
 * Drawn evenly from [low, high).
 *
 * @throws ValueError for bounds that are not finite, or the wrong way round.
 * @example
 * layer.dense(50, { weight: init.uniform({ low: -0.1, high: 0.1 }) })
 */
export function uniform({ low, high }: { readonly low: number; readonly high: number }): Initializer {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high))
    throw new ValueError(`init.uniform: ${low} to ${high} is no interval; give two finite numbers, the lower first`)
  return { init: 'uniform', low, high }
}

export interface ScalingOptions {
  /**
   * What n counts. `in` (default): the inputs that each output sums over; `out`: the outputs that each input goes to;
   * `average`: the mean of the two. For a dense layer these are its input and output sizes, for a convolution the channels of
   * one group times the kernel's area, and the filters of one group times the kernel's area.
   */
  readonly fan?: Fan
  /** Default: `normal`. `uniform` draws from ±√3 standard deviations, which has the same spread. */
  readonly distribution?: Distribution
}

/**
 * Standard deviation √(1/n): keeps the spread of signals through sigmoid and tanh layers. The default, n = fan-in, is the form
 * in "Deep Learning from Scratch" (chapter 6.2); `fan: 'average'` gives the √(2/(in + out)) of Glorot and Bengio,
 * "Understanding the difficulty of training deep feedforward neural networks" (2010).
 *
 * @example
 * layer.dense(50, { weight: init.xavier() })
 */
export const xavier = ({ fan = 'in', distribution = 'normal' }: ScalingOptions = {}): Initializer => ({
  init: 'xavier',
  fan,
  distribution,
})

/**
 * Standard deviation √(2/n): keeps the spread of signals through relu layers, which halve it. He, Zhang, Ren and Sun, "Delving
 * deep into rectifiers" (2015); the default n = fan-in is also the form in "Deep Learning from Scratch" (chapter 6.2).
 *
 * @example
 * layer.conv2d({ filters: 16, kernel: 3, weight: init.he() })
 */
export const he = ({ fan = 'in', distribution = 'normal' }: ScalingOptions = {}): Initializer => ({
  init: 'he',
  fan,
  distribution,
})
