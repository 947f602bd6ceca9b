import { build, place, total } from './laws/dense.ts'
import { calls, type Draw } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'
import { pad, type SliceOptions, slice, split } from './slice.ts'

type Bound = number | null

/** The indices that Python's `begin:end:step` takes from an axis of this length. */
function taken(length: number, begin: Bound, end: Bound, step: number): number[] {
  const counted = (bound: number) => (bound < 0 ? bound + length : bound)
  const found: number[] = []
  if (step > 0) {
    const stop = end === null ? length : counted(end)
    let index = begin === null ? 0 : Math.max(counted(begin), 0)
    for (; index < stop && index < length; index += step) found.push(index)
  } else {
    const stop = end === null ? -1 : counted(end)
    let index = begin === null ? length - 1 : Math.min(counted(begin), length - 1)
    for (; index > stop && index >= 0; index += step) found.push(index)
  }
  return found
}

/** A bound from well before the axis to well behind it, or none. */
const bound = (draw: Draw, length: number): Bound =>
  draw.integer(0, 2) === 2 ? null : draw.integer(-length - 1, length + 1)

/** `x` at the given indices of each axis. */
const choose = (x: Dense, chosen: readonly (readonly number[])[]): Dense =>
  build(
    chosen.map((places) => places.length),
    (index) =>
      x.data[
        place(
          x.shape,
          index.map((one, axis) => chosen[axis]![one]!),
        )
      ]!,
  )

export const laws = {
  slice: law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const entries = shape.slice(0, draw.integer(0, shape.length))
      const options: SliceOptions = {
        ...(draw.boolean() && { begin: entries.map((length) => bound(draw, length)) }),
        ...(draw.boolean() && { end: entries.map((length) => bound(draw, length)) }),
        ...(draw.boolean() && { step: entries.map(() => draw.one(1, 2, 3, -1, -2, null)) }),
      }
      return { inputs: [draw.floats(shape)], options }
    }),
    apply: ([x], options: SliceOptions) => slice(x, options),
    definition: ([x], { begin = [], end = [], step = [] }) =>
      choose(
        x,
        x.shape.map((length, axis) => taken(length, begin[axis] ?? null, end[axis] ?? null, step[axis] ?? 1)),
      ),
  }),
  split: law({
    calls: calls((draw) => {
      const shape = draw.shape({ minRank: 1 })
      const axis = draw.axis(shape.length)
      const sizes = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(0, 2))
      const even = draw.boolean()
      if (even) sizes.fill(sizes[0]!)
      shape[(axis + shape.length) % shape.length] = total(sizes)
      return { inputs: [draw.floats(shape)], options: { axis, ...(even ? { parts: sizes.length } : { sizes }) } }
    }),
    apply: ([x], options: { axis: number } & ({ parts: number } | { sizes: number[] })) => split(x, options),
    definition: ([x], options) => {
      const along = (options.axis + x.shape.length) % x.shape.length
      const length = x.shape[along]!
      const sizes =
        'sizes' in options ? options.sizes : Array.from({ length: options.parts }, () => length / options.parts)
      let begin = 0
      return sizes.map((size) => {
        const from = begin
        begin += size
        return choose(
          x,
          x.shape.map((whole, axis) =>
            axis === along ? Array.from({ length: size }, (_, step) => from + step) : [...Array(whole).keys()],
          ),
        )
      })
    },
  }),
  pad: law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const widths = shape.map(() => [draw.integer(0, 2), draw.integer(0, 2)] as const)
      return { inputs: [draw.floats(shape)], options: { widths, ...draw.one({}, { value: 1.5 }) } }
    }),
    apply: ([x], { widths, ...options }: { widths: (readonly [number, number])[]; value?: number }) =>
      pad(x, widths, options),
    definition: ([x], { widths, value = 0 }) =>
      build(
        x.shape.map((length, axis) => widths[axis]![0] + length + widths[axis]![1]),
        (index) => {
          const inner = index.map((one, axis) => one - widths[axis]![0])
          return inner.every((one, axis) => one >= 0 && one < x.shape[axis]!) ? x.data[place(x.shape, inner)]! : value
        },
      ),
  }),
} satisfies Record<string, Law>
