import { tensor } from '@cotangent/core'
import { build, place } from './laws/dense.ts'
import { calls, type Draw } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'
import { avgPool2d, maxPool2d, type PoolOptions } from './pool.ts'
import { along, windowCount } from './window.laws.ts'
import type { Pair } from './window.ts'

function drawPool(draw: Draw) {
  const pair = (least: number, most: number): Pair =>
    draw.boolean() ? draw.integer(least, most) : [draw.integer(least, most), draw.integer(least, most)]
  const kernel = pair(1, 3)
  const least = Math.min(along(kernel, 0), along(kernel, 1))
  const options: PoolOptions = {
    kernel,
    ...(draw.boolean() && { stride: pair(1, 3) }),
    ...(draw.boolean() && { pad: pair(0, least - 1) }),
  }
  const length = (axis: 0 | 1) =>
    Math.max(1, along(kernel, axis) - 2 * along(options.pad ?? 0, axis) + draw.integer(0, 3))
  return { shape: [draw.length(2), draw.length(2), length(0), length(1)], options }
}

/** `f` of the elements inside the image of each window, and of how many places the window has. */
function pooled(x: Dense, options: PoolOptions, f: (elements: number[], places: number) => number): Dense {
  const { kernel, stride = kernel, pad = 0 } = options
  const counted = { kernel, stride, pad }
  const shape = [x.shape[0]!, x.shape[1]!, windowCount(x.shape, counted, 0), windowCount(x.shape, counted, 1)]
  return build(shape, ([n, c, i, j]) => {
    const elements: number[] = []
    for (let p = 0; p < along(kernel, 0); p++) {
      for (let q = 0; q < along(kernel, 1); q++) {
        const y = i! * along(stride, 0) + p - along(pad, 0)
        const z = j! * along(stride, 1) + q - along(pad, 1)
        if (y >= 0 && y < x.shape[2]! && z >= 0 && z < x.shape[3]!)
          elements.push(x.data[place(x.shape, [n!, c!, y, z])]!)
      }
    }
    return f(elements, along(kernel, 0) * along(kernel, 1))
  })
}

export const laws = {
  maxPool2d: law({
    calls: calls((draw) => {
      const { shape, options } = drawPool(draw)
      return { inputs: [draw.distinct(shape)], options }
    }),
    apply: ([x], options) => maxPool2d(x, options),
    definition: ([x], options) => pooled(x, options, (elements) => Math.max(...elements)),
    conventions: [
      {
        says: 'the first of equal maxima in row-major order gets the gradient',
        inputs: [tensor(Float64Array.of(1, 2, 2, 2), { shape: [1, 1, 2, 2] })],
        options: { kernel: 2 },
        value: [2],
        gradients: [[0, 1, 0, 0]],
      },
      {
        says: 'padding never wins, not even over negative numbers',
        inputs: [tensor(Float64Array.of(-3, -3), { shape: [1, 1, 1, 2] })],
        options: { kernel: 2, pad: 1, stride: 1 },
        value: [-3, -3, -3, -3, -3, -3],
        gradients: [[4, 2]],
      },
    ],
  }),
  avgPool2d: law({
    calls: calls((draw) => {
      const { shape, options } = drawPool(draw)
      return { inputs: [draw.floats(shape)], options }
    }),
    apply: ([x], options) => avgPool2d(x, options),
    definition: ([x], options) =>
      pooled(x, options, (elements, places) => elements.reduce((sum, element) => sum + element, 0) / places),
  }),
} satisfies Record<string, Law>
