import { shapeText } from '@cotangent/core'
import { add, matmul } from '@cotangent/ops'
import * as init from '../init.ts'
import { checkInitializer, type Initializer, type Parameter } from '../initializer.ts'
import { kindOf } from '../kind.ts'
import { type Layer, layerOf, type ShapeRule } from '../layer.ts'
import { integerOption } from '../option.ts'
import type { ShapeText, UnknownRank } from '../shape.ts'

export interface DenseOptions {
  /** How W, [inputs, units], starts. Default: `init.he()`. */
  readonly weight?: Initializer
  /** How b, [units], starts; `false` for none. Default: `init.zeros()`. */
  readonly bias?: Initializer | false
}

/** [inputs] to [units]. */
export interface Dense<Units extends number> extends ShapeRule {
  readonly output: DenseShape<this['input'], Units>
}

type DenseShape<S, Units> = S extends readonly [unknown]
  ? [Units]
  : UnknownRank<S> extends true
    ? [Units]
    : `dense: needs a flat input, got ${ShapeText<S>}; put layer.flatten() before it`

/**
 * A fully connected layer, x · W + b: [inputs] to [units].
 *
 * @throws ValueError for a number of units that is not a positive integer.
 * @example
 * layer.dense(50, { weight: init.normal(0.01) })
 */
export const dense = <const Units extends number>(units: Units, options: DenseOptions = {}): Layer<Dense<Units>> =>
  layerOf(denseKind, { ...options, units })

export const denseKind = kindOf({
  name: 'dense',
  options: ({ units, weight = init.he(), bias = init.zeros() }: DenseOptions & { readonly units: number }) => ({
    units: integerOption('dense', 'units', units),
    weight: checkInitializer('dense', 'weight', weight),
    bias: bias && checkInitializer('dense', 'bias', bias),
  }),
  output: (input, { units }) =>
    input.length === 1 ? [units] : `dense: needs a flat input, got ${shapeText(input)}; put layer.flatten() before it`,
  parameters: ([inputs = 0], { units, weight, bias }): { W: Parameter; b?: Parameter } => ({
    W: { shape: [inputs, units], initializer: weight, fans: { in: inputs, out: units }, decays: true },
    ...(bias && { b: { shape: [units], initializer: bias } }),
  }),
  apply: (x, { params: { W, b } }) => (b ? add(matmul(x, W), b) : matmul(x, W)),
  multiplyAdds: ([inputs = 0], [units = 0]) => inputs * units,
})
