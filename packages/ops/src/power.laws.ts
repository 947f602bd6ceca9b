import { elements, ofOne, ofTwo } from './laws/elementwise.ts'
import type { Law } from './laws.ts'
import { pow, reciprocal, sqrt, square } from './power.ts'

export const laws = {
  sqrt: ofOne(sqrt, Math.sqrt, { min: 0.5, max: 4 }),
  square: ofOne(square, (x) => x * x),
  reciprocal: ofOne(reciprocal, (x) => 1 / x, { min: 0.5, max: 3 }),
  pow: ofTwo(
    pow,
    (x, y) => x ** y,
    [
      { min: 0.5, max: 2.5 },
      { min: -2, max: 2 },
    ],
    [
      {
        says: 'at x = 0 the derivative by the exponent is 0, and that by x is the power rule, 0 for the exponent 0',
        inputs: [elements(0, 0, 0, 2), elements(0, 1, 2, 0)],
        options: undefined,
        value: [1, 0, 0, 1],
        gradients: [
          [0, 1, 0, 0],
          [0, 0, 0, Math.log(2)],
        ],
      },
      {
        says: 'negative numbers to integer powers have the derivative of the power rule by x',
        inputs: [elements(-2, -2), elements(2, 3)],
        options: undefined,
        value: [4, -8],
        gradients: [[-4, 12]],
      },
    ],
  ),
} satisfies Record<string, Law>
