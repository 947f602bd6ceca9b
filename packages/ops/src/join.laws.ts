import type { Tensor } from '@cotangent/core'
import { concat, stack } from './join.ts'
import { build, place } from './laws/dense.ts'
import { calls } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'

interface Joining {
  readonly axis?: number
}

export const laws = {
  concat: law({
    calls: calls((draw) => {
      const shape = draw.shape({ minRank: 1 })
      const axis = draw.axis(shape.length)
      const along = (axis + shape.length) % shape.length
      const inputs = Array.from({ length: draw.integer(1, 3) }, () =>
        draw.floats(shape.map((length, one) => (one === along ? draw.integer(0, 3) : length))),
      )
      return { inputs, options: along === 0 ? draw.one({ axis }, {}) : { axis } }
    }),
    apply: (xs: readonly Tensor<'float64'>[], options: Joining) => concat(xs, options),
    definition: (xs: readonly Dense[], { axis = 0 }) => {
      const { shape } = xs[0]!
      const along = (axis + shape.length) % shape.length
      const lengths = xs.map((x) => x.shape[along]!)
      const whole = lengths.reduce((sum, length) => sum + length, 0)
      return build(
        shape.map((length, one) => (one === along ? whole : length)),
        (index) => {
          let step = index[along]!
          let which = 0
          while (step >= lengths[which]!) step -= lengths[which++]!
          const inner = index.map((one, at) => (at === along ? step : one))
          return xs[which]!.data[place(xs[which]!.shape, inner)]!
        },
      )
    },
  }),
  stack: law({
    calls: calls((draw) => {
      const shape = draw.shape({ maxRank: 2 })
      const axis = draw.axis(shape.length + 1)
      const inputs = Array.from({ length: draw.integer(1, 3) }, () => draw.floats(shape))
      return { inputs, options: axis === 0 ? draw.one({ axis }, {}) : { axis } }
    }),
    apply: (xs: readonly Tensor<'float64'>[], options: Joining) => stack(xs, options),
    definition: (xs: readonly Dense[], { axis = 0 }) => {
      const { shape } = xs[0]!
      const along = axis < 0 ? axis + shape.length + 1 : axis
      return build([...shape.slice(0, along), xs.length, ...shape.slice(along)], (index) => {
        const inner = index.filter((_, one) => one !== along)
        return xs[index[along]!]!.data[place(shape, inner)]!
      })
    },
  }),
} satisfies Record<string, Law>
