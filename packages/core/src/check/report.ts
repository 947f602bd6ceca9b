import { type Shape, shapeText } from '../shape.ts'
import type { Blame } from './blame.ts'
import { blameText } from './blameText.ts'
import type { DerivativeComparison, DerivativeMode } from './compare.ts'
import { numberText } from './numberText.ts'

/** How the derivatives by one leaf of the arguments compare. */
export interface LeafComparison {
  /** Where the leaf stands in the arguments: `[0].w` is `w` of the first argument. */
  readonly path: string
  readonly shape: Shape
  readonly order: 1 | 2
  readonly mode: DerivativeMode
  /** The number of elements in the leaf, of elements checked, and of random directions. */
  readonly size: number
  readonly elements: number
  readonly directions: number
  /** `null` for a leaf without elements. */
  readonly largestAbsolute: DerivativeComparison | null
  readonly largestRelative: DerivativeComparison | null
  /** Those of the checked ones that lie at a kink, or so near that a step crossed it. */
  readonly kinks: readonly DerivativeComparison[]
  readonly ok: boolean
}

/** What {@link GradientReport} is made of. */
export interface GradientReportData {
  readonly order: 1 | 2
  readonly mode: DerivativeMode | 'both'
  readonly seed: number
  readonly epsilon: number
  readonly tolerance: number
  readonly leaves: readonly LeafComparison[]
  readonly blame: Blame | null
}

/** What `checkGradients` found: plain data, printed as a table and a verdict. */
export class GradientReport implements GradientReportData {
  /** Every derivative that was checked agrees. */
  readonly ok: boolean
  readonly order: 1 | 2
  readonly mode: DerivativeMode | 'both'
  /** What the random cotangents, directions and choices of elements came from. */
  readonly seed: number
  readonly epsilon: number
  readonly tolerance: number
  /** One entry a float leaf, order and mode. */
  readonly leaves: readonly LeafComparison[]
  /** The first operation that is wrong by itself, where some derivative disagrees and such an operation was found. */
  readonly blame: Blame | null

  constructor({ order, mode, seed, epsilon, tolerance, leaves, blame }: GradientReportData) {
    this.ok = leaves.every((leaf) => leaf.ok)
    this.order = order
    this.mode = mode
    this.seed = seed
    this.epsilon = epsilon
    this.tolerance = tolerance
    this.leaves = leaves
    this.blame = blame
  }

  /** A table with a line for each leaf, and the verdict in words. */
  toString(): string {
    return [titleOf(this), ...table(this.leaves), ...verdict(this)].join('\n')
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** What the comparisons of one leaf amount to. */
export function summarize(
  leaf: Pick<LeafComparison, 'path' | 'shape' | 'order' | 'mode' | 'size'>,
  compared: readonly DerivativeComparison[],
): LeafComparison {
  const largest = (error: (one: DerivativeComparison) => number): DerivativeComparison | null =>
    compared.reduce<DerivativeComparison | null>(
      (worst, one) => (worst && error(worst) >= error(one) ? worst : one),
      null,
    )
  return {
    ...leaf,
    elements: compared.filter((one) => one.index).length,
    directions: compared.filter((one) => !one.index).length,
    largestAbsolute: largest((one) => one.absoluteError),
    largestRelative: largest((one) => one.relativeError),
    kinks: compared.filter((one) => one.kink),
    ok: compared.every((one) => one.ok),
  }
}

const titleOf = ({ order, mode, seed, tolerance }: GradientReport): string =>
  `gradient check: ${mode === 'both' ? 'reverse and forward' : mode} mode, ${order === 1 ? 'order 1' : 'orders 1 and 2'}, in float64, tolerance ${tolerance}, seed ${seed}`

const COLUMNS = [
  'argument',
  'shape',
  'order',
  'mode',
  'checked',
  'relative error',
  'where',
  'tape',
  'numerical',
  'kinks',
  '',
]

function table(leaves: readonly LeafComparison[]): string[] {
  const rows = leaves.map((leaf) => {
    const { largestRelative: worst } = leaf
    return [
      leaf.path,
      shapeText(leaf.shape),
      String(leaf.order),
      leaf.mode,
      checkedText(leaf),
      worst ? errorText(worst.relativeError) : '-',
      worst ? placeText(worst) : '-',
      worst ? numberText(worst.autodiff) : '-',
      worst ? numberText(worst.numerical) : '-',
      String(leaf.kinks.length),
      leaf.ok ? 'ok' : 'WRONG',
    ]
  })
  const widths = COLUMNS.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  return [COLUMNS, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}

function checkedText({ size, elements, directions }: LeafComparison): string {
  const share = elements === size ? `all ${size}` : `${elements} of ${size}`
  return directions > 0 ? `${share} + ${directions} directions` : share
}

function verdict(report: GradientReport): string[] {
  const { leaves, tolerance, blame } = report
  const wrong = leaves.filter((leaf) => !leaf.ok)
  if (wrong.length === 0)
    return [`All gradients agree with numerical derivatives to within ${tolerance}.`, ...kinkNote(leaves)]
  return [...wrong.map(wrongText), ...(blame ? [blameText(blame)] : [noBlame(wrong)]), ...kinkNote(leaves)]
}

function wrongText({ path, order, mode, largestRelative }: LeafComparison): string {
  // A leaf is wrong only by some comparison.
  const worst = largestRelative!
  const subject = order === 1 ? 'The gradient' : 'The gradient of the gradient'
  const verdict = worst.kink ? 'cannot be confirmed' : 'is wrong'
  const place = worst.index ? `at ${placeText(worst)} ` : `along random ${placeText(worst)} `
  return `${subject} by argument ${path} ${verdict} in ${mode} mode: ${worst.index?.length === 0 ? '' : place}the tape gives ${numberText(worst.autodiff)}, numerically it is ${numberText(worst.numerical)}.`
}

function noBlame(wrong: readonly LeafComparison[]): string {
  return wrong.every((leaf) => leaf.largestRelative!.kink)
    ? 'There the function has a kink or an end of its domain, and no derivative: check at another point.'
    : 'Each operation alone is right, so look for a value that was read out of a tensor and put back as a constant.'
}

function kinkNote(leaves: readonly LeafComparison[]): string[] {
  const places = new Set(leaves.flatMap((leaf) => leaf.kinks.map((one) => `${leaf.path} ${placeText(one)}`)))
  const [first] = places
  if (first === undefined) return []
  const count = places.size === 1 ? `One point lies` : `${places.size} points lie`
  return [
    `${count} at or beside a kink, such as relu has at 0 (${first}${places.size > 1 ? ', …' : ''}): at it any value between the derivatives of both sides passes, beside it smaller steps are taken.`,
  ]
}

const placeText = ({ index, direction }: DerivativeComparison): string =>
  index ? shapeText(index) : `direction ${direction}`

const errorText = (error: number): string => (error === 0 ? '0' : error.toExponential(1))
