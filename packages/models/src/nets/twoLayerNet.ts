import * as init from '../init.ts'
import * as layer from '../layer/index.ts'
import { chain, input, type Net } from '../net.ts'

export interface TwoLayerNetOptions<In extends number, Out extends number> {
  /** Default: 784. */
  readonly inputSize?: In
  /** Default: 50. */
  readonly hiddenSize?: number
  /** Default: 10. */
  readonly outputSize?: Out
  /** The standard deviation that weights start with. Default: 0.01. */
  readonly weightInitStd?: number
}

/**
 * The TwoLayerNet of "Deep Learning from Scratch" (chapters 4 and 5): dense, relu, dense.
 *
 * @throws ValueError for sizes that are not positive integers, or a negative deviation.
 * @example
 * const net = twoLayerNet({ hiddenSize: 100 }) // Net<[784], [10]>
 */
export function twoLayerNet<const In extends number = 784, const Out extends number = 10>({
  // Left out, a size's type is its default.
  inputSize = 784 as In,
  hiddenSize = 50,
  outputSize = 10 as Out,
  weightInitStd = 0.01,
}: TwoLayerNetOptions<In, Out> = {}): Net<[In], [Out]> {
  const weight = init.normal(weightInitStd)
  return chain(
    input([inputSize]),
    layer.dense(hiddenSize, { weight }),
    layer.relu(),
    layer.dense(outputSize, { weight }),
  )
}
