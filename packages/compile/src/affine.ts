import { type Shape, stridesOf, type View } from '@cotangent/core'

/** A place as a function of loop counters: `base` plus a coefficient times each counter. */
export interface Affine {
  readonly base: number
  /** One an axis of the loop nest. */
  readonly by: readonly number[]
}

/** The counter of one axis of a nest of `rank` loops. */
export const counter = (axis: number, rank: number): Affine => ({
  base: 0,
  by: Array.from({ length: rank }, (_, at) => (at === axis ? 1 : 0)),
})

export const fixed = (base: number, rank: number): Affine => ({ base, by: new Array<number>(rank).fill(0) })

/** base + Σ factor · term. */
export function combine(
  base: number,
  rank: number,
  terms: readonly (readonly [factor: number, term: Affine])[],
): Affine {
  const by = new Array<number>(rank).fill(0)
  let total = base
  for (const [factor, term] of terms) {
    total += factor * term.base
    term.by.forEach((coefficient, axis) => {
      by[axis]! += factor * coefficient
    })
  }
  return { base: total, by }
}

/** The place of an element in memory: how far each of its coordinates reaches, from `base` on. */
export const located = (strides: readonly number[], coordinates: readonly Affine[], rank: number, base = 0): Affine =>
  combine(
    base,
    rank,
    coordinates.map((coordinate, axis) => [strides[axis]!, coordinate]),
  )

/** The place in a row-major tensor of `shape` whose axes are the first loops of `rank`. */
export const rowMajor = (shape: Shape, rank: number): Affine =>
  located(
    stridesOf(shape),
    shape.map((_, axis) => counter(axis, rank)),
    rank,
  )

/** The coordinates in a view's source of the element at these coordinates of the view. */
export const throughView = (view: View, coordinates: readonly Affine[], rank: number): readonly Affine[] =>
  view.source.map((_, axis) =>
    combine(
      view.start[axis]!,
      rank,
      view.axes.flatMap(({ source, step }, at) => (source === axis ? [[step, coordinates[at]!] as const] : [])),
    ),
  )

/** The least and the greatest value over all counters of the given lengths. */
export function rangeOf({ base, by }: Affine, lengths: readonly number[]): readonly [number, number] {
  let low = base
  let high = base
  by.forEach((coefficient, axis) => {
    const reach = coefficient * Math.max(0, lengths[axis]! - 1)
    if (reach < 0) low += reach
    else high += reach
  })
  return [low, high]
}

export const sameAffine = (a: Affine, b: Affine): boolean =>
  a.base === b.base && a.by.every((one, axis) => one === b.by[axis])
