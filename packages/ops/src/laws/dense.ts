/** What definitions by loops are written with: indices, elements, broadcasting, and nothing of the project. */
import type { Dense } from '../laws.ts'

/** All indices of a shape in row-major order. */
export function indices(shape: readonly number[]): number[][] {
  let all: number[][] = [[]]
  for (const length of shape) all = all.flatMap((index) => Array.from({ length }, (_, last) => [...index, last]))
  return all
}

/** The array whose element at each index is `f(index)`. */
export const build = (shape: readonly number[], f: (index: readonly number[]) => number): Dense => ({
  shape,
  data: indices(shape).map(f),
})

/** The element at `index`, which may have more axes than `x`, or lie beyond axes of length 1: `x` is then repeated. */
export function at(x: Dense, index: readonly number[]): number {
  const lead = index.length - x.shape.length
  let place = 0
  x.shape.forEach((length, axis) => {
    place = place * length + (length === 1 ? 0 : index[lead + axis]!)
  })
  return x.data[place]!
}

export const broadcastShape = (...operands: readonly Dense[]): number[] => {
  const rank = Math.max(0, ...operands.map(({ shape }) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = operands.map(({ shape }) => shape[shape.length - rank + axis] ?? 1)
    return lengths.find((length) => length !== 1) ?? 1
  })
}

/** `f` of the operands' elements at each index they broadcast to. */
export const elementwise = (operands: readonly Dense[], f: (...elements: number[]) => number): Dense =>
  build(broadcastShape(...operands), (index) => f(...operands.map((operand) => at(operand, index))))

export interface Reduction {
  readonly axis?: number | readonly number[]
  readonly keepDims?: boolean
}

/** `f` of the elements over the axes that are folded away, in row-major order. */
export function fold(x: Dense, { axis, keepDims = false }: Reduction, f: (elements: number[]) => number): Dense {
  const rank = x.shape.length
  const named =
    axis === undefined ? x.shape.map((_, one) => one) : [axis].flat().map((one) => (one < 0 ? one + rank : one))
  const kept = x.shape.map((length, one) => (named.includes(one) ? 1 : length))
  const folded = x.shape.map((length, one) => (named.includes(one) ? length : 1))
  const data = indices(kept).map((index) =>
    f(
      indices(folded).map(
        (inner) =>
          x.data[
            place(
              x.shape,
              index.map((one, at) => one + inner[at]!),
            )
          ]!,
      ),
    ),
  )
  return { shape: keepDims ? kept : x.shape.filter((_, one) => !named.includes(one)), data }
}

/** `x` with each line along `axis` replaced by `f` of it. */
export function alongAxis(x: Dense, axis: number, f: (line: number[]) => number[]): Dense {
  const along = axis < 0 ? axis + x.shape.length : axis
  const data = new Array<number>(x.data.length)
  for (const index of indices(x.shape.map((length, one) => (one === along ? 1 : length)))) {
    const places = Array.from({ length: x.shape[along]! }, (_, step) =>
      place(
        x.shape,
        index.map((one, at) => (at === along ? step : one)),
      ),
    )
    f(places.map((one) => x.data[one]!)).forEach((value, step) => {
      data[places[step]!] = value
    })
  }
  return { shape: x.shape, data }
}

/** Where the element at `index` stands in row-major order. */
export const place = (shape: readonly number[], index: readonly number[]): number =>
  shape.reduce((sum, length, axis) => sum * length + index[axis]!, 0)

export const total = (elements: readonly number[]): number => elements.reduce((sum, element) => sum + element, 0)
