import type { Role } from './drawing.ts'

/** A colour on white paper, and the one that stands for it on a dark screen. */
interface Colour {
  readonly light: string
  readonly dark: string
}

interface Colours {
  readonly line: Colour
  readonly fill: Colour
}

const colours = (line: readonly [string, string], fill: readonly [string, string]): Colours => ({
  line: { light: line[0], dark: line[1] },
  fill: { light: fill[0], dark: fill[1] },
})

/** Each light colour is there once: a drawing is made dark by exchanging them one by one. */
export const ROLES: Readonly<Record<Role, Colours>> = {
  forward: colours(['#1d4ed8', '#7fb0ff'], ['#e8f0fe', '#17264a']),
  backward: colours(['#b93a0b', '#ff9d5c'], ['#fff1e6', '#3d2110']),
  update: colours(['#6d28d9', '#b79bff'], ['#f3eeff', '#2b1f50']),
  parameter: colours(['#15703a', '#5fd68b'], ['#e9f8ee', '#12301f']),
  data: colours(['#57606a', '#9aa4b0'], ['#f1f3f5', '#262c34']),
}

export const INK: Colour = { light: '#1c2128', dark: '#e6e9ed' }
export const FRAME: Colours = colours(['#c8ced6', '#434b55'], ['#fafbfc', '#171b21'])
export const PAPER: Colour = { light: '#ffffff', dark: '#0f1216' }

/** Every colour that a drawing has. */
export const ALL_COLOURS: readonly Colour[] = [
  ...Object.values(ROLES).flatMap(({ line, fill }) => [line, fill]),
  INK,
  FRAME.line,
  FRAME.fill,
]
