import { shapeText } from '@cotangent/core'
import { bars, type ChartOptions, chart, uprights } from './chart.ts'
import { html, type Markup } from './markup.ts'
import { percentText, powerText, shortText, tickText } from './numbers.ts'
import type { Distribution, LayerSignals } from './report.ts'

/** What flows through each layer, forward and back, as histograms: a row for each layer. */
export function signalCharts(signals: readonly LayerSignals[]): Markup {
  const gradientRange = rangeOf(signals.map(({ gradients }) => gradients))
  const parameterRange = rangeOf(
    signals.flatMap(({ parameterGradients }) => (parameterGradients === null ? [] : [parameterGradients])),
  )
  return html`${signals.map(
    ({ layer, shape, activations, gradients, parameterGradients }) => html`<article class="layer">
<h3>${layer} <small>${shapeText(shape)}</small></h3>
${histogram(layer, 'activations', activations, rangeOf([activations]))}
${histogram(layer, 'gradient by activations', gradients, gradientRange)}
${parameterGradients && histogram(layer, 'gradient by parameters', parameterGradients, parameterRange)}
</article>
`,
  )}`
}

type Range = readonly [low: number, high: number]

function histogram(layer: string, what: string, distribution: Distribution, range: Range): Markup {
  const { count, zeros, notFinite, mean, deviation, histogram } = distribution
  const notes = [
    ...(histogram.scale === 'linear'
      ? [`mean ${shortText(mean)}`, `deviation ${shortText(deviation)}`]
      : [`root mean square ${shortText(Math.hypot(mean, deviation))}`]),
    ...(zeros > 0 ? [`${percentText(zeros / count, zeros === count ? 0 : 1)} zeros`] : []),
    ...(notFinite > 0 ? [`${percentText(notFinite / count, 1)} NaN or infinite`] : []),
  ].join(', ')
  const drawing =
    histogram.counts.length === 0
      ? html`<p class="nothing">nothing but zeros</p>`
      : chart(`Histogram of ${layer}, ${what}: ${notes}.`, 320, () => histogramOf(what, distribution, range))
  return html`<figure>${drawing}<figcaption>${notes}</figcaption></figure>`
}

function histogramOf(what: string, { count, histogram }: Distribution, domain: Range): ChartOptions {
  const { low, high, counts, scale } = histogram
  const wide = (high - low) / counts.length
  const bins = counts
    .map((bin, at) => ({
      from: Math.max(domain[0], low + at * wide),
      to: Math.min(domain[1], low + (at + 1) * wide),
      value: (bin / count) * 100,
    }))
    .filter(({ from, to }) => from < to)
  const logarithmic = scale === 'log10'
  return {
    height: 144,
    margin: { top: 26, right: 14, bottom: 36, left: 38 },
    x: {
      domain,
      label: logarithmic ? `|${what}|, logarithmic` : what,
      ticks: logarithmic ? wholeTicks(domain) : 5,
      tickText: logarithmic ? powerText : tickText(...domain),
    },
    y: {
      domain: [0, Math.max(...bins.map(({ value }) => value))],
      nice: true,
      label: '% of values',
      ticks: 3,
      tickText: (percent) => shortText(percent),
    },
    marks: [
      bars(bins, logarithmic ? 'var(--orange)' : 'var(--blue)'),
      ...(logarithmic || domain[0] > 0 || domain[1] < 0 ? [] : [uprights([0], { opacity: 0.4 })]),
    ],
  }
}

/**
 * From the first to the last bin of any, but for the half percent at each end, and the five percent of least magnitude on a
 * logarithmic scale: a few values far off would flatten the rest.
 */
function rangeOf(distributions: readonly Distribution[]): Range {
  const edges = distributions.flatMap(({ histogram: { scale, low, high, counts } }) => {
    const wide = (high - low) / counts.length
    const all = counts.reduce((sum, bin) => sum + bin, 0)
    let below = 0
    const within = counts.map((bin) => {
      below += bin
      return below > (scale === 'log10' ? 0.05 : 0.005) * all && below - bin < 0.995 * all
    })
    return within.flatMap((inside, at) => (inside ? [low + at * wide, low + (at + 1) * wide] : []))
  })
  return edges.length === 0 ? [0, 1] : [Math.min(...edges), Math.max(...edges)]
}

/** Powers of ten within the range, at most six. */
function wholeTicks([low, high]: Range): number[] {
  const [first, last] = [Math.ceil(low), Math.floor(high)]
  const every = Math.ceil((last - first + 1) / 6)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at).filter(
    (n) => n % every === 0 || every === 1,
  )
}
