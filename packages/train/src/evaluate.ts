import { type AnyTensor, arange } from '@cotangent/core'
import { batchOf, sampleCount } from './data.ts'

/** A mean over the samples of a batch, a scalar tensor: such as the accuracy. */
export type Metric<P, S, D> = (params: P, netState: S, batch: D) => AnyTensor

export interface EvaluateOptions {
  readonly batchSize: number
  /** Asked before each batch; `false` ends the evaluation. */
  readonly running: () => Promise<boolean>
}

/** The mean of `metric` over all samples of `data`, batch by batch; `undefined` where it was ended before. */
export async function evaluate<P, S, D>(
  metric: Metric<P, S, D>,
  { params, netState }: { readonly params: P; readonly netState: S },
  data: D,
  { batchSize, running }: EvaluateOptions,
): Promise<number | undefined> {
  const count = sampleCount('evaluate', 'the data', data)
  let total = 0
  for (let begin = 0; begin < count; begin += batchSize) {
    if (!(await running())) return undefined
    const indices = arange(begin, Math.min(begin + batchSize, count))
    const value = (await metric(params, netState, batchOf(data, indices)).read())[0]!
    total += value * indices.size
  }
  return total / count
}
