import { ifValue } from '../wasm/control.ts'
import type { Node } from '../wasm/node.ts'
import { byShape, type Code, unary, type Vector } from './code.ts'
import type { Shape } from './lanes.ts'

/**
 * e^x, for all x; subnormal results are rounded once. float32 within 1.01 ulp, float64 within 1 ulp (measured).
 *
 * With x = n ln 2 + r, |r| ≤ ln 2 / 2, e^x is 2ⁿ e^r (Cody and Waite, Software Manual for the Elementary Functions,
 * 1980), and e^r comes from the even function r coth(r/2), as in fdlibm's e_exp.c. Where all lanes have normal results
 * the exponent is added to the bits.
 */
export const exp = byShape((lanes) =>
  unary('exp', lanes, (x, code) => {
    const { float, int, shape, fraction } = lanes
    const normal = float.lt(float.mul(x, x), code.splat(CONSTANTS[shape].normal ** 2))
    return ifValue(
      code.every(normal),
      code.block((code) => {
        const reduced = reduce(x, code)
        const power = float.add(lessOne(reduced, code), code.splat(1))
        return int.add(power, int.shl(reduced.n, fraction))
      }),
      code.call(extremeExp[shape], { x }),
    )
  }),
)

/** The same bits where the result is normal, and all other results. */
const extremeExp = byShape((lanes) => unary('exp.extreme', lanes, exponential))

/**
 * e^x − 1, for all x; of small x it is x, signed zeros included. float32 within 1.73 ulp, float64 within 2.1 ulp
 * (measured).
 *
 * Reduced like exp; the result is 2ⁿ ((e^r − 1) + (1 − 2⁻ⁿ)).
 */
export const expm1 = byShape((lanes) =>
  unary('expm1', lanes, (x, code) => {
    const { float, int, shape, fraction, bias } = lanes
    const { range, negligible } = CONSTANTS[shape]
    const y = code.let('y', float.pmin(float.pmax(x, code.splat(-negligible)), code.splat(range[1])))
    const reduced = reduce(y, code)
    const q = code.let('q', lessOne(reduced, code))
    // Twice that times 2ⁿ⁻¹, since 2ⁿ overflows where the result may not.
    const power = int.shl(int.add(reduced.n, code.splatBits(BigInt(bias - 1))), fraction)
    const inverse = int.shl(int.sub(code.splatBits(BigInt(bias + 1)), reduced.n), fraction)
    const twice = float.add(float.add(q, q), float.sub(code.splat(2), inverse))
    return code.withSign(float.mul(twice, power), x)
  }),
)

/** e^(x + tail) for any x, where |tail| is far below 1. */
export function exponential(x: Vector, code: Code, tail?: Vector): Node<'v128'> {
  const { float, int, shape, fraction, bias } = code.lanes
  const [lowest, highest] = CONSTANTS[shape].range
  const y = code.let('y', float.pmin(float.pmax(x, code.splat(lowest)), code.splat(highest)))
  const reduced = reduce(y, code, tail)
  const power = float.add(lessOne(reduced, code), code.splat(1))
  // Times 2ⁿ in two steps, of which only the second can round. With twice the bias n is positive, so that a logical
  // shift halves it.
  const exponent = code.let('exponent', int.add(reduced.n, code.splatBits(BigInt(2 * bias))))
  const half = code.let('half', int.shr_u(int.shl(exponent, fraction), fraction + 1))
  const first = float.mul(power, int.shl(half, fraction))
  return float.mul(first, int.shl(int.sub(exponent, half), fraction))
}

/** x = n ln 2 + r */
interface Reduced {
  /** An integer in the low bits of each lane; the bits above it are to be shifted out. */
  readonly n: Vector
  readonly r: Vector
  /** r coth(r/2) − 2, with which e^r = (2 + w + r) / (2 + w − r) */
  readonly w: Vector
}

export function reduce(x: Vector, code: Code, tail?: Vector): Reduced {
  const { float, shape, fraction } = code.lanes
  const { add, sub, mul } = float
  const { ln2, coth } = CONSTANTS[shape]
  // Added to this number, another one is rounded to an integer, which stands in the low bits.
  const round = code.let('round', code.splat(1.5 * 2 ** fraction))
  const n = code.let('n', add(mul(x, code.splat(Math.LOG2E)), round))
  const whole = code.let('whole', sub(n, round))
  const small = mul(whole, code.splat(ln2[1]))
  const r = code.let('r', sub(sub(x, mul(whole, code.splat(ln2[0]))), tail ? sub(small, tail) : small))
  const z = code.let('z', mul(r, r))
  const w = code.let('w', mul(z, code.polynomial(z, coth)))
  return { n, r, w }
}

/** e^r − 1 as r + r s / (2 − s) with s = r − w, which rounds less than 2r / (2 + w − r). */
export function lessOne({ r, w }: Reduced, code: Code): Node<'v128'> {
  const { add, sub, mul, div } = code.lanes.float
  const s = code.let('s', sub(r, w))
  return add(r, div(mul(r, s), sub(code.splat(2), s)))
}

interface Constants {
  /** ln 2 in two parts, the first with so few bits that its products with exponents are exact. */
  readonly ln2: readonly [number, number]
  /** (r coth(r/2) − 2) / r² in powers of r²: derive/coefficients.py, errors of e^r − 1 below 2^−28.9 and 2^−60.1. */
  readonly coth: readonly number[]
  /** |x| below which e^x and e^−x are normal numbers. */
  readonly normal: number
  /** Where e^x rounds to 0, and to infinity. */
  readonly range: readonly [number, number]
  /** From here on e^−x − 1 rounds to −1. */
  readonly negligible: number
}

const CONSTANTS: { readonly [S in Shape]: Constants } = {
  f32x4: {
    ln2: [0.693359375, -2.1219444005469057e-4],
    coth: [0.16666627, -0.002766839],
    normal: 87,
    range: [-104, 88.9],
    negligible: 20,
  },
  f64x2: {
    ln2: [0.6931471803691238, 1.9082149292705877e-10],
    coth: [
      0.16666666666666605, -0.0027777777777038956, 6.613756326883313e-5, -1.6533907239746787e-6, 4.138297732733585e-8,
    ],
    normal: 708,
    range: [-746, 710],
    negligible: 40,
  },
}
