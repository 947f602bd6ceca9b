import { elements, ofOne } from './laws/elementwise.ts'
import type { Law } from './laws.ts'
import { abs, neg, sign } from './sign.ts'

export const laws = {
  neg: ofOne(neg, (x) => -x),
  abs: ofOne(abs, Math.abs, { away: [0] }, [
    {
      says: 'the derivative at 0 is 0',
      inputs: [elements(-2, 0, 3)],
      options: undefined,
      value: [2, 0, 3],
      gradients: [[-1, 0, 1]],
    },
  ]),
  sign: ofOne(sign, Math.sign, { away: [0] }, [
    {
      says: 'the derivative is 0 everywhere',
      inputs: [elements(-2, 0, 3)],
      options: undefined,
      value: [-1, 0, 1],
      gradients: [[0, 0, 0]],
    },
  ]),
} satisfies Record<string, Law>
