import { randomKey } from '@cotangent/core'
import { multiLayerNet } from '@cotangent/models'
import type { Command } from 'commander'
import { scaled } from './shared/data.ts'
import { outputsFrom } from './shared/layers.ts'
import {
  choiceOption,
  type DataOptions,
  type OutputOptions,
  withData,
  withExample,
  withJson,
  withSeed,
} from './shared/options.ts'
import { withDigits } from './shared/session.ts'
import { barsText } from './shared/sparkline.ts'

interface Options extends DataOptions, OutputOptions {
  readonly activation: keyof typeof RANGES
  readonly seed: number
}

/** Where an activation's values lie; those of relu beyond it are counted at its end. */
const RANGES = { sigmoid: [0, 1], tanh: [-1, 1], relu: [0, 2] } as const

const STARTS = [1, 0.01, 'xavier', 'he'] as const
const TITLES = { 1: 'std 1', 0.01: 'std 0.01', xavier: 'Xavier, std √(1/n)', he: 'He, std √(2/n)' } as const

/** What first weights make of activations, layer by layer, as in chapter 6.2: driven to the ends, all alike, or spread out. */
export function configure(command: Command): void {
  withExample(
    withJson(
      withData(withSeed(command)).addOption(
        choiceOption('--activation <name>', 'sigmoid, tanh or relu', Object.keys(RANGES), 'sigmoid'),
      ),
    ),
    'pnpm example weight-init --activation relu',
  ).action((options: Options) =>
    withDigits(options, { flatten: true, train: 1000, test: 1 }, ({ digits, screen }) => {
      const key = randomKey(options.seed)
      screen.print(`1,000 images of ${digits.name}, before any training`)
      for (const weightInitStd of STARTS) {
        const { activation } = options
        const net = multiLayerNet({ hiddenSizes: [100, 100, 100, 100, 100], activation, weightInitStd })
        const [params, state] = net.init(key)
        const around = { params, state, training: false, key }
        screen.print('')
        screen.print(`first weights: ${TITLES[weightInitStd]}`)
        screen.print(headOf(activation), 'dim')
        outputsFrom(net.layers, 0, scaled(digits.train.images), around).forEach((output, index) => {
          const { name: layer } = net.layers[index]!
          if (!layer.startsWith(activation)) return
          const spread = spreadOf(output.data, RANGES[activation])
          screen.print(rowOf(layer, spread))
          screen.emit({ type: 'layer', weightInitStd, layer, ...spread })
        })
      }
    }),
  )
}

const BINS = 16

const headOf = (activation: Options['activation']): string => {
  const [low, high] = RANGES[activation].map(String)
  return `${''.padEnd(8)}  ${low}${high!.padStart(BINS - low!.length)}   mean    std`
}

/** How an activation's values lie: counted in bins of equal width, their mean and standard deviation. */
interface Spread {
  readonly counts: readonly number[]
  readonly mean: number
  readonly std: number
}

function spreadOf(values: ArrayLike<number>, [low, high]: readonly [number, number]): Spread {
  const counts = new Array<number>(BINS).fill(0)
  let [total, squares] = [0, 0]
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    const bin = Math.floor((BINS * (value - low)) / (high - low))
    counts[Math.min(BINS - 1, Math.max(0, bin))]!++
    total += value
    squares += value * value
  }
  const mean = total / values.length
  return { counts, mean, std: Math.sqrt(Math.max(0, squares / values.length - mean * mean)) }
}

const rowOf = (layer: string, { counts, mean, std }: Spread): string =>
  `${layer.padEnd(8)}  ${barsText(counts)} ${numberText(mean)} ${numberText(std)}`

const numberText = (value: number): string => value.toFixed(Math.abs(value) < 100 ? 2 : 0).padStart(6)
