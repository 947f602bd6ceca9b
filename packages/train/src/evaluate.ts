import { type AnyTensor, arange, type Tensor } from '@cotangent/core'

/** A mean over the samples of a batch, a scalar tensor: such as the accuracy. */
export type Metric<P, S, D> = (params: P, netState: S, batch: D) => AnyTensor

/** What to measure: a mean over samples as a function of their indices, and how many there are. */
export interface Measurement {
  readonly metric: (indices: Tensor<'int32'>) => Promise<number>
  readonly count: number
  /** How many samples are measured at once. */
  readonly batchSize: number
}

/** The mean over all samples, batch by batch; `undefined` where `running`, asked before each batch, ended it before. */
export async function evaluate(
  { metric, count, batchSize }: Measurement,
  running: () => Promise<boolean>,
): Promise<number | undefined> {
  let total = 0
  for (let begin = 0; begin < count; begin += batchSize) {
    if (!(await running())) return undefined
    const indices = arange(begin, Math.min(begin + batchSize, count))
    total += (await metric(indices)) * indices.size
  }
  return total / count
}
