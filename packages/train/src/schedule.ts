import { type AnyTensor, add, cast, full, mul, type Tensor, type TensorLike, ValueError } from '@cotangent/core'
import { cos, div, less, maximum, minimum, sub, where } from '@cotangent/ops'
import { checkCount, checkFromZero } from './check.ts'

/**
 * A learning rate that changes: from the number of updates made so far (int32 [], 0 at the first update) to the rate of the
 * next one, a number or a scalar tensor. Built from operations, so that it becomes part of a compiled training step.
 */
export type Schedule = (step: Tensor<'int32'>) => TensorLike

/**
 * The same rate at every step.
 *
 * @throws ValueError for a negative or infinite rate.
 * @example
 * sgd({ learningRate: schedule.constant(0.1) })
 */
export function constant(rate: number): Schedule {
  checkFromZero('schedule.constant', 'the rate', rate)
  return () => rate
}

export interface StepOptions {
  readonly initial: number
  /** What the rate is multiplied by each time. Default: 0.1. */
  readonly factor?: number
  /** The steps, in rising order, from which on the rate is multiplied once more. */
  readonly at: readonly number[]
}

/**
 * The rate `initial` · `factor`ⁿ, where n counts the steps in `at` that have been reached: piecewise constant.
 *
 * @throws ValueError for negative rates, or steps that are no whole numbers in rising order.
 * @example
 * // 0.1, from step 3000 on 0.01, from 6000 on 0.001.
 * schedule.step({ initial: 0.1, at: [3000, 6000] })
 */
export function step({ initial, factor = 0.1, at }: StepOptions): Schedule {
  checkFromZero('schedule.step', 'initial', initial)
  checkFromZero('schedule.step', 'factor', factor)
  at.forEach((boundary, index) => {
    checkCount('schedule.step', `at[${index}]`, boundary)
    if (index > 0 && boundary <= at[index - 1]!)
      throw new ValueError(`schedule.step: ${boundary} comes after ${at[index - 1]} in at; give steps in rising order`)
  })
  return (now) =>
    at.reduce<Tensor>(
      (rate, boundary, index) => where(less(now, boundary), rate, initial * factor ** (index + 1)),
      full([], initial, { dtype: 'float64' }),
    )
}

export interface CosineOptions {
  readonly initial: number
  /** Default: 0. */
  readonly final?: number
  /** How many steps the way from `initial` to `final` takes; from then on the rate stays `final`. */
  readonly steps: number
}

/**
 * Half a cosine wave from `initial` down to `final`: final + (initial − final) · ½(1 + cos(π · step / steps)), I. Loshchilov
 * and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), equation 5, without restarts.
 *
 * @throws ValueError for negative rates, or a number of steps that is not a whole number from 1 up.
 * @example
 * schedule.cosine({ initial: 0.1, steps: 10_000 })
 */
export function cosine({ initial, final = 0, steps }: CosineOptions): Schedule {
  checkFromZero('schedule.cosine', 'initial', initial)
  checkFromZero('schedule.cosine', 'final', final)
  checkCount('schedule.cosine', 'steps', steps)
  return (now) => {
    const angle = mul(minimum(div(float64(now), steps), 1), Math.PI)
    return add(mul(add(cos(angle), 1), (initial - final) / 2), final)
  }
}

export interface WarmUpOptions {
  /** How many steps the rise takes; the last of them already has the full rate. */
  readonly steps: number
  /** The rate that follows; a schedule counts its steps from the end of the rise. */
  readonly after: number | Schedule
}

/**
 * A linear rise to the rate that `after` begins with, and `after` from there on: P. Goyal et al., "Accurate, Large Minibatch SGD"
 * (2017), section 2.2. Step s of the rise has the rate after(0) · (s + 1) / steps, so the first is not zero.
 *
 * @throws ValueError for a number of steps that is not a whole number from 1 up, or a negative rate.
 * @example
 * schedule.warmUp({ steps: 500, after: schedule.cosine({ initial: 0.1, steps: 9500 }) })
 */
export function warmUp({ steps, after }: WarmUpOptions): Schedule {
  checkCount('schedule.warmUp', 'steps', steps)
  const following = typeof after === 'number' ? constant(after) : after
  return (now) => {
    const risen = minimum(div(add(float64(now), 1), steps), 1)
    return mul(following(maximum(sub(now, steps), 0)), risen)
  }
}

/** Rates are worked out in float64, whatever the parameters are: float32 cannot tell steps beyond 2²⁴ apart. */
const float64 = (now: AnyTensor): Tensor<'float64'> => cast(now, 'float64')
