import { scaleLinear, scaleLog } from 'd3-scale'
import { line } from 'd3-shape'
import { html, type Markup } from './markup.ts'

/** A chart at one width: how high it is, its axes, and what is drawn in it, one over the other. */
export interface ChartOptions {
  readonly height: number
  readonly margin: { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number }
  readonly x: AxisOptions
  readonly y: AxisOptions
  readonly marks: readonly Mark[]
}

interface AxisOptions {
  readonly domain: readonly [low: number, high: number]
  readonly logarithmic?: boolean
  /** Whether the domain is extended to round numbers. */
  readonly nice?: boolean
  readonly label: string
  /** Where ticks are, or about how many. */
  readonly ticks: readonly number[] | number
  readonly tickText: (value: number) => string
}

/** Something drawn between the axes. */
type Mark = (axes: { readonly x: Scale; readonly y: Scale }) => Markup

/** From values to pixels. */
interface Scale {
  (value: number): number
  domain(): number[]
  range(): number[]
  ticks(count?: number): number[]
}

export type Point = readonly [x: number, y: number]

/** Charts are drawn once for wide screens and once for phones, so that their text has one size on both. */
export type Draw = (width: number) => ChartOptions

const PHONE_WIDTH = 340

/** The chart at `width` pixels, and at a phone's width where that is less; of the two, the style sheet shows the one that fits. */
export function chart(alternative: string, width: number, draw: Draw): Markup {
  if (width <= PHONE_WIDTH) return drawn(alternative, width, draw(width), '')
  const narrow = drawn(alternative, PHONE_WIDTH, draw(PHONE_WIDTH), ' narrow')
  return html`${drawn(alternative, width, draw(width), ' wide')}${narrow}`
}

function drawn(alternative: string, width: number, options: ChartOptions, className: string): Markup {
  const { height, margin, marks } = options
  const x = scaleOf(options.x, [margin.left, width - margin.right])
  const y = scaleOf(options.y, [height - margin.bottom, margin.top])
  return html`<svg role="img" aria-label="${alternative}" class="chart${className}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-size="12" fill="currentColor">
${gridOf(x, y, options.y)}${axisX(x, y, options.x)}${axisY(x, y, options.y)}${marks.map((mark) => mark({ x, y }))}
</svg>`
}

function scaleOf({ domain, logarithmic = false, nice = false }: AxisOptions, range: readonly [number, number]): Scale {
  const scale = (logarithmic ? scaleLog() : scaleLinear()).domain(domain).range(range)
  return nice ? scale.nice() : scale
}

const ticksOf = (scale: Scale, { ticks }: AxisOptions): readonly number[] =>
  typeof ticks === 'number' ? scale.ticks(ticks) : ticks

const [TICK, GAP] = [6, 3]

function axisX(x: Scale, y: Scale, options: AxisOptions): Markup {
  const [bottom] = y.range() as [number]
  const [, right] = x.range() as [number, number]
  const ticks = ticksOf(x, options)
  const marks = ticks.map((value) => `M${rounded(x(value))},${rounded(bottom)}v${TICK}`).join('')
  return html`<path d="${marks}" stroke="currentColor"/><g text-anchor="middle">${ticks.map((value) => text(x(value), bottom + TICK + GAP + 9, options.tickText(value)))}</g><g text-anchor="end">${text(right + 19, bottom + 37, `${options.label} →`)}</g>`
}

function axisY(x: Scale, y: Scale, options: AxisOptions): Markup {
  const [left] = x.range() as [number]
  const [, top] = y.range() as [number, number]
  const ticks = ticksOf(y, options)
  const marks = ticks.map((value) => `M${rounded(left - TICK)},${rounded(y(value))}h${TICK}`).join('')
  return html`<path d="${marks}" stroke="currentColor"/><g text-anchor="end">${ticks.map((value) => text(left - TICK - GAP, y(value) + 4, options.tickText(value)))}</g>${text(3, top - 15, `↑ ${options.label}`)}`
}

function gridOf(x: Scale, y: Scale, options: AxisOptions): Markup {
  const [left, right] = x.range() as [number, number]
  const lines = ticksOf(y, options).map((value) => `M${rounded(left)},${rounded(y(value))}H${rounded(right)}`)
  return html`<path d="${lines.join('')}" stroke="currentColor" stroke-opacity="0.1"/>`
}

/** A curve through points; `stroke` is CSS. */
export const curve =
  (points: readonly Point[], stroke: string, { width = 2, opacity = 1, dashes = 'none' } = {}): Mark =>
  ({ x, y }) => {
    const path = line<Point>(
      ([at]) => x(at),
      ([, value]) => y(value),
    ).digits(2)
    return html`<path d="${path(points) ?? ''}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-opacity="${opacity}" stroke-dasharray="${dashes}" stroke-linejoin="round" stroke-linecap="round"/>`
  }

/** A dot or a square at each point. */
export const dots =
  (points: readonly Point[], fill: string, symbol: 'circle' | 'square' = 'circle'): Mark =>
  ({ x, y }) => {
    const of = symbol === 'circle' ? 'm-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0' : 'm-2.7,-2.7h5.4v5.4h-5.4z'
    const path = points.map(([at, value]) => `M${rounded(x(at))},${rounded(y(value))}${of}`)
    return html`<path d="${path.join('')}" fill="${fill}"/>`
  }

/** Lines from top to bottom. */
export const uprights =
  (places: readonly number[], { opacity = 1, dashes = 'none' } = {}): Mark =>
  ({ x, y }) => {
    const [bottom, top] = y.range() as [number, number]
    const path = places.map((place) => `M${rounded(x(place))},${rounded(top)}V${rounded(bottom)}`)
    return html`<path d="${path.join('')}" stroke="currentColor" stroke-opacity="${opacity}" stroke-dasharray="${dashes}"/>`
  }

/** Bars from 0, each as wide as a stretch of the other axis but for half a pixel. */
export const bars =
  (bins: readonly { readonly from: number; readonly to: number; readonly value: number }[], fill: string): Mark =>
  ({ x, y }) => {
    const path = bins.map(({ from, to, value }) => {
      const wide = Math.max(0, x(to) - x(from) - 0.5)
      return `M${rounded(x(from))},${rounded(y(0))}V${rounded(y(value))}h${rounded(wide)}V${rounded(y(0))}z`
    })
    return html`<path d="${path.join('')}" fill="${fill}"/>`
  }

const text = (x: number, y: number, content: string): Markup =>
  html`<text x="${rounded(x)}" y="${rounded(y)}">${content}</text>`

/** To a hundredth of a pixel. */
const rounded = (value: number): number => Math.round(value * 100) / 100
