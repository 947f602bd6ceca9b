import { type PlotOptions, plot } from '@observablehq/plot'
import { parseHTML } from 'linkedom/worker'
import { html, Markup } from './markup.ts'

/** Charts are drawn once for wide screens and once for phones, so that their text has one size on both. */
export type Draw = (width: number) => PlotOptions

const PHONE_WIDTH = 340

/** The chart at `width` pixels, and at a phone's width where that is less; of the two, the style sheet shows the one that fits. */
export function chart(alternative: string, width: number, draw: Draw): Markup {
  if (width <= PHONE_WIDTH) return drawn(alternative, draw(width), '')
  return html`${drawn(alternative, draw(width), 'wide')}${drawn(alternative, draw(PHONE_WIDTH), 'narrow')}`
}

/** Plot draws into elements, which need a document. (The worker build of linkedom is one file, which loads three times as fast.) */
const { document } = parseHTML('<!doctype html><html></html>')

function drawn(alternative: string, options: PlotOptions, className: string): Markup {
  const svg = plot({ document, ...options })
  // What Plot gives each drawing for itself, the page's style sheet says once.
  svg.querySelector('style')?.remove()
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', alternative)
  svg.setAttribute('class', `chart ${className}`.trim())
  svg.setAttribute('font-size', '12')
  for (const element of svg.querySelectorAll('*')) {
    for (const { name, value } of [...element.attributes]) {
      if (name.startsWith('aria-')) element.removeAttribute(name)
      else if (/\d\.\d{3}/.test(value)) element.setAttribute(name, rounded(value))
    }
  }
  return new Markup(svg.outerHTML)
}

/** Coordinates to a hundredth of a pixel. */
const rounded = (value: string): string =>
  value.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100))
