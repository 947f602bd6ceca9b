import { build, indices, place } from './laws/dense.ts'
import { calls, type Draw } from './laws/draw.ts'
import { type Law, law } from './laws.ts'
import { col2im, im2col, type Pair, type WindowOptions } from './window.ts'

interface Windows {
  readonly shape: readonly [number, number, number, number]
  readonly options: { readonly kernel: Pair } & WindowOptions
}

/** Small images and a window that fits them, as numbers or pairs, some options left out. */
export function drawWindows(draw: Draw): Windows {
  const pair = (least: number, most: number): Pair =>
    draw.boolean() ? draw.integer(least, most) : [draw.integer(least, most), draw.integer(least, most)]
  const kernel = pair(1, 2)
  const [stride, pad, dilation] = [pair(1, 2), pair(0, 1), pair(1, 2)]
  const given = {
    ...(draw.boolean() && { stride }),
    ...(draw.boolean() && { pad }),
    ...(draw.boolean() && { dilation }),
  }
  const length = (axis: 0 | 1): number => {
    const reach = along(given.dilation ?? 1, axis) * (along(kernel, axis) - 1) + 1
    return Math.max(1, reach - 2 * along(given.pad ?? 0, axis) + draw.integer(0, 2))
  }
  return { shape: [draw.length(2), draw.length(2), length(0), length(1)], options: { kernel, ...given } }
}

export const along = (pair: Pair, axis: 0 | 1): number => (typeof pair === 'number' ? pair : pair[axis])

/** How many windows fit along the height (0) or the width (1). */
export function windowCount(shape: readonly number[], options: Windows['options'], axis: 0 | 1): number {
  const { kernel, stride = 1, pad = 0, dilation = 1 } = options
  const reach = along(dilation, axis) * (along(kernel, axis) - 1) + 1
  return Math.floor((shape[axis + 2]! + 2 * along(pad, axis) - reach) / along(stride, axis)) + 1
}

/** Where the element of a row of im2col comes from; undefined for padding. */
function source(
  shape: readonly number[],
  options: Windows['options'],
  row: number,
  column: number,
): number | undefined {
  const { kernel, stride = 1, pad = 0, dilation = 1 } = options
  const [high, wide] = [windowCount(shape, options, 0), windowCount(shape, options, 1)]
  const [n, i, j] = [Math.floor(row / (high * wide)), Math.floor(row / wide) % high, row % wide]
  const [kh, kw] = [along(kernel, 0), along(kernel, 1)]
  const [c, p, q] = [Math.floor(column / (kh * kw)), Math.floor(column / kw) % kh, column % kw]
  const y = i * along(stride, 0) + p * along(dilation, 0) - along(pad, 0)
  const x = j * along(stride, 1) + q * along(dilation, 1) - along(pad, 1)
  return y < 0 || y >= shape[2]! || x < 0 || x >= shape[3]! ? undefined : place(shape, [n, c, y, x])
}

function rowShape(shape: readonly number[], options: Windows['options']): [number, number] {
  const { kernel } = options
  return [
    shape[0]! * windowCount(shape, options, 0) * windowCount(shape, options, 1),
    shape[1]! * along(kernel, 0) * along(kernel, 1),
  ]
}

export const laws = {
  im2col: law({
    calls: calls((draw) => {
      const { shape, options } = drawWindows(draw)
      return { inputs: [draw.floats(shape)], options }
    }),
    apply: ([x], options) => im2col(x, options),
    definition: ([x], options) =>
      build(rowShape(x.shape, options), ([row, column]) => {
        const from = source(x.shape, options, row!, column!)
        return from === undefined ? 0 : x.data[from]!
      }),
  }),
  col2im: law({
    calls: calls((draw) => {
      const { shape, options } = drawWindows(draw)
      return { inputs: [draw.floats(rowShape(shape, options))], options: { shape, ...options } }
    }),
    apply: ([columns], options) => col2im(columns, options),
    definition: ([columns], { shape, ...options }) => {
      const data = new Array<number>(shape.reduce((size, length) => size * length, 1)).fill(0)
      indices(columns.shape).forEach(([row, column], at) => {
        const to = source(shape, options, row!, column!)
        if (to !== undefined) data[to]! += columns.data[at]!
      })
      return { shape, data }
    },
  }),
} satisfies Record<string, Law>
