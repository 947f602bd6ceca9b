import { type ChartOptions, chart, curve, dots, type Point, uprights } from './chart.ts'
import { type CurvePoint, type Trend, thinned } from './curves.ts'
import { html, type Markup } from './markup.ts'
import { countText, percentText, shortText, tickText } from './numbers.ts'
import type { EpochAccuracies, Training } from './report.ts'

/** How wide a chart is beside another on a wide screen, and how high. */
const WIDTH = 540
const HEIGHT = 300

const MARGIN = { top: 28, right: 22, bottom: 40, left: 52 }

/** Beyond this, marks for epochs would only be a grey field. */
const MOST_EPOCH_MARKS = 30

/** The loss of each iteration, as it was and smoothed. */
export function lossChart({ losses, lossName, iterationsPerEpoch }: Training, { span, values: means }: Trend): Markup {
  const raw = thinned(losses, 800)
  if (raw.length === 0) return html`<p>No iteration gave a loss that is a number.</p>`
  // Of a run this short, each iteration can be seen.
  const isSmoothed = losses.length >= 2 * span
  const trend = isSmoothed ? means : losses
  const values = raw.map(({ value }) => value)
  const [least, greatest] = [Math.min(...values), Math.max(...values)]
  const logarithmic = least > 0 && greatest / least > 20
  const ticks = logarithmic ? roundTicks(least, greatest) : undefined
  const epochs = Array.from(
    { length: Math.floor(losses.length / iterationsPerEpoch) },
    (_, epoch) => (epoch + 1) * iterationsPerEpoch,
  )
  const marks = epochs.length > MOST_EPOCH_MARKS ? [] : epochs

  const draw = (width: number): ChartOptions => ({
    height: HEIGHT,
    margin: MARGIN,
    x: {
      domain: [Math.min(1, losses.length - 1), losses.length],
      label: 'iteration',
      ticks: Math.floor((width - MARGIN.left - MARGIN.right) / 90),
      tickText: countText,
    },
    y: {
      domain: [least, greatest],
      logarithmic,
      nice: !logarithmic,
      label: `loss (${lossName}${logarithmic ? ', logarithmic scale' : ''})`,
      ticks: ticks ?? HEIGHT / 40,
      // Some ticks of a logarithmic scale are far smaller than others.
      tickText: ticks ? (tick) => shortText(tick) : tickText(least, greatest),
    },
    marks: [
      uprights(marks, { opacity: 0.15, dashes: '2,3' }),
      curve(raw.map(pointOf), 'var(--blue)', { width: 1, opacity: 0.4 }),
      ...(isSmoothed ? [curve(everySo(trend, 300).map(pointOf), 'var(--orange)')] : []),
      ...(losses.length === 1 ? [dots(raw.map(pointOf), 'var(--blue)')] : []),
    ],
  })

  const last = trend.at(-1)!
  return html`<figure>
${chart(`Loss by iteration, from ${shortText(losses[0]!)} to ${shortText(last)} after ${countText(losses.length)} iterations.`, WIDTH, draw)}
<figcaption><span class="key raw"></span> each iteration${isSmoothed ? html` <span class="key trend"></span> smoothed: an exponential average over about ${countText(span)} iterations` : null}${
    marks.length > 0 ? `; dashed: an epoch of ${countText(iterationsPerEpoch)} iterations` : ''
  }${notFiniteText(losses)}</figcaption>
</figure>`
}

function notFiniteText(losses: readonly number[]): string {
  let count = 0
  for (let at = 0; at < losses.length; at++) if (!Number.isFinite(losses[at])) count++
  return count === 0 ? '' : `; ${countText(count)} of the losses were NaN or infinite`
}

/** The accuracies after each epoch, where there is more than one. */
export function accuracyChart(accuracies: readonly EpochAccuracies[]): Markup | null {
  // A curve takes two points; a single one is in the table.
  if (accuracies.length < 2) return null
  const pointsOf = (which: 'train' | 'test'): Point[] =>
    accuracies.flatMap(({ epoch, [which]: share }) => (share === null ? [] : [[epoch, share * 100] as const]))
  const [train, test] = [pointsOf('train'), pointsOf('test')]
  const first = accuracies[0]!.epoch
  const last = accuracies.at(-1)!.epoch
  const dotted = accuracies.length <= 40
  const percents = [...train, ...test].map(([, percent]) => percent)
  const low = Math.floor(Math.min(...percents))
  const high = Math.max(low + 1, Math.ceil(Math.max(...percents)))

  const draw = (width: number): ChartOptions => ({
    height: HEIGHT,
    margin: MARGIN,
    x: {
      domain: [first, last],
      label: 'epoch',
      ticks: wholeTicks(first, last, Math.floor(width / 50)),
      tickText: countText,
    },
    y: {
      domain: [low, high],
      label: 'accuracy (%)',
      ticks: high - low > 10 ? 8 : high - low === 1 ? 5 : high - low,
      tickText: tickText(low, high),
    },
    marks: [
      curve(train, 'var(--blue)', { dashes: '5,4' }),
      curve(test, 'var(--orange)'),
      ...(dotted ? [dots(train, 'var(--blue)', 'square'), dots(test, 'var(--orange)')] : []),
    ],
  })

  const end = (name: string, points: readonly Point[]) =>
    points.length === 0 ? [] : [`${name} ${percentText(points.at(-1)![1] / 100)}`]
  const ends = [...end('training', train), ...end('test', test)].join(', ')
  return html`<figure>
${chart(`Accuracy by epoch; after epoch ${last}: ${ends}.`, WIDTH, draw)}
<figcaption>${train.length > 0 ? html`<span class="key train"></span> training samples ` : null}${
    test.length > 0 ? html`<span class="key test"></span> test samples` : null
  }</figcaption>
</figure>`
}

const pointOf = ({ iteration, value }: CurvePoint): Point => [iteration, value]

/** At most so many of the points, evenly, the last among them. */
function everySo(values: readonly number[], most: number): CurvePoint[] {
  const every = Math.ceil(values.length / most)
  const count = Math.ceil(values.length / every)
  const points = Array.from({ length: count }, (_, at): CurvePoint => {
    const iteration = Math.min((at + 1) * every, values.length)
    return { iteration, value: values[iteration - 1]! }
  })
  return points.filter(({ value }) => Number.isFinite(value))
}

/** 1, 2 and 5 times the powers of ten in between. */
function roundTicks(least: number, greatest: number): number[] {
  const powers = Array.from({ length: 40 }, (_, index) => 10 ** (Math.floor(Math.log10(least)) + index))
  const decades = Math.log10(greatest / least)
  const steps = decades > 3 ? [1] : [1, 2, 5]
  return powers.flatMap((power) => steps.map((step) => step * power)).filter((v) => v >= least && v <= greatest)
}

/** Whole numbers from `first` to `last`, at most about `most`. */
function wholeTicks(first: number, last: number, most: number): number[] {
  const every = Math.ceil((last - first + 1) / most)
  return Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
    (n) => n % every === 0 || every === 1,
  )
}
