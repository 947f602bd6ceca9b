import { type AnyTensor, type Tensor, valueAndGrad } from '@cotangent/core'
import {
  conv2d,
  cumsum,
  matmul,
  maxPool2d,
  mean,
  mul,
  relu,
  reshape,
  sigmoid,
  softmaxCrossEntropy,
  sub,
  sum,
  tanh,
} from '@cotangent/ops'
import { integers, plain } from './exact.fixtures.ts'
import { makeProgram } from './program.ts'
import { Session } from './session.ts'
import { argumentLeaves, trace } from './trace.ts'

/** Runs `f` in a session of so many threads, which may be more than the machine has. */
export function withThreads(threads: number, f: (...args: never[]) => unknown, args: readonly AnyTensor[]) {
  const { write, run, read } = makeProgram(trace(f, args), new Session({ threads }))
  for (const [index, leaf] of argumentLeaves(args).entries()) write(index, leaf)
  return () => {
    run()
    return plain(read())
  }
}

const labels = (count: number) => reshape(sum(integers([count, 2], 'int32', 9), { axis: 1 }), [count])

/** A step of a small convolutional net, on numbers whose sums round. */
export function step(w: Tensor<'float32'>, v: Tensor<'float32'>, x: Tensor<'float32'>, classes: Tensor<'int32'>) {
  const loss = ([filters, weights]: readonly [Tensor<'float32'>, Tensor<'float32'>]) => {
    const hidden = maxPool2d(relu(conv2d(sigmoid(x), tanh(filters), null)), { kernel: 2 })
    return softmaxCrossEntropy(matmul(reshape(hidden, [x.shape[0]!, v.shape[0]!]), tanh(weights)), classes)
  }
  const [value, [byFilters, byWeights]] = valueAndGrad(loss)([w, v] as const)
  const rates = [sub(w, mul(byFilters, 0.1)), sub(v, mul(byWeights, 0.1))]
  return [value, rates, mean(byWeights, { axis: 0 }), cumsum(byWeights, { axis: 0 })]
}

/** What a step may be made on. */
export const stepArgs = () => [
  integers([6, 1, 5, 5], 'float32'),
  integers([6 * 144, 40], 'float32', 1),
  integers([20, 1, 28, 28], 'float32', 2),
  mul(labels(20), labels(20)),
]
