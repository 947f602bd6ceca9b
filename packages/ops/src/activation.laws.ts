import { elu, erf, gelu, leakyRelu, relu, sigmoid, silu, softplus } from './activation.ts'
import { elementwise } from './laws/dense.ts'
import { calls } from './laws/draw.ts'
import { elements, ofOne } from './laws/elementwise.ts'
import { type Law, law } from './laws.ts'

const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

/** Its Taylor series, which converges fast for the |x| ≤ 3 used here. */
function errorFunction(x: number): number {
  let sum = 0
  let term = x
  for (let n = 0; n < 80; n++) {
    sum += term / (2 * n + 1)
    term *= -(x * x) / (n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

export const laws = {
  sigmoid: ofOne(sigmoid, logistic, { min: -4, max: 4 }),
  relu: ofOne(relu, (x) => Math.max(x, 0), { away: [0] }, [
    {
      says: 'the derivative at 0 is 0',
      inputs: [elements(-1, 0, -0, 2)],
      options: undefined,
      value: [0, 0, 0, 2],
      gradients: [[0, 0, 0, 1]],
    },
  ]),
  leakyRelu: law({
    calls: calls((draw) => ({
      inputs: [draw.floats(draw.shape(), { away: [0] })],
      options: draw.one<{ slope?: number }>({}, { slope: 0.2 }, { slope: -0.5 }, { slope: 0 }),
    })),
    apply: ([x], options) => leakyRelu(x, options),
    definition: ([x], { slope = 0.01 }) => elementwise([x], (one) => (one > 0 ? one : slope * one)),
    conventions: [
      {
        says: 'the derivative at 0 is the slope',
        inputs: [elements(-1, 0, 2)],
        options: { slope: 0.25 },
        value: [-0.25, 0, 2],
        gradients: [[0.25, 0.25, 1]],
      },
    ],
  }),
  elu: ofOne(elu, (x) => (x > 0 ? x : Math.expm1(x)), { away: [0] }, [
    {
      says: 'the derivative at 0 is 1, from both sides',
      inputs: [elements(0, 1e4)],
      options: undefined,
      value: [0, 1e4],
      gradients: [[1, 1]],
    },
  ]),
  silu: ofOne(silu, (x) => x * logistic(x), { min: -4, max: 4 }),
  gelu: ofOne(gelu, (x) => (x / 2) * (1 + errorFunction(x / Math.SQRT2)), { min: -3, max: 3 }),
  softplus: ofOne(softplus, (x) => Math.log(1 + Math.exp(x)), { min: -4, max: 4 }),
  erf: ofOne(erf, errorFunction, { min: -3, max: 3 }),
} satisfies Record<string, Law>
