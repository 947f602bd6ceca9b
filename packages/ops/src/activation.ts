import { add, type DType, map, mul, type Tensor, type TensorLike } from '@cotangent/core'
import { sub } from './arithmetic.ts'
import { greater, lessEqual, where } from './compare.ts'
import { asFloat, checkNumbers, floatFunction } from './elementwise.ts'
import { exp, expm1 } from './exponential.ts'
import { neg } from './sign.ts'

/**
 * Elementwise logistic function 1 / (1 + e⁻ˣ), without overflow for any x.
 *
 * @example
 * sigmoid(tensor([0, 1e4, -1e4])) // [0.5 1.  0. ]
 */
export const sigmoid = floatFunction({
  name: 'sigmoid',
  // With e = e^(−|x|) ≤ 1: 1 / (1 + e) for x ≥ 0, e / (1 + e) below.
  kernel: map((x) => {
    const e = x.abs().neg().exp()
    return x.less(0).select(e, 1).div(e.add(1))
  }),
  vjp: [(g, _, y) => mul(g, mul(y, sub(1, y)))],
})

/**
 * Elementwise max(x, 0); the derivative at 0 is 0, and NaN stays NaN.
 *
 * @example
 * relu(tensor([-1, 2])) // [0. 2.]
 */
export function relu<D extends DType>(x: Tensor<D>): Tensor<D> {
  checkNumbers('relu', x)
  return where(lessEqual(x, 0), 0, x) as Tensor<D>
}

/**
 * Elementwise x for x > 0, else slope · x (Maas, Hannun, Ng, 2013); the derivative at 0 is the slope.
 *
 * @example
 * leakyRelu(tensor([-1, 2]), { slope: 0.1 }) // [-0.1  2. ]
 */
export function leakyRelu<T extends TensorLike>(x: T, { slope = 0.01 }: { readonly slope?: number } = {}) {
  const value = asFloat('leakyRelu', x)
  return where(lessEqual(value, 0), mul(value, slope), value) as typeof value
}

/**
 * Elementwise x for x > 0, else eˣ − 1 (Clevert, Unterthiner, Hochreiter, 2016).
 *
 * @example
 * elu(tensor([-1, 2])) // [-0.63212055  2.        ]
 */
export function elu<T extends TensorLike>(x: T) {
  const value = asFloat('elu', x)
  const positive = greater(value, 0)
  // The side not chosen is kept at 0: e^x of a large x would be infinite.
  return where(positive, value, expm1(where(positive, 0, value))) as typeof value
}

/**
 * Elementwise x · sigmoid(x), also called swish (Elfwing, Uchibe, Doya, 2018).
 *
 * @example
 * silu(tensor([0, 1])) // [0.        0.7310586]
 */
export const silu = <T extends TensorLike>(x: T) => mul(asFloat('silu', x), sigmoid(x))

/**
 * Elementwise x · Φ(x), with the normal distribution function Φ in its exact form by erf (Hendrycks, Gimpel, 2016).
 *
 * @example
 * gelu(tensor([0, 1])) // [0.        0.8413447]
 */
export function gelu<T extends TensorLike>(x: T) {
  const value = asFloat('gelu', x)
  return mul(mul(value, 0.5), add(erf(mul(value, Math.SQRT1_2)), 1))
}

/**
 * Elementwise log(1 + eˣ), without overflow for any x.
 *
 * @example
 * softplus(tensor([0, 100])) // [  0.6931472 100.       ]
 */
export const softplus = floatFunction({
  name: 'softplus',
  // max(x, 0) + log(1 + e^(−|x|))
  kernel: map((x) => x.maximum(0).add(x.abs().neg().exp().log1p())),
  vjp: [(g, [x]) => mul(g, sigmoid(x))],
})

/**
 * Elementwise error function 2/√π ∫₀ˣ e^(−t²) dt.
 *
 * @example
 * erf(tensor([0, 1])) // [0.        0.8427008]
 */
export const erf = floatFunction({
  name: 'erf',
  kernel: map((x) => x.erf()),
  vjp: [(g, [x]) => mul(mul(g, 2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x))))],
})
