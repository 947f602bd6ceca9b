import { ones, record, scope, tensor, ValueError, valueAndGrad } from '@cotangent/core'
import { mul, sum } from '@cotangent/ops'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ALL_COLOURS } from './palette.ts'
import { renderSvg } from './svg.ts'
import { graphToDot } from './tape.ts'

const drawing = (name: string): string => {
  const x = tensor(2)
  const [y, tape] = record(() => scope(name, () => mul(x, 3)))
  return graphToDot(tape, { title: name, inputs: { [name]: x }, outputs: { y } })
}

it('shows names of any characters as they are', async () => {
  const letters = fc.constantFrom(...'"\\<>&;{}[]|/nN lx#é∂\u0000\n\t\ud800'.split(''))
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: letters, minLength: 1, maxLength: 12 }), async (name) => {
      const texts = [...(await renderSvg(drawing(name))).matchAll(/<text [^>]*>(.*?)<\/text>/g)].map(([, text]) =>
        plain(text!),
      )
      const shown = name.replace(/[\p{Cc}\p{Cs}]/gu, ' ')
      expect(texts.map(squeezed)).toContain(squeezed(shown))
    }),
    { seed: 8, numRuns: 60 },
  )
})

/** SVG shows white space in a row as one. */
const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim()

const plain = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

it('has a dark colour for every light one that it uses', async () => {
  const w = ones([3])
  const [[loss, gradient], tape] = record(() => valueAndGrad((v: typeof w) => scope('layer', () => sum(mul(v, v))))(w))
  const svg = await renderSvg(graphToDot(tape, { parameters: { w }, outputs: { loss, gradient } }))
  const used = new Set(
    [...svg.matchAll(/<(?:text|path|polygon|ellipse)[^>]* (?:fill|stroke)="(#[^"]*)"/g)].map(([, colour]) => colour),
  )
  expect(used.size).toBeGreaterThan(4)
  for (const colour of used) expect(ALL_COLOURS.map(({ light }) => light)).toContain(colour)
  expect(new Set(ALL_COLOURS.map(({ light }) => light)).size).toBe(ALL_COLOURS.length)
  expect(svg).toMatch(/^<svg[^>]*>\n<style>/)
})

it('refuses what is not DOT', async () => {
  await expect(renderSvg('digraph {')).rejects.toThrow(ValueError)
  await expect(renderSvg('digraph {')).rejects.toThrow(/renderSvg: Graphviz cannot read this DOT text \(.*syntax error/)
})
