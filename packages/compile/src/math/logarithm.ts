import { ifValue } from '../wasm/control.ts'
import { v128 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'
import { byShape, type Code, unary, type Vector } from './code.ts'
import type { Shape } from './lanes.ts'

/**
 * ln x, of subnormal x too; −∞ of both zeros, NaN below them. float32 within 0.84 ulp, float64 within 0.85 ulp
 * (measured).
 *
 * With x = 2ᵏ (1 + f), √½ ≤ 1 + f < √2, and s = f / (2 + f), ln(1 + f) = 2 artanh s, added up as in fdlibm's e_log.c.
 */
export const log = byShape((lanes) =>
  unary('log', lanes, (x, code) => {
    const { float, shape } = lanes
    const { least, largest } = CONSTANTS[shape]
    const normal = v128.and(float.ge(x, code.splat(least)), float.le(x, code.splat(largest)))
    return ifValue(
      code.every(normal),
      code.block((code) => {
        const { k, m } = split(x, code)
        return logarithm(code.let('f', float.sub(m, code.splat(1))), k, code)
      }),
      code.call(extremeLog[shape], { x }),
    )
  }),
)

/** The same bits of positive normal x, and the values of all other x. */
const extremeLog = byShape((lanes) =>
  unary('log.extreme', lanes, (x, code) => {
    const { float } = lanes
    const { k, m } = splitAny(x, code)
    const f = code.let('f', float.sub(m, code.splat(1)))
    return outside(x, logarithm(f, k, code), code)
  }),
)

/**
 * ln(1 + x); −∞ of −1, NaN below it, and of small x it is x, signed zeros included. float32 within 0.85 ulp, float64
 * within 0.85 ulp (measured).
 *
 * As ln u with u the rounded 1 + x, except that f = x where k = 0, and that elsewhere what the rounding lost is added:
 * fdlibm's s_log1p.c.
 */
export const log1p = byShape((lanes) =>
  unary('log1p', lanes, (x, code) => {
    const { float, shape } = lanes
    const { sub, add, div } = float
    const one = code.let('one', code.splat(1))
    const u = code.let('u', add(one, x))
    const { k, m } = split(u, code)
    const near = code.let('near', float.eq(k, code.splat(0)))
    const f = code.let('f', v128.bitselect(x, sub(m, one), near))
    // Knuth's two-sum: The Art of Computer Programming, volume 2, 4.2.2, theorem B.
    const back = code.let('back', sub(u, one))
    const lost = add(sub(one, sub(u, back)), sub(x, back))
    const correction = v128.andnot(div(lost, u), near)
    const result = code.let('result', code.withSign(logarithm(f, k, code, correction), x))
    const normal = v128.and(float.gt(x, code.splat(-1)), float.le(x, code.splat(CONSTANTS[shape].largest)))
    return ifValue(
      code.every(normal),
      result,
      code.block((code) => outside(u, result.get, code)),
    )
  }),
)

/** x = 2ᵏ m with √½ ≤ m < √2; k is an integer as a float. */
interface Split {
  readonly k: Vector
  readonly m: Vector
}

/** Splits positive normal x. */
export function split(x: Vector, code: Code): Split {
  const { float, int, shape, fraction, bias } = code.lanes
  const { rootHalf, one } = CONSTANTS[shape]
  // Over the exponent of 1, m begins at √½: the difference carries into the exponent from √2 on.
  const bits = code.let('bits', int.add(x, code.splatBits(one - rootHalf)))
  const m = int.add(v128.and(bits, code.splatBits((1n << BigInt(fraction)) - 1n)), code.splatBits(rootHalf))
  // An integer in the low bits of 2^fraction is added to it.
  const exponent = v128.or(int.shr_u(bits, fraction), code.splat(2 ** fraction))
  return { k: code.let('k', float.sub(exponent, code.splat(2 ** fraction + bias))), m: code.let('m', m) }
}

/** Splits positive finite x. */
export function splitAny(x: Vector, code: Code): Split {
  const { float, shape, fraction } = code.lanes
  const subnormal = code.let('subnormal', float.lt(x, code.splat(CONSTANTS[shape].least)))
  const scaled = float.mul(x, code.splat(2 ** (fraction + 1)))
  const { k, m } = split(code.let('normal', v128.bitselect(scaled, x, subnormal)), code)
  return { k: code.let('k', float.sub(k, v128.and(subnormal, code.splat(fraction + 1)))), m }
}

/** ln(1 + f) + k ln 2 + correction */
function logarithm(f: Vector, k: Vector, code: Code, correction?: Node<'v128'>): Node<'v128'> {
  const { float, shape } = code.lanes
  const { add, sub, mul, div } = float
  const { ln2, artanh } = CONSTANTS[shape]
  const s = code.let('s', div(f, add(f, code.splat(2))))
  const z = code.let('z', mul(s, s))
  const half = code.let('half', mul(mul(f, f), code.splat(0.5)))
  const low = mul(k, code.splat(ln2[1]))
  const curve = mul(s, add(half, mul(z, code.polynomial(z, artanh))))
  const small = add(curve, correction ? add(low, correction) : low)
  return add(add(sub(small, half), f), mul(k, code.splat(ln2[0])))
}

/** The result of ln x where x is positive and finite; else −∞ of zeros, ∞ of ∞, NaN. */
function outside(x: Vector, result: Node<'v128'>, code: Code): Node<'v128'> {
  const { float } = code.lanes
  const zero = code.let('zero', code.splat(0))
  const infinity = code.let('infinity', code.splat(Number.POSITIVE_INFINITY))
  const ofZero = v128.bitselect(code.splat(Number.NEGATIVE_INFINITY), result, float.eq(x, zero))
  const ofInfinity = v128.bitselect(infinity, ofZero, float.eq(x, infinity))
  return v128.bitselect(ofInfinity, code.splat(Number.NaN), float.ge(x, zero))
}

interface Constants {
  /** ln 2 in two parts, the first with so few bits that its products with exponents are exact. */
  readonly ln2: readonly [number, number]
  /** (2 artanh s − 2s) / s³ in powers of s²: derive/coefficients.py, errors of artanh below 2^−30.1 and 2^−59.4. */
  readonly artanh: readonly number[]
  /** The least and the largest normal number. */
  readonly least: number
  readonly largest: number
  /** The bits of √½ and of 1. */
  readonly rootHalf: bigint
  readonly one: bigint
}

const CONSTANTS: { readonly [S in Shape]: Constants } = {
  f32x4: {
    ln2: [0.693359375, -2.1219444005469057e-4],
    artanh: [0.66666776, 0.39977515, 0.29872887],
    least: 2 ** -126,
    largest: (2 - 2 ** -23) * 2 ** 127,
    rootHalf: 0x3f3504f3n,
    one: 0x3f800000n,
  },
  f64x2: {
    ln2: [0.6931471803691238, 1.9082149292705877e-10],
    artanh: [
      0.6666666666666734, 0.399999999994158, 0.285714287425177, 0.22222198529557824, 0.18183567907552042,
      0.15313929636625634, 0.1479742195189996,
    ],
    least: 2 ** -1022,
    largest: Number.MAX_VALUE,
    rootHalf: 0x3fe6a09e667f3bcdn,
    one: 0x3ff0000000000000n,
  },
}
