import { type AnyTensor, broadcastTo, type DType, reshape, tensor } from '@cotangent/core'
import { cast } from './index.ts'
import { at, build } from './laws/dense.ts'
import { calls, type Draw } from './laws/draw.ts'
import { elements } from './laws/elementwise.ts'
import { type Law, law } from './laws.ts'
import { expandDims, flatten, squeeze, transpose } from './movement.ts'

/** The lengths of `shape` cut into factors and multiplied together again in another way. */
function refolded(draw: Draw, shape: readonly number[]): number[] {
  const factors = shape.flatMap((length) => (length === 4 ? [2, 2] : [length]))
  const groups = Array.from({ length: draw.integer(factors.length === 0 ? 0 : 1, 3) }, () => 1)
  for (const factor of factors) groups[draw.integer(0, groups.length - 1)]! *= factor
  return groups
}

const DTYPES = ['float32', 'float64', 'int32', 'uint8', 'bool'] as const

/** Numbers that every dtype can be cast from. */
function castable(draw: Draw): AnyTensor {
  const shape = draw.shape()
  const dtype = draw.one(...DTYPES)
  if (dtype === 'bool') return draw.booleans(shape)
  if (dtype === 'uint8') return tensor(Uint8Array.from(draw.integers(shape, 0, 255).data), { shape })
  if (dtype === 'int32') return draw.integers(shape, -1000, 1000)
  const numbers = draw.floats(shape, { min: 0, max: 250 })
  return dtype === 'float64' ? numbers : tensor(Float32Array.from(numbers.data), { shape })
}

function castNumber(x: number, dtype: DType): number {
  if (dtype === 'float32') return Math.fround(x)
  if (dtype === 'int32') return Math.trunc(x)
  if (dtype === 'uint8') return ((Math.trunc(x) % 256) + 256) % 256
  return dtype === 'bool' ? Number(x !== 0) : x
}

export const laws = {
  reshape: law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const to = refolded(draw, shape)
      const inferred = draw.integer(-1, to.length - 1)
      const spare = to.some((length, axis) => axis !== inferred && length === 0)
      return {
        inputs: [draw.floats(shape)],
        options: { to, given: spare ? to : to.map((length, axis) => (axis === inferred ? -1 : length)) },
      }
    }),
    apply: ([x], { given }) => reshape(x, given),
    definition: ([x], { to }) => ({ shape: to, data: x.data }),
  }),
  flatten: law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const start = shape.length > 0 ? draw.one({}, { start: draw.axis(shape.length) }) : {}
      return { inputs: [draw.floats(shape)], options: start }
    }),
    apply: ([x], options: { start?: number }) => flatten(x, options),
    definition: ([x], { start = 0 }) => {
      const first = start < 0 ? start + x.shape.length : start
      return { shape: [...x.shape.slice(0, first), x.shape.slice(first).reduce((a, b) => a * b, 1)], data: x.data }
    },
  }),
  transpose: law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const permutation = draw.permutation(shape.length).map((axis) => axis - (draw.boolean() ? shape.length : 0))
      return { inputs: [draw.floats(shape)], options: draw.one({}, { permutation }) }
    }),
    apply: ([x], { permutation }: { permutation?: readonly number[] }) => transpose(x, permutation),
    definition: ([x], { permutation }) => {
      const rank = x.shape.length
      const axes = permutation?.map((axis) => (axis + rank) % rank) ?? [...x.shape.keys()].reverse()
      return build(
        axes.map((axis) => x.shape[axis]!),
        (index) =>
          at(
            x,
            x.shape.map((_, axis) => index[axes.indexOf(axis)]!),
          ),
      )
    },
  }),
  expandDims: law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const count = draw.integer(1, 2)
      const rank = shape.length + count
      const axes = draw.permutation(rank).slice(0, count)
      const axis = count === 1 && draw.boolean() ? axes[0]! - (draw.boolean() ? rank : 0) : axes
      return { inputs: [draw.floats(shape)], options: { axis } }
    }),
    apply: ([x], options: { axis: number | readonly number[] }) => expandDims(x, options),
    definition: ([x], { axis }) => {
      const given = [axis].flat()
      const rank = x.shape.length + given.length
      const places = given.map((one) => (one + rank) % rank)
      let from = 0
      return {
        shape: Array.from({ length: rank }, (_, one) => (places.includes(one) ? 1 : x.shape[from++]!)),
        data: x.data,
      }
    },
  }),
  squeeze: law({
    calls: calls((draw) => {
      const shape = draw.shape().map((length) => (draw.boolean() ? 1 : length))
      const ones = shape.flatMap((length, axis) => (length === 1 ? [axis] : []))
      const some = ones.filter(() => draw.boolean()).map((axis) => axis - (draw.boolean() ? shape.length : 0))
      return { inputs: [draw.floats(shape)], options: draw.one({}, { axis: some }) }
    }),
    apply: ([x], options: { axis?: readonly number[] }) => squeeze(x, options),
    definition: ([x], { axis }) => {
      const rank = x.shape.length
      const gone = axis?.map((one) => (one + rank) % rank)
      return { shape: x.shape.filter((length, one) => !(gone ? gone.includes(one) : length === 1)), data: x.data }
    },
  }),
  broadcastTo: law({
    calls: calls((draw) => {
      const shape = draw.shape()
      const source = shape.map((length) => (draw.boolean() ? 1 : length)).slice(draw.integer(0, shape.length))
      return { inputs: [draw.floats(source)], options: { shape } }
    }),
    apply: ([x], { shape }) => broadcastTo(x, shape),
    definition: ([x], { shape }) => build(shape, (index) => at(x, index)),
  }),
  cast: law({
    calls: calls((draw) => ({ inputs: [castable(draw)], options: { dtype: draw.one<DType>(...DTYPES) } })),
    apply: ([x], { dtype }) => cast(x, dtype),
    definition: ([x], { dtype }) => ({ shape: x.shape, data: x.data.map((one) => castNumber(one, dtype)) }),
    orders: 0,
    conventions: [
      {
        says: 'the gradient takes the dtype of the input',
        inputs: [elements(1.5, -2)],
        options: { dtype: 'float32' },
        value: [1.5, -2],
        gradients: [[1, 1]],
      },
      {
        says: 'no gradient flows through integers',
        inputs: [elements(1.5, -2)],
        options: { dtype: 'int32' },
        value: [1, -2],
        gradients: [[0, 0]],
      },
    ],
  }),
} satisfies Record<string, Law>
