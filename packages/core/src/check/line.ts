import { type Tensor, tensor } from '../tensor.ts'
import { flatOutputs, type Problem } from './problem.ts'

/** The outputs of a function at distance `t` from a point, along a line through it. */
export type Line = (t: number) => Float64Array

/** How many roundings of the size of its outputs a function may make on the way to them. */
export const ROUNDINGS = 4

/** A direction in one leaf: an element alone, or a vector over all elements. */
export type Direction = number | Float64Array

/** The line through the point of `problem` along `direction` in the leaf numbered `which`. */
export function lineAlong(problem: Problem, which: number, direction: Direction): Line {
  const point = problem.leaves.map((leaf) => leaf.tensor)
  const { data, shape } = point[which]!
  const values = Float64Array.from(data)
  return (t) => {
    const moved: Tensor = tensor(movedBy(values, direction, t), { shape, adopt: true })
    return flatOutputs(problem, point.with(which, moved))
  }
}

function movedBy(values: Float64Array, direction: Direction, t: number): Float64Array {
  if (typeof direction !== 'number') return values.map((value, index) => value + t * direction[index]!)
  const moved = values.slice()
  moved[direction]! += t
  return moved
}
