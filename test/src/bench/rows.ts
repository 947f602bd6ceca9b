import type { WorkName } from './job.ts'

/** What a row of the benchmark measures, and how it is told. */
export interface Row {
  /** What the command line calls it. */
  readonly name: string
  readonly title: string
  readonly work: WorkName
  readonly batch: number
  readonly measures: readonly Measure[]
  /** How long a turn is, in seconds; absent where each round starts a process of its own. */
  readonly seconds?: number
  /** Rounds, if not as many as for all. */
  readonly rounds?: number
  /** Whether the digits are inverted, dark on white: then hardly a pixel is 0. */
  readonly inverted?: boolean
}

/** A figure, as a function of what a process answers. */
export interface Measure {
  readonly name: string
  readonly unit: string
  /** More is better, as of images per second. */
  readonly more?: boolean
  readonly of: (answer: Readonly<Record<string, number>>) => number
  readonly text: (value: number) => string
  /** What Cotangent's figure is to a peer's, divided by it. */
  readonly verdict?: (ratio: number) => string
}

const worse = (isWorse: boolean, word: string) => (isWorse ? `: ${word}` : '')
const takes = (what: string, word: string) => (ratio: number) =>
  `Cotangent ${ratio.toFixed(2)} × its ${what}${worse(ratio > 1, word)}`

const milliseconds: Measure = {
  name: 'time',
  unit: 'ms',
  of: ({ ms }) => ms!,
  text: (value) => value.toFixed(value < 10 ? 3 : value < 100 ? 1 : 0),
  verdict: takes('time', 'slower'),
}

const perSecond = (batch: number): Measure => ({
  name: 'rate',
  unit: 'images/s',
  more: true,
  of: ({ ms }) => (1000 * batch) / ms!,
  verdict: (ratio) => `Cotangent ${ratio.toFixed(2)} × as many${worse(ratio < 1, 'slower')}`,
  text: (value) => (value < 1e6 ? `${(value / 1e3).toFixed(value < 1e5 ? 1 : 0)} k` : `${(value / 1e6).toFixed(2)} M`),
})

const seconds: Measure = {
  name: 'time',
  unit: 's',
  of: ({ wall }) => wall!,
  text: (value) => value.toFixed(2),
  verdict: takes('time', 'slower'),
}

const peakMemory: Measure = {
  name: 'peak memory',
  unit: 'MB',
  of: ({ peakBytes }) => peakBytes! / 1e6,
  verdict: takes('memory', 'more'),
  text: (value) => value.toFixed(0),
}

const growth: Measure = {
  name: 'growth',
  unit: 'KB',
  of: ({ bytes }) => bytes! / 1e3,
  text: (value) => value.toFixed(0),
}

const step = (name: string, title: string, seconds: number): Row => ({
  name,
  title: `${name.toUpperCase()}: a step of ${title}, batch 100`,
  // The name of each such row is that of its work.
  work: name as WorkName,
  batch: 100,
  measures: [milliseconds],
  seconds,
})

/** What is measured when nothing is named, in order. */
const SHORT: readonly Row[] = [
  step('w1', 'TwoLayerNet 784-50-10 with gradient descent', 0.4),
  step('w2', 'SimpleConvNet with Adam', 0.6),
  step('w3', 'DeepConvNet with Adam and dropout', 0.8),
  {
    name: 'inference-w1',
    title: 'Inference: TwoLayerNet, batches of 10,000 float32 images, outputs read',
    work: 'infer-w1',
    batch: 10_000,
    measures: [perSecond(10_000)],
    seconds: 1.5,
  },
  {
    name: 'inference-w2',
    title: 'Inference: SimpleConvNet, batches of 100 float32 images, outputs read',
    work: 'infer-w2',
    batch: 100,
    measures: [perSecond(100)],
    seconds: 1.5,
  },
  {
    name: 'first',
    title: 'From the import of the library to the end of the first W1 step',
    work: 'first',
    batch: 100,
    measures: [milliseconds],
  },
]

/** What is measured when it is named. */
const LONG: readonly Row[] = [
  {
    ...step('w1', 'TwoLayerNet', 0.4),
    name: 'w1-dense',
    title: 'W1 with inverted digits, which have few zeros to leave out',
    inverted: true,
  },
  {
    name: 'full',
    title: '10,000 W1 steps, accuracies of 70,000 images each epoch: the whole process',
    work: 'full',
    batch: 100,
    measures: [seconds, peakMemory],
    rounds: 3,
  },
  {
    name: 'heap',
    title: 'Growth of the JavaScript heap and what it holds over 10,000 W1 steps',
    work: 'heap',
    batch: 100,
    measures: [growth],
    rounds: 1,
  },
]

export const ROWS: readonly Row[] = [...SHORT, ...LONG]

/** How the cost of a W1 step grows with a size. */
export interface Growth {
  readonly name: string
  readonly title: string
  readonly size: 'hidden' | 'batch'
  readonly sizes: readonly number[]
}

export const GROWTHS: readonly Growth[] = [
  {
    name: 'hidden',
    title: 'How a W1 step grows with the hidden layer, batch 100',
    size: 'hidden',
    sizes: [50, 100, 200, 512, 1024, 2048, 4096],
  },
  {
    name: 'batch',
    title: 'How a W1 step grows with the batch, hidden layer 50',
    size: 'batch',
    sizes: [1, 10, 100, 1000, 10_000],
  },
]

export const SHORT_NAMES = SHORT.map(({ name }) => name)
export const NAMES = [...ROWS, ...GROWTHS].map(({ name }) => name)
