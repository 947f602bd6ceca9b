import { type Conv2dOptions, conv2d } from './conv.ts'
import { build, place } from './laws/dense.ts'
import { calls } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'
import { along, drawWindows, windowCount } from './window.laws.ts'

/** Seven loops: image, filter, row, column, then channel, kernel row, kernel column. */
function convolution(x: Dense, w: Dense, b: Dense | undefined, options: Conv2dOptions): Dense {
  const { stride = 1, pad = 0, dilation = 1, groups = 1 } = options
  const [filters, depth, kh, kw] = w.shape as [number, number, number, number]
  const counted = { ...options, kernel: [kh, kw] as const }
  const shape = [x.shape[0]!, filters, windowCount(x.shape, counted, 0), windowCount(x.shape, counted, 1)]
  return build(shape, (index) => {
    const [n, o, i, j] = index as [number, number, number, number]
    const first = Math.floor(o / (filters / groups)) * depth
    let sum = b ? b.data[o]! : 0
    for (let c = 0; c < depth; c++) {
      for (let p = 0; p < kh; p++) {
        for (let q = 0; q < kw; q++) {
          const y = i * along(stride, 0) + p * along(dilation, 0) - along(pad, 0)
          const z = j * along(stride, 1) + q * along(dilation, 1) - along(pad, 1)
          if (y < 0 || y >= x.shape[2]! || z < 0 || z >= x.shape[3]!) continue
          sum += x.data[place(x.shape, [n, first + c, y, z])]! * w.data[place(w.shape, [o, c, p, q])]!
        }
      }
    }
    return sum
  })
}

export const laws = {
  conv2d: law({
    calls: calls((draw) => {
      const { shape, options } = drawWindows(draw)
      const { kernel, ...window } = options
      const groups = draw.integer(1, 2)
      const channels = groups * draw.length(2)
      const filters = groups * draw.length(2)
      const x = draw.floats([shape[0], channels, shape[2], shape[3]])
      const w = draw.floats([filters, channels / groups, along(kernel, 0), along(kernel, 1)])
      return {
        inputs: draw.boolean() ? [x, w, draw.floats([filters])] : [x, w],
        options: { ...window, ...(groups > 1 && { groups }) },
      }
    }),
    apply: ([x, w, b], options: Conv2dOptions) => conv2d(x!, w!, b ?? null, options),
    definition: ([x, w, b], options) => convolution(x!, w!, b, options),
  }),
} satisfies Record<string, Law>
