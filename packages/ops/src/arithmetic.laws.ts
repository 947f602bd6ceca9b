import { add, mul } from '@cotangent/core'
import { div, sub } from './arithmetic.ts'
import { ofTwo } from './laws/elementwise.ts'
import type { Law } from './laws.ts'

export const laws = {
  add: ofTwo(add, (a, b) => a + b),
  sub: ofTwo(sub, (a, b) => a - b),
  mul: ofTwo(mul, (a, b) => a * b),
  div: ofTwo(div, (a, b) => a / b, [{}, { min: 0.5, max: 3 }]),
} satisfies Record<string, Law>
