import { SIDE } from './mnist-picture.ts'

/**
 * A picture of MNIST's size as 14 lines of 28 characters, each of two pixels, one above the other: in 256 colours in shades of grey,
 * otherwise as blocks where there is ink.
 */
export function pictureText(pixels: Uint8Array, { colors }: { readonly colors: boolean }): string[] {
  return Array.from({ length: SIDE / 2 }, (_, line) => {
    const pairs = Array.from({ length: SIDE }, (_, x): Pair => {
      const above = 2 * line * SIDE + x
      return [pixels[above]!, pixels[above + SIDE]!]
    })
    return colors ? greysOf(pairs) : pairs.map(blocks).join('')
  })
}

type Pair = readonly [above: number, below: number]

/** The upper half in the colour of the text, the lower in that of the ground, named where they change. */
function greysOf(pairs: readonly Pair[]): string {
  const colors = pairs.map(([above, below]) => `\u001b[38;5;${greyColor(above)};48;5;${greyColor(below)}m`)
  return `${colors.map((color, x) => (color === colors[x - 1] ? '▀' : `${color}▀`)).join('')}\u001b[0m`
}

/** Of the 256 colours, 232 to 255 are greys from dark to light. */
const greyColor = (pixel: number): number => 232 + Math.round((pixel / 255) * 23)

/** From this on a pixel is rather ink than paper. */
const HALF = 100

/** Ink too faint for a block of its own is still shown. */
const FAINT = 40

function blocks([above, below]: Pair): string {
  if (above >= HALF) return below >= HALF ? '█' : '▀'
  if (below >= HALF) return '▄'
  return above >= FAINT || below >= FAINT ? '·' : ' '
}
