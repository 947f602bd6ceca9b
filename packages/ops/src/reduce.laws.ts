import type { AxisOptions, Tensor } from '@cotangent/core'
import { fold, total } from './laws/dense.ts'
import { calls, type Domain, filled } from './laws/draw.ts'
import { elements } from './laws/elementwise.ts'
import { type Convention, type Law, law } from './laws.ts'
import { logSumExp, mean, prod, sum, variance } from './reduce.ts'

const folding = (
  operation: (x: Tensor<'float64'>, options: AxisOptions) => Tensor<'float64'>,
  definition: (elements: number[]) => number,
  { empty, domain = {} }: { readonly empty: boolean; readonly domain?: Domain },
  conventions: readonly Convention<readonly [Tensor<'float64'>], AxisOptions>[] = [],
): Law =>
  law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const options = draw.reduction(shape.length)
      return { inputs: [draw.floats(empty ? shape : filled(shape, options.axis), domain)], options }
    }),
    apply: ([x], options: AxisOptions) => operation(x, options),
    definition: ([x], options) => fold(x, options, definition),
    conventions,
  })

const average = (line: readonly number[]): number => total(line) / line.length

export const laws = {
  sum: folding(sum, total, { empty: true }),
  mean: folding(mean, average, { empty: false }),
  prod: folding(prod, (line) => line.reduce((product, element) => product * element, 1), { empty: true }, [
    {
      says: 'the derivative by a zero is the product of the others',
      inputs: [elements(2, 0, 5, -3)],
      options: {},
      value: [0],
      gradients: [[0, -30, 0, 0]],
    },
  ]),
  variance: law({
    calls: calls((draw) => {
      const given = draw.shape()
      const options: AxisOptions & { correction?: number } = draw.reduction(given.length)
      const shape = filled(given, options.axis)
      const axes = options.axis === undefined ? [...shape.keys()] : [options.axis].flat()
      const count = axes.reduce((product, axis) => product * shape.at(axis)!, 1)
      const unbiased = count > 1 && draw.boolean()
      return { inputs: [draw.floats(shape)], options: unbiased ? { ...options, correction: 1 } : options }
    }),
    apply: ([x], options) => variance(x, options),
    definition: ([x], options) =>
      fold(x, options, (line) => {
        const centre = average(line)
        return total(line.map((element) => (element - centre) ** 2)) / (line.length - (options.correction ?? 0))
      }),
  }),
  logSumExp: folding(logSumExp, (line) => Math.log(total(line.map(Math.exp))), { empty: false }),
} satisfies Record<string, Law>
