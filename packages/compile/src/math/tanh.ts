import { v128 } from '../wasm/instructions.ts'
import { type ByShape, type UnaryFunc, unary } from './code.ts'
import { lessOne, reduce } from './exponential.ts'
import { four, two } from './lanes.ts'

/** Below 5/8, (tanh x − x) / x³ in powers of x²: derive/coefficients.py, error of tanh below 2^−27.7. */
const SERIES = [-0.333332825, 0.13331453, -0.053740437, 0.020641104, -0.005706973]

/** From here on float32 rounds tanh to 1. */
const ONE_32 = 10

/**
 * Both branches for all lanes: x + x³ P(x²) below 5/8, else 1 − 2 / (e^2x + 1), where e^2x = 2ⁿ (c + r) / (c − r) with
 * c = r coth(r/2) is divided only once.
 */
const tanh32 = unary('tanh', four, (x, code) => {
  const { float, int, fraction } = four
  const { add, sub, mul, div } = float
  const size = code.let('size', float.pmin(float.abs(x), code.splat(ONE_32)))
  const { n, r, w } = reduce(code.let('twice', add(size, size)), code)
  const one = code.let('one', code.splat(1))
  const power = int.add(int.shl(n, fraction), one)
  const c = code.let('c', add(w, code.splat(2)))
  const below = code.let('below', sub(c, r))
  const far = sub(one, div(add(below, below), add(below, mul(power, add(c, r)))))
  const z = code.let('z', mul(size, size))
  const near = add(size, mul(mul(size, z), code.polynomial(z, SERIES)))
  return code.withSign(v128.bitselect(near, far, float.lt(size, code.splat(5 / 8))), x)
})

/** From here on float64 rounds tanh to 1. */
const ONE_64 = 20

/** t / (t + 2) with t = e^2x − 1 = 2ⁿ (e^r − 1) + (2ⁿ − 1). */
const tanh64 = unary('tanh', two, (x, code) => {
  const { float, int, fraction } = two
  const { add, sub, mul, div } = float
  const size = code.let('size', float.pmin(float.abs(x), code.splat(ONE_64)))
  const reduced = reduce(code.let('twice', add(size, size)), code)
  const one = code.let('one', code.splat(1))
  const power = code.let('power', int.add(int.shl(reduced.n, fraction), one))
  const t = code.let('t', add(mul(power, lessOne(reduced, code)), sub(power, one)))
  return code.withSign(div(t, add(t, code.splat(2))), x)
})

/** tanh x, for all x; keeps the sign of zeros. float32 within 1.51 ulp, float64 within 2.6 ulp (measured). */
export const tanh: ByShape<UnaryFunc> = { f32x4: tanh32, f64x2: tanh64 }
