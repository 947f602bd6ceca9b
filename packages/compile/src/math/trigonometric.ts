import { ifValue } from '../wasm/control.ts'
import { f32x4, f64x2, i32x4, i64x2, v128 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'
import type { Operand } from '../wasm/operand.ts'
import { type ByShape, type Code, type UnaryFunc, unary, type Vector } from './code.ts'
import { demoted, promoted } from './halves.ts'
import { four, two } from './lanes.ts'
import { quarterTurns, radiansLeft } from './quarter-turns.ts'

/** sin(x + phase π/2) of float32: the angle is reduced in float64, the rest is float32. */
const circular32 = (name: string, phase: Phase) => {
  const extreme = unary(`${name}.extreme`, four, (x, code) =>
    sine32(x, phase, code, (size, code) => {
      const [near, far, moderate] = [moderateAngle32(size, code), anyAngle(size, code), isModerate(size, code)]
      return { n: choose(near.n, far.n, moderate, code), high: choose(near.high, far.high, moderate, code) }
    }),
  )
  return unary(name, four, (x, code) =>
    ifValue(
      code.every(isModerate(f32x4.abs(x), code)),
      code.block((code) => sine32(x, phase, code, moderateAngle32)),
      code.call(extreme, { x }),
    ),
  )
}

/** sin(x + phase π/2) of float64: the reduced angle has 100 bits or more, and the polynomials count on 64 of them. */
const circular64 = (name: string, phase: Phase) => {
  const extreme = unary(`${name}.extreme`, two, (x, code) => {
    const size = code.let('size', f64x2.abs(x))
    const [near, far, moderate] = [moderateAngle64(size, code), anyAngle(size, code), isModerate(size, code)]
    const n = choose(near.n, far.n, moderate, code)
    const high = choose(near.high, far.high, moderate, code)
    return sine64(x, { n, high, low: choose(near.low, far.low, moderate, code) }, phase, code)
  })
  return unary(name, two, (x, code) => {
    const size = code.let('size', f64x2.abs(x))
    return ifValue(
      code.every(isModerate(size, code)),
      code.block((code) => sine64(x, moderateAngle64(size, code), phase, code)),
      code.call(extreme, { x }),
    )
  })
}

/**
 * sin x, however large x is; NaN of infinities; keeps the sign of zeros. float32 within 1.6 ulp, float64 within 0.8 ulp
 * (measured).
 */
export const sin: ByShape<UnaryFunc> = { f32x4: circular32('sin', 0), f64x2: circular64('sin', 0) }

/** cos x, however large x is; NaN of infinities. float32 within 1.6 ulp, float64 within 0.8 ulp (measured). */
export const cos: ByShape<UnaryFunc> = { f32x4: circular32('cos', 1), f64x2: circular64('cos', 1) }

type Phase = 0 | 1

/** Below this number of radians, quarter turns have 20 bits. */
const MODERATE = 2 ** 20

const isModerate = (size: Operand<'v128'>, code: Code) => code.lanes.float.lt(size, code.splat(MODERATE))

const choose = (a: Vector, b: Vector, mask: Node<'v128'>, code: Code) => code.let('chosen', v128.bitselect(a, b, mask))

/** An angle as n π/2 + high + low, where the sum is at most π/4 and n stands in the low bits of 64. */
interface Angle32 {
  readonly n: Vector
  readonly high: Vector
}

interface Angle64 extends Angle32 {
  readonly low: Vector
}

/** The first, second and third 33 bits of π/2, whose products with 20 bits are exact (Cody and Waite), and the rest. */
const HALF_PI = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32] as const
/** All behind the first. */
const HALF_PI_LOW = 6.077100506506192e-11

/** The reduced angle of a float32: its nearest is 2^−30 or so, and 86 bits of π/2 give that 40. */
function moderateAngle32(size: Vector, code: Code): Angle32 {
  const { sub, mul } = f64x2
  const { n, whole } = nearestQuarter(size, code)
  const first = sub(size, mul(whole, code.splat(HALF_PI[0])))
  return { n, high: code.let('high', sub(first, mul(whole, code.splat(HALF_PI_LOW)))) }
}

function moderateAngle64(size: Vector, code: Code): Angle64 {
  const { add, sub, mul } = f64x2
  const { n, whole } = nearestQuarter(size, code)
  const first = code.let('first', sub(size, mul(whole, code.splat(HALF_PI[0]))))
  const second = difference(first, code.let('second', mul(whole, code.splat(HALF_PI[1]))), code)
  const third = difference(second.value, code.let('third', mul(whole, code.splat(HALF_PI[2]))), code)
  const fourth = mul(whole, code.splat(HALF_PI[3]))
  const rest = code.let('rest', sub(add(second.lost, third.lost), fourth))
  const high = code.let('high', add(third.value, rest))
  return { n, high, low: code.let('low', add(sub(third.value, high), rest)) }
}

function nearestQuarter(size: Vector, code: Code): { n: Vector; whole: Vector } {
  const { add, sub, mul } = f64x2
  // Added to this number, another one is rounded to an integer, which stands in the low bits.
  const round = code.let('round', code.splat(1.5 * 2 ** 52))
  const n = code.let('n', add(mul(size, code.splat(2 / Math.PI)), round))
  return { n, whole: code.let('whole', sub(n, round)) }
}

/** a − b and what its rounding lost (Knuth, The Art of Computer Programming, volume 2, 4.2.2, theorem B). */
function difference(a: Vector, b: Vector, code: Code): { value: Vector; lost: Node<'v128'> } {
  const { add, sub } = f64x2
  const value = code.let('value', sub(a, b))
  const back = code.let('back', sub(value, a))
  return { value, lost: sub(sub(a, sub(value, back)), add(b, back)) }
}

/** The reduced angle of any size from 1 on, NaN of infinity; of a smaller size it is not to be used. */
function anyAngle(size: Vector, code: Code): Angle64 {
  const turns = [0, 1].map((lane) => code.let('turns', code.call(quarterTurns, { x: f64x2.extract_lane(size, lane) })))
  const left = turns.map((turns) => code.let('left', code.call(radiansLeft, { turns })))
  const lanes = (pair: readonly Vector[], lane: number) => i64x2.shuffle(pair[0]!, pair[1]!, [lane, 2 + lane])
  const n = i64x2.shr_u(i64x2.add(lanes(turns, 0), code.splatBits(1n << 61n)), 62)
  // 0 or NaN
  const nothing = f64x2.sub(size, size)
  const high = code.let('high', f64x2.add(lanes(left, 0), nothing))
  return { n: code.let('n', n), high, low: code.let('low', lanes(left, 1)) }
}

function sine32(x: Vector, phase: Phase, code: Code, reduce: (size: Vector, code: Code) => Angle32): Node<'v128'> {
  const { add, sub, mul } = f32x4
  const wide = code.as(two)
  const [a, b] = promoted(x)
  const low = reduce(wide.let('size', f64x2.abs(a)), wide)
  const high = reduce(wide.let('size', f64x2.abs(b)), wide)
  const r = code.let('r', demoted(low.high, high.high))
  const z = code.let('z', mul(r, r))
  const sine = add(r, mul(mul(z, r), code.polynomial(z, SINE_32)))
  const cosine = add(sub(code.splat(1), mul(z, code.splat(0.5))), mul(mul(z, z), code.polynomial(z, COSINE_32)))
  return inQuadrant(x, i32x4.shuffle(low.n, high.n, [0, 2, 4, 6]), sine, cosine, phase, code)
}

/** The polynomials of fdlibm's k_sin.c and k_cos.c, whose roundings the low part of the angle corrects. */
function sine64(x: Vector, { n, high, low }: Angle64, phase: Phase, code: Code): Node<'v128'> {
  const { add, sub, mul } = f64x2
  const z = code.let('z', mul(high, high))
  const cube = code.let('cube', mul(z, high))
  const half = code.let('half', code.splat(0.5))
  const [first, ...others] = SINE_64
  const curve = mul(z, sub(mul(half, low), mul(cube, code.polynomial(z, others))))
  const sine = sub(high, sub(sub(curve, low), mul(cube, code.splat(first))))
  const one = code.let('one', code.splat(1))
  const drop = code.let('drop', mul(half, z))
  const base = code.let('base', sub(one, drop))
  const rest = sub(mul(mul(z, z), code.polynomial(z, COSINE_64)), mul(high, low))
  const cosine = add(base, add(sub(sub(one, base), drop), rest))
  return inQuadrant(x, n.get, sine, cosine, phase, code)
}

/** The sine of |x| + phase π/2 in quadrant n + phase, and for phase 0 the sign of x. */
function inQuadrant(
  x: Vector,
  n: Node<'v128'>,
  sine: Node<'v128'>,
  cosine: Node<'v128'>,
  phase: Phase,
  code: Code,
): Node<'v128'> {
  const { int, fraction } = code.lanes
  const one = code.let('one', code.splatBits(1n))
  const quadrant = code.let('quadrant', phase === 0 ? n : int.add(n, one))
  const value = v128.bitselect(cosine, sine, int.neg(v128.and(quadrant, one)))
  // Bit 1 becomes the sign bit.
  const turned = int.shl(v128.and(quadrant, code.splatBits(2n)), fraction === 23 ? 30 : 62)
  const minus = code.splat(-0)
  return v128.xor(value, phase === 0 ? v128.xor(turned, v128.and(x, minus)) : turned)
}

/**
 * (sin r − r) / r³ and (cos r − 1 + r²/2) / r⁴ in powers of r²: derive/coefficients.py, errors below 2^−27.9, 2^−32.9,
 * 2^−57.9, 2^−63.8.
 */
const SINE_32 = [-0.16666655, 0.0083321579, -0.00019514829]
const COSINE_32 = [0.041666646, -0.00138873146, 2.4432876e-5]
const SINE_64 = [
  -0.1666666666666663, 0.008333333333322104, -0.0001984126982955883, 2.7557313606202356e-6, -2.5050744845893117e-8,
  1.5896035860426448e-10,
] as const
const COSINE_64 = [
  0.041666666666666595, -0.0013888888888873546, 2.480158728909451e-5, -2.7557314236299564e-7, 2.087570722016784e-9,
  -1.1358810278062886e-11,
]
