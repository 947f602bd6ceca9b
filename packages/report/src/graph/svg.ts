import { ValueError } from '@cotangent/core'
import type { Graphviz } from '@hpcc-js/wasm-graphviz'
import { ALL_COLOURS, PAPER } from './palette.ts'

/**
 * A drawing in Graphviz' DOT language as an SVG document, laid out by Graphviz itself, compiled to WebAssembly. What
 * {@link graphToDot} drew is dark where the reader's screen is.
 *
 * @throws ValueError for text that is not DOT.
 * @example
 * const svg = await renderSvg('digraph { a -> b }')
 * svg.startsWith('<svg') // true
 */
export async function renderSvg(dot: string): Promise<string> {
  // Of its 800 KB, reports of training need nothing.
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz')
  const graphviz = await Graphviz.load()
  const document = layout(graphviz, dot)
  return document
    .slice(document.indexOf('<svg'))
    .replace(/<svg[^>]*>/, `$&\n<style>\n${STYLE}\n</style>`)
    .replace(/ font-size="([\d.]+)"/g, (_, size) => ` font-size="${(Number(size) * SPARE).toFixed(2)}"`)
}

/** Graphviz measures text in Helvetica; the font that a reader has in its place may be wider. */
const SPARE = 0.88

function layout(graphviz: Graphviz, dot: string): string {
  try {
    return graphviz.layout(dot, 'svg', 'dot')
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new ValueError(`renderSvg: Graphviz cannot read this DOT text (${reason.trim()}); check its syntax`)
  }
}

/** The colours stand in attributes, which rules of a style sheet override. */
const STYLE = [
  `:root { color-scheme: light dark; background: ${PAPER.light} }`,
  '@media (prefers-color-scheme: dark) {',
  `  :root { background: ${PAPER.dark} }`,
  ...ALL_COLOURS.flatMap(({ light, dark }) => [
    `  [fill="${light}"] { fill: ${dark} }`,
    `  [stroke="${light}"] { stroke: ${dark} }`,
  ]),
  '}',
].join('\n')
