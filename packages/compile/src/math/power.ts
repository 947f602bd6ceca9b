import { f64x2, v128 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'
import type { Operand } from '../wasm/operand.ts'
import { type BinaryFunc, type ByShape, binary, type Code, type Vector } from './code.ts'
import { exponential } from './exponential.ts'
import { demoted, promoted } from './halves.ts'
import { four, two } from './lanes.ts'
import { split, splitAny } from './logarithm.ts'

/** In float64, whose roundings vanish in float32: e^(y ln |x|). */
const pow32 = binary('pow', four, (x, y, code) => {
  const wide = code.as(two)
  const power = ([x, y]: readonly [Node<'v128'>, Node<'v128'>]) => {
    const { add, sub, mul, div } = f64x2
    const size = wide.let('size', f64x2.abs(x))
    const { k, m } = split(size, wide)
    const one = wide.splat(1)
    const s = wide.let('s', div(sub(m, one), add(m, one)))
    const z = wide.let('z', mul(s, s))
    const log = wide.let('log', add(mul(k, wide.splat(Math.LN2)), mul(s, wide.polynomial(z, ARTANH_32))))
    return exponential(wide.let('exponent', mul(y, atEnds(size, log, wide))), wide)
  }
  const [xs, ys] = [promoted(x), promoted(y)]
  const magnitude = demoted(power([xs[0], ys[0]]), power([xs[1], ys[1]]))
  return ofMagnitude(code.let('magnitude', magnitude), x, y, code)
})

/**
 * e^(y ln |x|) with the logarithm as a sum of two floats, after fdlibm's e_pow.c: parts are cut to 21 bits, so that
 * products of two of them are exact. Here m, between √½ and √2, is not reduced further, the polynomial being longer,
 * and the base is e.
 */
const pow64 = binary('pow', two, (x, y, code) => {
  const { add, sub, mul } = f64x2
  const size = code.let('size', f64x2.abs(x))
  const log = logarithm(size, code)
  // Larger exponents give the same: the least logarithm but 0 is 2^−53.
  const bounded = code.let('y', f64x2.pmin(f64x2.pmax(y, code.splat(-(2 ** 66))), code.splat(2 ** 66)))
  const yHigh = code.let('yHigh', cut(bounded, code))
  const low = code.let('low', add(mul(sub(bounded, yHigh), log.high), mul(bounded, log.low)))
  const high = code.let('high', mul(yHigh, log.high))
  const sum = code.let('sum', add(high, low))
  const exponent = code.let('exponent', mul(bounded, atEnds(size, log.high, code)))
  const inside = v128.and(f64x2.gt(size, code.splat(0)), f64x2.lt(size, code.splat(Number.POSITIVE_INFINITY)))
  const total = code.let('total', v128.bitselect(sum, exponent, inside))
  // The tail matters only where the power is neither 0 nor infinity.
  const tail = v128.and(sub(low, sub(sum, high)), f64x2.lt(f64x2.abs(total), code.splat(1024)))
  const power = exponential(total, code, code.let('tail', tail))
  const one = f64x2.eq(size, code.splat(1))
  const infinite = f64x2.eq(f64x2.abs(y), code.splat(Number.POSITIVE_INFINITY))
  const magnitude = v128.bitselect(code.splat(Number.NaN), power, v128.and(one, infinite))
  return ofMagnitude(code.let('magnitude', magnitude), x, y, code)
})

/**
 * x^y as JavaScript's `Math.pow` defines it: x^0 = 1 even of NaN, (±1)^±∞ = NaN, of negative finite x NaN unless y is
 * an integer. float32 within 0.51 ulp, float64 within 1.45 ulp (measured).
 */
export const pow: ByShape<BinaryFunc> = { f32x4: pow32, f64x2: pow64 }

/** ln x = high + low of positive finite x, high cut to 21 bits: ⅔ s (3 + s² + …) with s = (m − 1) / (m + 1). */
function logarithm(x: Vector, code: Code): { high: Vector; low: Node<'v128'> } {
  const { add, sub, mul, div } = f64x2
  const { k, m } = splitAny(x, code)
  const one = code.let('one', code.splat(1))
  const above = code.let('above', sub(m, one))
  const below = code.let('below', add(m, one))
  const inverse = code.let('inverse', div(one, below))
  const s = code.let('s', mul(above, inverse))
  const sHigh = code.let('sHigh', cut(s, code))
  const belowHigh = code.let('belowHigh', cut(below, code))
  const belowLow = sub(m, sub(belowHigh, one))
  const left = sub(sub(above, mul(sHigh, belowHigh)), mul(sHigh, belowLow))
  const sLow = code.let('sLow', mul(inverse, left))

  const z = code.let('z', mul(s, s))
  const zHigh = code.let('zHigh', mul(sHigh, sHigh))
  const rest = code.let('rest', add(mul(mul(z, z), code.polynomial(z, ARTANH_64)), mul(sLow, add(sHigh, s))))
  const three = code.let('three', code.splat(3))
  const sumHigh = code.let('sumHigh', cut(add(add(three, zHigh), rest), code))
  const sumLow = sub(rest, sub(sub(sumHigh, three), zHigh))

  const product = code.let('product', mul(sHigh, sumHigh))
  const productRest = code.let('productRest', add(mul(sLow, sumHigh), mul(sumLow, s)))
  const productHigh = code.let('productHigh', cut(add(product, productRest), code))
  const productLow = sub(productRest, sub(productHigh, product))

  const logHigh = code.let('logHigh', mul(code.splat(TWO_THIRDS[0]), productHigh))
  const lower = add(mul(code.splat(TWO_THIRDS[1]), productHigh), mul(productLow, code.splat(2 / 3)))
  const logLow = code.let('logLow', lower)
  const scale = code.let('scale', mul(k, code.splat(LN2[0])))
  const high = code.let('high', cut(add(add(logHigh, logLow), scale), code))
  return { high, low: sub(add(logLow, mul(k, code.splat(LN2[1]))), sub(sub(high, scale), logHigh)) }
}

/** The first 21 bits. */
const cut = (x: Operand<'v128'>, code: Code) => v128.and(x, code.splatBits(-(1n << 32n)))

/** The logarithm of a magnitude, −∞ of 0 and ∞ or NaN of itself. */
function atEnds(size: Vector, log: Vector, code: Code): Node<'v128'> {
  const finite = v128.bitselect(log, size, f64x2.lt(size, code.splat(Number.POSITIVE_INFINITY)))
  return v128.bitselect(code.splat(Number.NEGATIVE_INFINITY), finite, f64x2.eq(size, code.splat(0)))
}

/** x^y from |x|^y. */
function ofMagnitude(magnitude: Vector, x: Vector, y: Vector, code: Code): Node<'v128'> {
  const { float } = code.lanes
  const integer = code.let('integer', float.eq(float.trunc(y), y))
  const half = code.let('half', float.mul(y, code.splat(0.5)))
  const odd = v128.and(integer, float.ne(float.trunc(half), half))
  const signed = v128.xor(magnitude, v128.and(v128.and(odd, x), code.splat(-0)))
  const negative = v128.and(float.lt(x, code.splat(0)), float.gt(x, code.splat(Number.NEGATIVE_INFINITY)))
  const real = v128.bitselect(code.splat(Number.NaN), signed, v128.andnot(negative, integer))
  return v128.bitselect(code.splat(1), real, float.eq(y, code.splat(0)))
}

/** 2 artanh s / s in powers of s²: derive/coefficients.py, error of artanh below 2^−37.5. */
const ARTANH_32 = [2, 0.6666666564615554, 0.400003355690093, 0.28537260593001335, 0.23583416914387487]

/** (3 artanh s / s − 3 − s²) / s⁴ in powers of s²: error below 2^−66. */
const ARTANH_64 = [
  0.6000000000000315, 0.42857142855239966, 0.33333333766630646, 0.2727267752024441, 0.2308009817727268,
  0.19885978324030046, 0.19788511148733265,
]

/** ⅔ and ln 2 in two parts, the first of 21 and of 33 bits. */
const TWO_THIRDS = [0.6666665077209473, 1.5894571940104166e-7] as const
const LN2 = [0.6931471803691238, 1.9082149292705877e-10] as const
