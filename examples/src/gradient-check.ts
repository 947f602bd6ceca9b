import { cast, foldIn, randomKey, splitKey, type Tensor, treeLeaves, treeMap } from '@cotangent/core'
import { deepConvNet, multiLayerNet, type Net, simpleConvNet, type TensorTree, twoLayerNet } from '@cotangent/models'
import { div, normal, reshape } from '@cotangent/ops'
import type { Command } from 'commander'
import { type Comparison, compareGradients, type Extent, type Point } from './finite-differences.ts'
import { firstOf, type Split } from './shared/data.ts'
import {
  choiceOption,
  type DataOptions,
  numberOption,
  type OutputOptions,
  withData,
  withExample,
  withJson,
  withSeed,
} from './shared/options.ts'
import { type Session, withDigits } from './shared/session.ts'
import { countText, percentText, plural } from './shared/text.ts'

interface Options extends DataOptions, OutputOptions {
  readonly net: string
  readonly hiddenSize: number
  readonly seed: number
}

/** What is checked of a net. */
interface Check extends Pick<Extent, 'elements' | 'directions' | 'epsilon'> {
  readonly net: (options: Options) => Net
  readonly images: number
}

const EVERY = { elements: Number.POSITIVE_INFINITY, directions: 0 }
const SOME = { elements: 200, directions: 20 }

const CHECKS: Readonly<Record<string, Check>> = {
  'two-layer': { net: ({ hiddenSize }) => twoLayerNet({ hiddenSize }), images: 3, ...EVERY, epsilon: 1e-5 },
  'multi-layer': { net: () => multiLayerNet(), images: 3, ...SOME, epsilon: 1e-5 },
  // A convolution has many kinks that a step can cross, so that it must be shorter.
  'simple-conv': { net: () => simpleConvNet({ weightInitStd: 0.1 }), images: 1, ...SOME, epsilon: 1e-6 },
  'deep-conv': { net: () => deepConvNet(), images: 1, ...SOME, epsilon: 1e-6 },
}

/** The largest relative error, and the largest share of steps across a kink, that pass. */
const TOLERANCE = 1e-6
const KINKS = 0.01

/** Compares the tape's gradients with numerical ones in float64, as the book's `gradient_check.py` does in chapter 5. */
export function configure(command: Command): void {
  const names = [...Object.keys(CHECKS), 'all']
  withExample(
    withJson(withData(withSeed(command)))
      .addOption(choiceOption('--net <name>', names.join(', '), names, 'two-layer'))
      .addOption(numberOption('--hidden-size <n>', 'hidden units of the two-layer net', 'count', 50)),
    'pnpm example gradient-check --net simple-conv',
  ).action((options: Options) =>
    withDigits(options, { flatten: false, train: 3, test: 1 }, async (session) => {
      session.screen.print('max: the largest |tape − numerical| over the largest gradient')
      session.screen.print("mean: the mean |tape − numerical|, which the book's gradient_check prints")
      for (const [name, check] of Object.entries(CHECKS)) {
        if (options.net !== name && options.net !== 'all') continue
        if (!(await passes(name, check, options, session))) process.exitCode = 1
      }
    }),
  )
}

/** Compares one net's gradients, prints their table, and says whether all of them pass. */
async function passes(name: string, check: Check, options: Options, session: Session): Promise<boolean> {
  const { digits, screen, signal } = session
  const [initial, biases, dropout, chosen] = splitKey(randomKey(options.seed), 4)
  const point = pointOf(check.net(options), firstOf(digits.train, check.images), { initial, biases, dropout })
  const total = stepsOf(point.params, check)
  let done = 0
  const onStep = (parameter: string): void => screen.progress({ done: done++, total, details: [name, parameter] })

  screen.print('')
  screen.print(`${name}, ${plural(check.images, 'image')} of ${digits.name}, ε ${exponent(check.epsilon)}`)
  screen.print(row('', 'steps', 'kinks', 'max', 'mean'), 'dim')
  const found: Comparison[] = []
  for await (const one of compareGradients(point, {
    ...check,
    key: chosen,
    signal,
    onStep,
  })) {
    found.push(one)
    const { steps, kinks, relativeError, meanError } = one
    screen.emit({ type: 'parameter', net: name, ...one })
    screen.print(
      row(one.name, countText(steps), countText(kinks), relativeError.toExponential(1), meanError.toExponential(1)),
    )
  }
  const kinks = found.reduce((sum, one) => sum + one.kinks, 0)
  const wrong = found.filter(({ relativeError }) => !(relativeError <= TOLERANCE)).map((one) => one.name)
  screen.print(`${countText(kinks)} of ${countText(total)} steps (${percentText(kinks / total)}) crossed a kink`)
  const ok = wrong.length === 0 && kinks <= KINKS * total
  screen.emit({ type: 'end', net: name, data: digits.name, ok, tolerance: TOLERANCE, wrong, steps: total, kinks })
  if (wrong.length > 0) screen.print(`WRONG beyond ${exponent(TOLERANCE)}: ${wrong.join(', ')}`)
  else if (!ok) screen.print(`NOT CHECKED: that is more than ${percentText(KINKS)}; try another --seed`)
  else screen.print(`ok: all gradients agree to within ${exponent(TOLERANCE)}`)
  return ok
}

interface Keys extends Readonly<Record<'initial' | 'biases' | 'dropout', Tensor<'key'>>> {}

/** The net at the parameters that it starts training with, but for the biases of convolutional nets. */
function pointOf(net: Net, { images, labels }: Split, keys: Keys): Point {
  const [params, state] = net.init(keys.initial, { dtype: 'float64' })
  let drawn = 0
  const pixels = div(cast(reshape(images, [labels.size, ...net.input]), 'float64'), 255)
  // Where an image is black, a convolution without bias gives exactly 0, at relu's kink.
  const shifted = treeMap((one) => {
    const bias = net.input.length === 3 && one.rank === 1
    return bias ? normal(foldIn(keys.biases, drawn++), one.shape, { std: 0.1, dtype: 'float64' }) : one
  }, params)
  return { net, params: shifted, state, images: pixels, labels, key: keys.dropout }
}

/** 0.00001 as 1e-5. */
const exponent = (value: number): string => value.toExponential()

const stepsOf = (params: TensorTree, { elements, directions }: Check): number =>
  treeLeaves(params).reduce((total, { size }) => total + Math.min(size, elements), directions)

/** A line of at most 40 columns. */
const row = (name: string, steps: string, kinks: string, max: string, mean: string): string =>
  `${name.padEnd(8)} ${steps.padStart(6)}  ${kinks.padStart(5)}  ${max.padStart(7)}  ${mean.padStart(7)}`
