import { build, fold, place, total } from './laws/dense.ts'
import { calls, type Draw, filled } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'
import { type BatchNormOptions, batchNorm, layerNorm, normalize } from './normalize.ts'

/** Far enough apart that no variance comes near 0, where derivatives of 1/√ grow without bound. */
const SPACING = 0.5

const average = (line: readonly number[]): number => total(line) / line.length
const deviation = (line: readonly number[]): number => average(line.map((element) => (element - average(line)) ** 2))

/** A shape, the axes that statistics are taken over, and the shape of the others. */
function drawAxes(draw: Draw) {
  const given = draw.shape({ minRank: 1 })
  const chosen = draw.permutation(given.length).slice(0, draw.integer(1, given.length))
  const axes = draw.integer(0, 2) === 2 ? [0] : chosen
  const shape = filled(given, axes)
  const options: BatchNormOptions = {
    ...(axes.length === 1 && axes[0] === 0 ? {} : { axes }),
    ...draw.one({}, { epsilon: 0.1 }),
  }
  return { shape, kept: shape.filter((_, axis) => !axes.includes(axis)), options }
}

const normalized = (
  x: Dense,
  [mean, variance, gamma, beta]: readonly [Dense, Dense, Dense, Dense],
  { axes = [0], epsilon = 1e-5 }: BatchNormOptions,
): Dense =>
  build(x.shape, (index) => {
    const kept = index.filter((_, axis) => !axes.includes(axis))
    const at = (parameter: Dense) => parameter.data[place(parameter.shape, kept)]!
    return (at(gamma) * (x.data[place(x.shape, index)]! - at(mean))) / Math.sqrt(at(variance) + epsilon) + at(beta)
  })

export const laws = {
  normalize: law({
    calls: calls((draw) => {
      const { shape, kept, options } = drawAxes(draw)
      const variance = draw.floats(kept, { min: 0.5, max: 2 })
      return {
        inputs: [draw.floats(shape), draw.floats(kept), variance, draw.floats(kept), draw.floats(kept)],
        options,
      }
    }),
    apply: ([x, mean, variance, gamma, beta], options) => normalize(x, mean, variance, gamma, beta, options),
    definition: ([x, mean, variance, gamma, beta], options) => normalized(x, [mean, variance, gamma, beta], options),
  }),
  batchNorm: law({
    calls: calls((draw) => {
      const { shape, kept, options } = drawAxes(draw)
      return { inputs: [draw.distinct(shape, SPACING), draw.floats(kept), draw.floats(kept)], options }
    }),
    apply: ([x, gamma, beta], options) => batchNorm(x, gamma, beta, options),
    definition: ([x, gamma, beta], options) => {
      const over = { axis: options.axes ?? [0] }
      return normalized(x, [fold(x, over, average), fold(x, over, deviation), gamma, beta], options)
    },
  }),
  layerNorm: law({
    calls: calls((draw) => {
      const given = draw.shape({ minRank: 1 })
      const first = draw.integer(0, given.length - 1)
      const shape = filled(given, [...given.keys()].slice(first))
      const trailing = shape.slice(first)
      return {
        inputs: [draw.distinct(shape, SPACING), draw.floats(trailing), draw.floats(trailing)],
        options: draw.one({}, { epsilon: 0.1 }),
      }
    }),
    apply: ([x, gamma, beta], options: { epsilon?: number }) => layerNorm(x, gamma, beta, options),
    definition: ([x, gamma, beta], { epsilon = 1e-5 }) => {
      const width = gamma.data.length
      const data = x.data.map((element, at) => {
        const row = x.data.slice(at - (at % width), at - (at % width) + width)
        const scaled = (element - average(row)) / Math.sqrt(deviation(row) + epsilon)
        return gamma.data[at % width]! * scaled + beta.data[at % width]!
      })
      return { shape: x.shape, data }
    },
  }),
} satisfies Record<string, Law>
