import { v128 } from '../wasm/instructions.ts'
import { byShape, unary } from './code.ts'
import { exp } from './exponential.ts'
import type { Shape } from './lanes.ts'

/**
 * erf x = 2/√π ∫₀ˣ e^(−t²) dt, for all x; keeps the sign of zeros. float32 within 1.32 ulp, float64 within 1.45 ulp
 * (measured).
 *
 * Both branches for all lanes: x + x S(x²) below 1, else 1 − e^(−x²) T(q), q = (x − 2) / (x + 2). The exponential's
 * error hardly counts, as it is a small part of the result; a map of the half-line as q makes e^(x²) erfc x nearly a
 * polynomial (Shepherd and Laframboise, Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞, Mathematics of
 * Computation 36, 1981).
 */
export const erf = byShape((lanes) =>
  unary('erf', lanes, (x, code) => {
    const { float, shape } = lanes
    const { add, sub, mul, div } = float
    const { series, tail, end } = CONSTANTS[shape]
    const z = code.let('z', mul(x, x))
    const near = add(x, mul(x, code.polynomial(z, series)))
    const size = code.let('size', float.pmin(float.abs(x), code.splat(end)))
    const q = code.let('q', div(sub(size, code.splat(2)), add(size, code.splat(2))))
    const gaussian = code.call(exp[shape], { x: float.neg(mul(size, size)) })
    const one = code.let('one', code.splat(1))
    const far = sub(one, mul(gaussian, code.polynomial(q, tail)))
    return code.withSign(v128.bitselect(near, far, float.lt(size, one)), x)
  }),
)

interface Constants {
  /** erf x / x − 1 in powers of x², up to 1: derive/coefficients.py, errors of erf below 2^−29.6 and 2^−56.9. */
  readonly series: readonly number[]
  /** e^(x²) erfc x in powers of q, from 1 to the end: errors of erf below 2^−34.5 and 2^−60.5. */
  readonly tail: readonly number[]
  /** From here on erf rounds to 1. */
  readonly end: number
}

const CONSTANTS: { readonly [S in Shape]: Constants } = {
  f32x4: {
    series: [0.12837917, -0.37612626, 0.112835852, -0.026853813, 0.005188329, -0.0008010206, 7.8539025e-5],
    tail: [0.25539568, -0.42718585, 0.24165721, -0.078987436, 0.0037279361, 0.007210456],
    end: 4,
  },
  f64x2: {
    series: [
      0.12837916709551256, -0.3761263890318352, 0.11283791670944186, -0.02686617064311166, 0.005223977606119975,
      -0.0008548325929383313, 0.00012055293578874429, -1.4924712338451456e-5, 1.644713200421368e-6,
      -1.6206316956268093e-7, 1.3710993759088774e-8, -7.779492615401131e-10,
    ],
    tail: [
      0.25539567631050575, -0.42718584741395677, 0.24165819424246693, -0.07897858101645586, 0.0037328923985907913,
      0.006997461790088333, -0.0008471425725083289, -0.0009819765841374496, 4.353531334926234e-5, 0.000174287701132695,
      2.763088312501905e-5, -2.6587028099203782e-5, -1.262209522561202e-5,
    ],
    end: 6,
  },
}
