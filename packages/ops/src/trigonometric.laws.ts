import { ofOne } from './laws/elementwise.ts'
import type { Law } from './laws.ts'
import { cos, sin, tanh } from './trigonometric.ts'

export const laws = {
  sin: ofOne(sin, Math.sin, { min: -4, max: 4 }),
  cos: ofOne(cos, Math.cos, { min: -4, max: 4 }),
  tanh: ofOne(tanh, Math.tanh),
} satisfies Record<string, Law>
