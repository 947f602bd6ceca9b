import { sizeOf } from '@cotangent/core'
import type { GraphNode } from '../graph.ts'
import type { PooledFilters } from '../plan-kernels.ts'
import { gradientByFilters, imageWindows } from './images.ts'
import { poolingGradient } from './maxPool.ts'
import type { Rewriting } from './rewriting.ts'

/** Fewer filters are not worth putting windows side by side for. */
const FEWEST_FILTERS = 8

/** Most bytes of all that the convolution looks at for one row of pooling windows: they are side by side in memory. */
const MOST_BYTES = 1 << 19

/**
 * A contraction of a convolution's windows with the gradient of max-pooling, over images and places, in float32: of each pooling
 * window one place has a cotangent, all others are 0.
 */
export function pooledFilters(node: GraphNode, rewriting: Rewriting): number | undefined {
  const found = imageWindows(node, rewriting)
  if (found === undefined || node.dtype !== 'float32' || node.origin.from !== 'kernel') return undefined
  const { contraction, labels } = found
  const { side, other, windowLabels, view } = contraction
  // Zero times what is not finite is NaN: that is looked for in images, not around them.
  if (!Number.isFinite(Math.fround(view.fill))) return undefined
  const [gradient, pooling] = [gradientByFilters(found), poolingGradient(other, rewriting)]
  if (gradient === undefined || pooling === undefined) return undefined
  const { n, c, h, w } = gradient.cotangents
  const { shape, axes } = pooling.view
  const [, filters, , columns, high, wide] = shape as readonly [number, number, number, number, number, number]
  // Pooling's windows are [n, filter, row, column, row in the window, column in it], and these are neighbours.
  const neighbours = [
    [n, 1],
    [c, 1],
    [h, high],
    [w, wide],
    [h, 1],
    [w, 1],
  ]
  if (axes.map(({ source, step }) => [source, step]).join() !== neighbours.join()) return undefined
  const looked = 4 * high * wide * columns * (sizeOf(node.shape) / filters)
  if (filters < FEWEST_FILTERS || looked > MOST_BYTES) return undefined
  const axisOf = (label: number) => windowLabels.indexOf(label)
  const kernel: PooledFilters = {
    family: 'pooledFilters',
    windows: {
      n: axisOf(labels.n),
      c: axisOf(labels.c),
      places: [axisOf(labels.places[0]), axisOf(labels.places[1])],
      taps: [axisOf(labels.taps[0]), axisOf(labels.taps[1])],
    },
    pool: [high, wide],
    out: gradient.out,
  }
  const inputs = [node.origin.inputs[side]!, pooling.numbers, pooling.cotangents]
  return rewriting.put({ ...node, origin: { ...node.origin, kernel, inputs } })
}
