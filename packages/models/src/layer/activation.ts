import type { Tensor } from '@cotangent/core'
import * as ops from '@cotangent/ops'
import { kindOf } from '../kind.ts'
import { type Layer, type LayerKind, layerOf, type SameShape } from '../layer.ts'
import { numberOption } from '../option.ts'

/** max(x, 0), element by element. */
export const relu = (): Layer<SameShape> => layerOf(reluKind, {})

/** 1 / (1 + e⁻ˣ), element by element. */
export const sigmoid = (): Layer<SameShape> => layerOf(sigmoidKind, {})

/** The hyperbolic tangent, element by element. */
export const tanh = (): Layer<SameShape> => layerOf(tanhKind, {})

/** x · Φ(x) with the normal distribution function Φ, element by element (Hendrycks and Gimpel, 2016). */
export const gelu = (): Layer<SameShape> => layerOf(geluKind, {})

/** x for x > 0, else eˣ − 1, element by element (Clevert, Unterthiner and Hochreiter, 2016). */
export const elu = (): Layer<SameShape> => layerOf(eluKind, {})

/** x · sigmoid(x), element by element (Elfwing, Uchibe and Doya, 2018). */
export const silu = (): Layer<SameShape> => layerOf(siluKind, {})

/** log(1 + eˣ), element by element. */
export const softplus = (): Layer<SameShape> => layerOf(softplusKind, {})

/** x for x > 0, else slope · x, element by element. */
export const leakyRelu = (options: { /** Default: 0.01. */ readonly slope?: number } = {}): Layer<SameShape> =>
  layerOf(leakyReluKind, options)

const reluKind = activation('relu', ops.relu)
const sigmoidKind = activation('sigmoid', ops.sigmoid)
const tanhKind = activation('tanh', ops.tanh)
const geluKind = activation('gelu', ops.gelu)
const eluKind = activation('elu', ops.elu)
const siluKind = activation('silu', ops.silu)
const softplusKind = activation('softplus', ops.softplus)

const leakyReluKind = kindOf({
  name: 'leakyRelu',
  options: ({ slope = 0.01 }: { readonly slope?: number }) => ({
    slope: numberOption('leakyRelu', 'slope', slope, { low: 0 }),
  }),
  output: (input) => input,
  apply: (x, { options }) => ops.leakyRelu(x, options),
})

export const activationKinds: readonly LayerKind[] = [
  reluKind,
  sigmoidKind,
  tanhKind,
  geluKind,
  eluKind,
  siluKind,
  softplusKind,
  leakyReluKind,
]

function activation(name: string, f: (x: Tensor) => Tensor): LayerKind {
  return kindOf({ name, options: () => ({}), output: (input) => input, apply: (x) => f(x) })
}
