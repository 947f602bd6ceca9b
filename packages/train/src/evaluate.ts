import { type AnyTensor, arange, reshape, type Tensor } from '@cotangent/core'
import type { Pace } from './pace.ts'

/** A mean over the samples of a batch, a scalar tensor: such as the accuracy. */
export type Metric<P, S, D> = (params: P, netState: S, batch: D) => AnyTensor

/** What to measure: a mean over samples as a function of rows of their indices, and how many there are. */
export interface Measurement {
  readonly metric: (indices: Tensor<'int32'>) => Promise<readonly number[]>
  readonly count: number
  /** How many samples are measured at once. */
  readonly batchSize: number
  /** How many batches are measured in one call. */
  readonly pace: Pace
}

/** The mean over all samples, batch by batch; `undefined` where `running`, asked before each call, ended it before. */
export async function evaluate(
  { metric, count, batchSize, pace }: Measurement,
  running: () => boolean | Promise<boolean>,
): Promise<number | undefined> {
  let total = 0
  for (let begin = 0; begin < count; ) {
    if (!(await running())) return undefined
    const whole = Math.floor((count - begin) / batchSize)
    const [rows, size] = whole === 0 ? [1, count - begin] : [Math.min(pace.steps, whole), batchSize]
    const indices = reshape(arange(begin, begin + rows * size), [rows, size])
    for (const mean of await pace.measure(rows, () => metric(indices))) total += mean * size
    begin += rows * size
  }
  return total / count
}
