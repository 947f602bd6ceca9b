import type { Shape } from '@cotangent/core'
import type { SummaryRow } from '@cotangent/models'
import type { Machine } from './machine.ts'

/** All that a report shows, as plain data; `null` stands where a run has nothing to show. */
export interface RunReport {
  readonly name: string
  /** What it was trained on. */
  readonly data: string | null
  readonly finished: Date
  readonly seconds: number | null
  readonly seed: number | null
  readonly configuration: Configuration
  readonly machine: Machine
  readonly net: readonly SummaryRow[]
  readonly training: Training
  readonly test: TestResults | null
  readonly firstLayer: WeightPictures | null
  /** Of each layer, first to last; empty where there were no samples to look at. */
  readonly signals: readonly LayerSignals[]
}

/** The options that a run was started with, by name. */
export type Configuration = Readonly<Record<string, string | number | boolean | null>>

/** The curves of a run: the three lists that the book's programs draw. */
export interface Training {
  /** What the loss is, with its unit. */
  readonly lossName: string
  /** Of each iteration. */
  readonly losses: readonly number[]
  readonly iterationsPerEpoch: number
  readonly samples: number
  readonly batchSize: number
  readonly accuracies: readonly EpochAccuracies[]
}

export interface EpochAccuracies {
  readonly epoch: number
  /** How many iterations had been made. */
  readonly iteration: number
  /** From 0 to 1; `null` where it was not measured. */
  readonly train: number | null
  readonly test: number | null
}

/** What a classifier made of the test samples. */
export interface TestResults {
  readonly count: number
  readonly correct: number
  readonly classes: readonly string[]
  /** Row i, column j: how many samples of class i were taken for class j. */
  readonly confusion: readonly (readonly number[])[]
  /** The samples whose own class was given the least probability, worst first. */
  readonly mistakes: readonly Mistake[]
}

export interface Mistake {
  /** Which of the test samples, from 0. */
  readonly index: number
  readonly label: number
  readonly predicted: number
  /** Of each class. */
  readonly probabilities: readonly number[]
  /** Of one shape in all mistakes, or in none of them. */
  readonly picture: Picture | null
}

/** An image as levels from 0 to 255: of each channel, row by row. */
export interface Picture {
  readonly shape: ImageShape
  readonly levels: readonly number[]
}

export type ImageShape = readonly [channels: number, height: number, width: number]

/** The weights of the first layer that has any, one picture for each unit of a dense layer or filter of a convolution. */
export interface WeightPictures {
  readonly layer: string
  readonly kind: 'dense' | 'conv2d'
  /** How many units or filters the layer has; of the first of them there are pictures. */
  readonly count: number
  readonly shape: ImageShape
  readonly pictures: readonly (readonly number[])[]
  /** What has the full colour: some 99.5 % of the weights are at most so large. */
  readonly scale: number
}

/** What flows through one layer in a batch: forward, and back. */
export interface LayerSignals {
  readonly layer: string
  /** Of its output for one sample. */
  readonly shape: Shape
  readonly activations: Distribution
  /** The gradient of the loss by the layer's outputs. */
  readonly gradients: Distribution
  /** The gradient of the loss by the layer's parameters; `null` where it has none. */
  readonly parameterGradients: Distribution | null
}

/** How values are spread. */
export interface Distribution {
  readonly count: number
  /** How many are exactly zero; the histogram counts the others. */
  readonly zeros: number
  /** How many are NaN or infinite. They are left out of all that follows. */
  readonly notFinite: number
  readonly mean: number
  readonly deviation: number
  /** Over the values, or over the decimal logarithm of their magnitudes. */
  readonly histogram: Histogram
}

/** Counts in bins of equal width from `low` to `high`; none where there is nothing to count. */
export interface Histogram {
  readonly scale: 'linear' | 'log10'
  readonly low: number
  readonly high: number
  readonly counts: readonly number[]
}
