/**
 * Whether the book's nets learn MNIST as well as they should: `pnpm check:accuracy [two-layer cnn deep-cnn]` trains them in full
 * by the book's recipes, prints what they reach on the 10,000 test images, and ends with code 1 where that is too little.
 */
import { parseArgs } from 'node:util'
import { CotangentError, randomKey, splitKey, type Tensor, ValueError } from '@cotangent/core'
import { loadMnist } from '@cotangent/mnist'
import { deepConvNet, type Net, simpleConvNet, twoLayerNet } from '@cotangent/models'
import { cast, div } from '@cotangent/ops'
import { adam, fit, type Optimizer, schedule, sgd } from '@cotangent/train'

interface Check {
  readonly name: string
  readonly title: string
  readonly net: Net
  readonly optimizer: Optimizer
  readonly iterations: number
  /** The share of test images to be read right after the last iteration. */
  readonly least: number
}

const BATCH = 100
const EPOCH = 60_000 / BATCH

/** "Deep Learning from Scratch": chapter 4 (`train_neuralnet`), 7 (`train_convnet`) and 8 (`train_deepnet`). */
const CHECKS: readonly Check[] = [
  {
    name: 'two-layer',
    title: 'TwoLayerNet',
    net: twoLayerNet(),
    optimizer: sgd({ learningRate: 0.1 }),
    iterations: 10_000,
    least: 0.968,
  },
  {
    name: 'cnn',
    title: 'SimpleConvNet',
    net: simpleConvNet(),
    optimizer: adam({ learningRate: 0.001 }),
    iterations: 20 * EPOCH,
    least: 0.986,
  },
  {
    name: 'deep-cnn',
    title: 'DeepConvNet',
    net: deepConvNet(),
    // At the book's constant rate the accuracy goes up and down between 99.1 and 99.4 % to the end; here it settles.
    optimizer: adam({ learningRate: schedule.cosine({ initial: 0.001, steps: 12 * EPOCH }) }),
    iterations: 12 * EPOCH,
    least: 0.992,
  },
]

const HELP = `Usage: pnpm check:accuracy [${CHECKS.map(({ name }) => name).join('] [')}] [--seed <n>] [--iterations <n>]

Trains the nets named, or all, on MNIST, and fails where one reads too few test images.
--iterations stops the training early, to see that it works.`

try {
  const options = optionsOf(process.argv.slice(2))
  if (options === undefined) console.log(HELP)
  else for (const check of options.checks) if (!(await passes(check, options))) process.exitCode = 1
} catch (error) {
  process.exitCode = 1
  if (!(error instanceof CotangentError)) throw error
  console.error(`error: ${error.message}`)
}

interface Options {
  readonly checks: readonly Check[]
  readonly seed: number
  readonly iterations: number
}

function optionsOf(args: string[]): Options | undefined {
  const text = { type: 'string' } as const
  const { values, positionals } = parsed(() =>
    parseArgs({
      args,
      allowPositionals: true,
      options: { seed: text, iterations: text, help: { type: 'boolean', short: 'h' } },
    }),
  )
  if (values.help) return undefined
  const unknown = positionals.find((name) => CHECKS.every((check) => check.name !== name))
  if (unknown !== undefined) {
    throw new ValueError(
      `there is no net ${JSON.stringify(unknown)} to check; choose from ${CHECKS.map(({ name }) => name).join(', ')}`,
    )
  }
  return {
    checks: CHECKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    seed: wholeNumber('--seed', values.seed, 0) ?? 0,
    iterations: wholeNumber('--iterations', values.iterations, 1) ?? Number.POSITIVE_INFINITY,
  }
}

/** Node says what is wrong with an option in its first sentence. */
function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new ValueError(`${(error as Error).message.split(/\.\s/)[0]}; --help lists the options`)
  }
}

function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value
  throw new ValueError(`${name} is ${JSON.stringify(text)}; give a whole number from ${least} up`)
}

/** Trains a net and prints what it reaches, epoch by epoch. */
async function passes({ title, net, optimizer, least, ...check }: Check, options: Options): Promise<boolean> {
  const begin = performance.now()
  const seconds = () => ((performance.now() - begin) / 1000).toFixed(1)
  const { train, test } = await loadMnist({ normalize: false, flatten: net.input.length === 1 })
  const iterations = Math.min(check.iterations, options.iterations)
  console.log(
    `${title}: ${iterations.toLocaleString('en-US')} iterations of ${BATCH} images, ${optimizer.name} ${optimizer.learningRate}, seed ${options.seed}`,
  )
  // `fit` splits two keys off the same seed.
  const [, , initialKey] = splitKey(randomKey(options.seed), 3)
  const [params, netState] = net.init(initialKey!)
  const scaled = (images: Tensor<'uint8'>) => div(cast(images, 'float32'), 255)
  let reached = 0
  await fit({
    loss: (p, s, { images, labels }, key) => net.loss(p, s, scaled(images), labels, { training: true, key }),
    optimizer,
    params,
    netState,
    data: train,
    batchSize: BATCH,
    iterations,
    seed: options.seed,
    evaluation: {
      accuracy: (p, s, { images, labels }) => net.accuracy(p, s, scaled(images), labels),
      test,
    },
    onEvent: (event) => {
      if (event.type !== 'epoch') return
      reached = event.testAccuracy ?? 0
      console.log(
        `  epoch ${`${event.epoch}`.padStart(2)}  loss ${event.meanLoss.toFixed(4)}  test ${percent(reached)}  ${seconds()} s`,
      )
    },
  })
  const passed = reached >= least
  console.log(
    `${title}: ${percent(reached)} of the test images in ${seconds()} s; ${passed ? 'at least' : 'TOO LITTLE: less than'} ${percent(least)}`,
  )
  return passed
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`
}
