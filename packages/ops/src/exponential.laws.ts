import { exp, expm1, log, log1p } from './exponential.ts'
import { ofOne } from './laws/elementwise.ts'
import type { Law } from './laws.ts'

export const laws = {
  exp: ofOne(exp, Math.exp),
  expm1: ofOne(expm1, Math.expm1),
  log: ofOne(log, Math.log, { min: 0.5, max: 4 }),
  log1p: ofOne(log1p, Math.log1p, { min: -0.5, max: 3 }),
} satisfies Record<string, Law>
