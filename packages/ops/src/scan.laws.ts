import { alongAxis } from './laws/dense.ts'
import { calls } from './laws/draw.ts'
import { type Law, law } from './laws.ts'
import { type CumsumOptions, cumsum } from './scan.ts'

export const laws = {
  cumsum: law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const along = shape.length > 0 && draw.boolean() ? { axis: draw.axis(shape.length) } : {}
      const options = { ...along, ...draw.one({}, { reverse: true }), ...draw.one({}, { exclusive: true }) }
      return { inputs: [draw.floats(shape)], options }
    }),
    apply: ([x], options: CumsumOptions) => cumsum(x, options),
    definition: ([x], { axis, reverse = false, exclusive = false }) => {
      const whole = axis === undefined ? { shape: [x.data.length], data: x.data } : x
      return alongAxis(whole, axis ?? 0, (line) =>
        line.map((_, step) => {
          let sum = 0
          line.forEach((element, other) => {
            const before = reverse ? other > step : other < step
            if (before || (other === step && !exclusive)) sum += element
          })
          return sum
        }),
      )
    },
  }),
} satisfies Record<string, Law>
