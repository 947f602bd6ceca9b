import { at, build, fold, total } from './laws/dense.ts'
import { calls, filled } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'
import { logSoftmax, type SoftmaxOptions, softmax } from './softmax.ts'

const softmaxCalls = calls((draw) => {
  const shape = draw.shape({ minRank: 1 })
  const options: SoftmaxOptions =
    draw.integer(0, 3) === 3
      ? { axis: draw.permutation(shape.length).slice(0, draw.integer(1, shape.length)) }
      : draw.one({}, { axis: draw.axis(shape.length) })
  return { inputs: [draw.floats(filled(shape, options.axis ?? -1), { min: -3, max: 3 })], options }
})

/** The sum of eˣ over the axes, which are kept with length 1. */
const sumOfPowers = (x: Dense, axis: SoftmaxOptions['axis'] = -1): Dense =>
  fold(x, { axis, keepDims: true }, (line) => total(line.map(Math.exp)))

export const laws = {
  softmax: law({
    calls: softmaxCalls,
    apply: ([x], options) => softmax(x, options),
    definition: ([x], { axis }) => {
      const sums = sumOfPowers(x, axis)
      return build(x.shape, (index) => Math.exp(at(x, index)) / at(sums, index))
    },
  }),
  logSoftmax: law({
    calls: softmaxCalls,
    apply: ([x], options) => logSoftmax(x, options),
    definition: ([x], { axis }) => {
      const sums = sumOfPowers(x, axis)
      return build(x.shape, (index) => at(x, index) - Math.log(at(sums, index)))
    },
  }),
} satisfies Record<string, Law>
