import { ValueError } from '@cotangent/core'
import * as init from '../init.ts'
import type { Initializer } from '../initializer.ts'
import * as layer from '../layer/index.ts'
import type { Layer } from '../layer.ts'
import { chain, input, type Net } from '../net.ts'

const ACTIVATIONS = {
  relu: layer.relu,
  sigmoid: layer.sigmoid,
  tanh: layer.tanh,
  gelu: layer.gelu,
} as const

/** Standard deviations by name: the book writes `relu` for He's and `sigmoid` for Xavier's. */
const SCALINGS = { he: init.he, relu: init.he, xavier: init.xavier, sigmoid: init.xavier } as const

export interface MultiLayerNetOptions<In extends number, Out extends number> {
  /** Default: 784. */
  readonly inputSize?: In
  /** The hidden layers' sizes. Default: [100, 100, 100]. */
  readonly hiddenSizes?: readonly number[]
  /** Default: 10. */
  readonly outputSize?: Out
  /** Default: `relu`. */
  readonly activation?: keyof typeof ACTIVATIONS
  /** The standard deviation that weights start with: a number, `he` (or `relu`) for √(2/n), `xavier` (or `sigmoid`) for √(1/n). Default: `he`. */
  readonly weightInitStd?: number | keyof typeof SCALINGS
  /** The λ of ½ λ Σ W² in the loss. Default: 0. */
  readonly weightDecay?: number
  /** Dropout after each activation. Default: 0, none. */
  readonly dropoutRate?: number
  /** Batch normalisation before each activation. Default: false. */
  readonly batchNorm?: boolean
}

/**
 * The extended multi-layer net of "Deep Learning from Scratch" (chapter 6): for each hidden size dense, batch normalisation if
 * asked for, activation, dropout if asked for; then dense.
 *
 * @throws ValueError for sizes that are not positive integers, an unknown activation or initialisation, a negative weight decay,
 * or a dropout rate outside [0, 1).
 * @example
 * const net = multiLayerNet({ hiddenSizes: [100, 100, 100, 100], weightInitStd: 'he', weightDecay: 0.1 }) // Net<[784], [10]>
 */
export function multiLayerNet<const In extends number = 784, const Out extends number = 10>({
  // Left out, a size's type is its default.
  inputSize = 784 as In,
  hiddenSizes = [100, 100, 100],
  outputSize = 10 as Out,
  activation = 'relu',
  weightInitStd = 'he',
  weightDecay = 0,
  dropoutRate = 0,
  batchNorm = false,
}: MultiLayerNetOptions<In, Out> = {}): Net<[In], [Out]> {
  const weight = weightOf(weightInitStd)
  const hidden = hiddenSizes.flatMap((size): Layer[] => [
    layer.dense(size, { weight }),
    ...(batchNorm ? [layer.batchNorm()] : []),
    activationOf(activation),
    ...(dropoutRate !== 0 ? [layer.dropout(dropoutRate)] : []),
  ])
  return chain(input([inputSize]), ...hidden, layer.dense(outputSize, { weight })).withWeightDecay(weightDecay)
}

function weightOf(std: NonNullable<MultiLayerNetOptions<number, number>['weightInitStd']>): Initializer {
  if (typeof std === 'number') return init.normal(std)
  if (!Object.hasOwn(SCALINGS, std)) {
    throw new ValueError(
      `multiLayerNet: weightInitStd is ${JSON.stringify(std)}; give a number, or one of ${Object.keys(SCALINGS).join(', ')}`,
    )
  }
  return SCALINGS[std]()
}

function activationOf(name: keyof typeof ACTIVATIONS): Layer {
  if (!Object.hasOwn(ACTIVATIONS, name)) {
    throw new ValueError(
      `multiLayerNet: activation is ${JSON.stringify(name)}; use one of ${Object.keys(ACTIVATIONS).join(', ')}`,
    )
  }
  return ACTIVATIONS[name]()
}
