import { type AxisOptions, type Tensor, tensor } from '@cotangent/core'
import { argMax, argMin, clip, max, maximum, min, minimum } from './extreme.ts'
import { elementwise, fold } from './laws/dense.ts'
import { calls, filled, GAP, inputs } from './laws/draw.ts'
import { elements } from './laws/elementwise.ts'
import { type Law, law } from './laws.ts'

const ofPair = (
  operation: (a: Tensor<'float64'>, b: Tensor<'float64'>) => Tensor<'float64'>,
  definition: (a: number, b: number) => number,
  gradients: readonly [readonly number[], readonly number[]],
): Law =>
  law({
    calls: inputs((draw) => {
      const [one, other] = draw.broadcast(2)
      // Multiples of 4 gaps, and numbers between them: never equal, whichever meet.
      const a = draw.whole(one!, -4, 4)
      const b = draw.whole(other!, -4, 4)
      return [
        tensor(
          Float64Array.from(a.data, (x) => 4 * GAP * x),
          { shape: one! },
        ),
        tensor(
          Float64Array.from(b.data, (x) => 4 * GAP * (x + 0.4)),
          { shape: other! },
        ),
      ]
    }),
    apply: ([a, b]) => operation(a, b),
    definition: (operands) => elementwise(operands, (a, b) => definition(a!, b!)),
    conventions: [
      {
        says: 'equal operands share the gradient evenly',
        inputs: [elements(1, 2, 3), elements(2)],
        options: undefined,
        value: [1, 2, 3].map((a) => definition(a, 2)),
        gradients,
      },
    ],
  })

const folding = (
  operation: (x: Tensor<'float64'>, options: AxisOptions) => Tensor<'float64'>,
  definition: (elements: number[]) => number,
  sign: 1 | -1,
): Law =>
  law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const options = draw.reduction(shape.length)
      return { inputs: [draw.distinct(filled(shape, options.axis))], options }
    }),
    apply: ([x], options) => operation(x, options),
    definition: ([x], options) => fold(x, options, definition),
    conventions: [
      {
        says: 'equal extremes share the gradient evenly',
        inputs: [tensor(Float64Array.of(3, 1, 3, 3).map((x) => sign * x))],
        options: {},
        value: [3 * sign],
        gradients: [[1 / 3, 0, 1 / 3, 1 / 3]],
      },
      {
        says: 'equal extremes share the gradient evenly, over each axis',
        inputs: [
          tensor(
            Float64Array.of(3, 1, 3, 2, 2, 2).map((x) => sign * x),
            { shape: [2, 3] },
          ),
        ],
        options: { axis: -1, keepDims: true },
        value: [3 * sign, 2 * sign],
        gradients: [[0.5, 0, 0.5, 1 / 3, 1 / 3, 1 / 3]],
      },
    ],
  })

const placing = (
  operation: (x: Tensor<'float64'>, options: AxisOptions) => Tensor<'int32'>,
  definition: (elements: number[]) => number,
): Law =>
  law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const options = draw.reduction(shape.length)
      return { inputs: [draw.whole(filled(shape, options.axis), -2, 2)], options }
    }),
    apply: ([x], options) => operation(x, options),
    definition: ([x], options) => fold(x, options, definition),
    orders: 0,
  })

/** The first place of the element that `beats` all others. */
const firstOf =
  (beats: (a: number, b: number) => boolean) =>
  (line: number[]): number => {
    let best = 0
    line.forEach((element, place) => {
      if (beats(element, line[best]!)) best = place
    })
    return best
  }

export const laws = {
  maximum: ofPair(maximum, Math.max, [[0, 0.5, 1], [1.5]]),
  minimum: ofPair(minimum, Math.min, [[1, 0.5, 0], [1.5]]),
  max: folding(max, (line) => Math.max(...line), 1),
  min: folding(min, (line) => Math.min(...line), -1),
  argMax: placing(
    argMax,
    firstOf((a, b) => a > b),
  ),
  argMin: placing(
    argMin,
    firstOf((a, b) => a < b),
  ),
  clip: law({
    calls: calls((draw) => ({
      inputs: [draw.floats(draw.shape(), { away: [-1, 0.5] })],
      options: draw.one<{ min?: number; max?: number }>(
        { min: -1 },
        { max: 0.5 },
        { min: -1, max: 0.5 },
        { min: 0.5, max: 0.5 },
        {},
      ),
    })),
    apply: ([x], options) => clip(x, options),
    definition: ([x], { min: low, max: high }) =>
      elementwise([x], (one) => {
        if (low !== undefined && one! < low) return low
        return high !== undefined && one! > high ? high : one!
      }),
    conventions: [
      {
        says: 'the gradient passes at the bounds',
        inputs: [elements(-2, -1, 0, 1, 2)],
        options: { min: -1, max: 1 },
        value: [-1, -1, 0, 1, 1],
        gradients: [[0, 1, 1, 1, 0]],
      },
    ],
  }),
} satisfies Record<string, Law>
