import { embedding, oneHot, scatterAdd, take, takeAlongAxis } from './gather.ts'
import { at, build, indices, place } from './laws/dense.ts'
import { calls, type Draw, filled } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'

interface Along {
  readonly axis?: number
}

/** A tensor with an axis to take from, that has elements, and indices into it. */
function gathering(draw: Draw) {
  const shape = draw.shape({ minRank: 1 })
  const axis = draw.axis(shape.length)
  const along = (axis + shape.length) % shape.length
  if (shape[along] === 0) shape[along] = 1
  const places = draw.integers(draw.shape({ maxRank: 2 }), 0, shape[along]! - 1)
  const options: Along = along === 0 ? draw.one({ axis }, {}) : { axis }
  return { shape, along, places, options }
}

/** Where an index into what is taken along `axis` lies in the source, and in the indices. */
function traced(index: readonly number[], axis: number, places: Dense): number[] {
  const rank = places.shape.length
  const step = places.data[place(places.shape, index.slice(axis, axis + rank))]!
  return [...index.slice(0, axis), step, ...index.slice(axis + rank)]
}

const takenShape = (x: Dense, axis: number, places: Dense): number[] => [
  ...x.shape.slice(0, axis),
  ...places.shape,
  ...x.shape.slice(axis + 1),
]

export const laws = {
  take: law({
    calls: calls((draw) => {
      const { shape, places, options } = gathering(draw)
      return { inputs: [draw.floats(shape), places], options }
    }),
    apply: ([x, places], options: Along) => take(x, places, options),
    definition: ([x, places], { axis = 0 }) => {
      const along = (axis + x.shape.length) % x.shape.length
      return build(takenShape(x, along, places), (index) => x.data[place(x.shape, traced(index, along, places))]!)
    },
  }),
  embedding: law({
    calls: calls((draw) => {
      const [count, width] = [draw.integer(1, 4), draw.length(4)]
      return {
        inputs: [draw.floats([count, width]), draw.integers(draw.shape({ maxRank: 2 }), 0, count - 1)],
        options: undefined,
      }
    }),
    apply: ([table, rows]) => embedding(table, rows),
    definition: ([table, rows]) => {
      const width = table.shape[1]!
      return {
        shape: [...rows.shape, width],
        data: rows.data.flatMap((row) => table.data.slice(row * width, (row + 1) * width)),
      }
    },
  }),
  takeAlongAxis: law({
    calls: calls((draw) => {
      const given = draw.shape({ minRank: 1 })
      const axis = draw.axis(given.length)
      const along = (axis + given.length) % given.length
      const shape = filled(given, along)
      const repeat = () => shape.map((length, one) => (one !== along && draw.integer(0, 3) === 3 ? 1 : length))
      const places = repeat()
      places[along] = draw.integer(0, 3)
      return { inputs: [draw.floats(repeat()), draw.integers(places, 0, shape[along]! - 1)], options: { axis } }
    }),
    apply: ([x, places], options) => takeAlongAxis(x, places, options),
    definition: ([x, places], { axis }) => {
      const along = (axis + x.shape.length) % x.shape.length
      const shape = x.shape.map((length, one) => (one === along || length === 1 ? places.shape[one]! : length))
      return build(shape, (index) => {
        const step = at(places, index)
        const inner = index.map((one, other) => (other === along ? step : x.shape[other] === 1 ? 0 : one))
        return x.data[place(x.shape, inner)]!
      })
    },
  }),
  scatterAdd: law({
    calls: calls((draw) => {
      const { shape, along, places, options } = gathering(draw)
      const updates = [...shape.slice(0, along), ...places.shape, ...shape.slice(along + 1)]
      return { inputs: [draw.floats(shape), places, draw.floats(updates)], options }
    }),
    apply: ([x, places, updates], options: Along) => scatterAdd(x, places, updates, options),
    definition: ([x, places, updates], { axis = 0 }) => {
      const along = (axis + x.shape.length) % x.shape.length
      const data = [...x.data]
      for (const index of indices(updates.shape)) {
        data[place(x.shape, traced(index, along, places))]! += updates.data[place(updates.shape, index)]!
      }
      return { shape: x.shape, data }
    },
  }),
  oneHot: law({
    calls: calls((draw) => {
      const classes = draw.integer(1, 5)
      return {
        inputs: [draw.integers(draw.shape({ maxRank: 2 }), 0, classes - 1)],
        options: { classes, ...draw.one({}, { dtype: 'float64' }, { dtype: 'int32' }) },
      }
    }),
    apply: ([places], options: { classes: number; dtype?: 'float64' | 'int32' }) => oneHot(places, options),
    definition: ([places], { classes }) =>
      build([...places.shape, classes], (index) => Number(at(places, index.slice(0, -1)) === index.at(-1))),
    orders: 0,
  }),
} satisfies Record<string, Law>
