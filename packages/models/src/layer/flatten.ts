import { reshape, sizeOf } from '@cotangent/core'
import { kindOf } from '../kind.ts'
import { type Layer, layerOf, type ShapeRule } from '../layer.ts'
import type { SizeOf } from '../shape.ts'

/** Any shape to [size]. */
export interface Flatten extends ShapeRule {
  readonly output: this['input'] extends readonly unknown[] ? [SizeOf<this['input']>] : never
}

/**
 * All elements of a sample in one axis: [channels, height, width] to [channels · height · width].
 *
 * @example
 * layer.flatten()
 */
export const flatten = (): Layer<Flatten> => layerOf(flattenKind, {})

export const flattenKind = kindOf({
  name: 'flatten',
  options: () => ({}),
  output: (input) => [sizeOf(input)],
  apply: (x) => reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]),
})
