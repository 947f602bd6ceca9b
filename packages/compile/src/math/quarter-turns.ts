import { block, brTable, earlyReturn, sequence } from '../wasm/control.ts'
import type { Func } from '../wasm/entities.ts'
import { f64, f64x2, i32, i64, i64x2 } from '../wasm/instructions.ts'
import type { Body, Label } from '../wasm/node.ts'
import { Code } from './code.ts'
import { two } from './lanes.ts'
import type { Definition } from './library.ts'

/**
 * A finite angle x ≥ 1 in radians as quarter turns, whole turns left out: 2x/π modulo 4 as an integer of 128 bits, 126
 * of them behind the point, the upper word in lane 0.
 *
 * x is an integer times 2ᵉ, so that of 2/π only the digits from place e on matter, and 192 of them are enough (Payne
 * and Hanek, Radian reduction for trigonometric functions, ACM SIGNUM Newsletter 18(1), 1983).
 */
export const quarterTurns: Definition<Func<{ readonly x: 'f64' }, 'v128'>> = (library) =>
  library.module.func('quarterTurns', { params: { x: 'f64' }, result: 'v128' }, ({ x }, f) => {
    const code = new Code(two, library, f)
    const bits = code.let('bits', i64.reinterpret_f64(x))
    const integer = code.let('integer', i64.or(i64.and(bits, (1n << 52n) - 1n), 1n << 52n))
    const exponent = i32.sub(i32.wrap_i64(i64.shr_u(bits, 52n)), 1023 + 52)
    // Two digits are kept before the point of the product; the words have 64 before theirs.
    const place = code.let('place', i32.add(exponent, 64 - 2))
    const shift = code.let('shift', i64.extend_i32_u(i32.and(place, 63)))
    const words = [0, 1, 2, 3].map((i) =>
      code.let('word', code.call(twoOverPi, { index: i32.add(i32.shr_u(place, 6), i) })),
    )
    // A shift by 64 would be one by 0, hence two.
    const digits = [0, 1, 2].map((i) => {
      const next = i64.shr_u(i64.shr_u(words[i + 1]!, 1n), i64.sub(63n, shift))
      return code.let('digits', i64.or(i64.shl(words[i]!, shift), next))
    })
    const [high, middle, low] = [digits[0]!, digits[1]!, digits[2]!]
    const carried = code.let('carried', code.call(multiplyHigh, { a: integer, b: low }))
    const lower = code.let('lower', i64.add(i64.mul(integer, middle), carried))
    const carry = i64.extend_i32_u(i64.lt_u(lower, carried))
    const middleHigh = code.call(multiplyHigh, { a: integer, b: middle })
    const upper = i64.add(i64.mul(integer, high), i64.add(middleHigh, carry))
    return code.end(i64x2.replace_lane(i64x2.splat(upper), lower, 1))
  })

/**
 * What quarter turns leave of their nearest integer, in radians from −π/4 to π/4: a float of 53 bits in lane 0 and the
 * next 11 bits in lane 1.
 */
export const radiansLeft: Definition<Func<{ readonly turns: 'v128' }, 'v128'>> = (library) =>
  library.module.func('radiansLeft', { params: { turns: 'v128' }, result: 'v128' }, ({ turns }, f) => {
    const code = new Code(two, library, f)
    const upper = code.let('upper', i64x2.extract_lane(turns, 0))
    const lower = code.let('lower', i64x2.extract_lane(turns, 1))
    // Without the integer bits, and a half or more read as negative. For the magnitude of that the complement is near
    // enough.
    const fraction = code.let('fraction', i64.or(i64.shl(upper, 2n), i64.shr_u(lower, 62n)))
    const sign = code.let('sign', i64.shr_s(fraction, 63n))
    const magnitude = code.let('magnitude', i64.xor(fraction, sign))
    const rest = i64.xor(i64.shl(lower, 2n), sign)
    const zeros = code.let('zeros', i64.clz(magnitude))
    const next = i64.shr_u(i64.shr_u(rest, 1n), i64.sub(63n, zeros))
    const normal = i64.or(i64.shl(magnitude, zeros), next)
    const radians = code.let('radians', code.call(multiplyHigh, { a: normal, b: HALF_PI }))
    // The last of those bits, with the sign.
    const exponent = i64.shl(i64.sub(1023n - 63n, zeros), 52n)
    const unit = code.let('unit', f64.reinterpret_i64(i64.or(exponent, i64.and(sign, -(1n << 63n)))))
    const part = (mask: bigint) => f64.mul(f64.convert_i64_u(i64.and(radians, mask)), unit)
    return code.end(f64x2.replace_lane(f64x2.splat(part(-2048n)), part(2047n), 1))
  })

/** The upper word of the product of two unsigned integers. */
const multiplyHigh: Definition<Func<{ readonly a: 'i64'; readonly b: 'i64' }, 'i64'>> = (library) =>
  library.module.func('multiplyHigh', { params: { a: 'i64', b: 'i64' }, result: 'i64' }, ({ a, b }, f) => {
    const code = new Code(two, library, f)
    const mask = (1n << 32n) - 1n
    const [a0, a1] = [code.let('a0', i64.and(a, mask)), code.let('a1', i64.shr_u(a, 32n))]
    const [b0, b1] = [code.let('b0', i64.and(b, mask)), code.let('b1', i64.shr_u(b, 32n))]
    const middle = code.let('middle', i64.add(i64.mul(a1, b0), i64.shr_u(i64.mul(a0, b0), 32n)))
    const other = i64.add(i64.mul(a0, b1), i64.and(middle, mask))
    return code.end(i64.add(i64.mul(a1, b1), i64.add(i64.shr_u(middle, 32n), i64.shr_u(other, 32n))))
  })

/** A word of {@link TWO_OVER_PI}, the one of index 0 for an index beyond them. */
const twoOverPi: Definition<Func<{ readonly index: 'i32' }, 'i64'>> = (library) =>
  library.module.func('twoOverPi', { params: { index: 'i32' }, result: 'i64' }, ({ index }) => {
    // One block in the other; leaving the one of a word comes to where that word is returned.
    const nest = (last: number, labels: readonly Label[]): Body =>
      last < 0
        ? brTable(index, labels, labels[0]!)
        : [block((exit) => nest(last - 1, [exit, ...labels])), earlyReturn(i64.const(TWO_OVER_PI[last]!))]
    return sequence(nest(TWO_OVER_PI.length - 1, []), i64.const(0n))
  })

/** 64 zeros before the point, and the first 1,216 binary digits of 2/π. */
const TWO_OVER_PI = [
  0x0000000000000000n,
  0xa2f9836e4e441529n,
  0xfc2757d1f534ddc0n,
  0xdb6295993c439041n,
  0xfe5163abdebbc561n,
  0xb7246e3a424dd2e0n,
  0x06492eea09d1921cn,
  0xfe1deb1cb129a73en,
  0xe88235f52ebb4484n,
  0xe99c7026b45f7e41n,
  0x3991d639835339f4n,
  0x9c845f8bbdf9283bn,
  0x1ff897ffde05980fn,
  0xef2f118b5a0a6d1fn,
  0x6d367ecf27cb09b7n,
  0x4f463f669e5fea2dn,
  0x7527bac7ebe5f17bn,
  0x3d0739f78a5292ean,
  0x6bfb5fb11f8d5d08n,
  0x56033046fc7b6babn,
]

/** π/2 with 63 bits behind the point. */
const HALF_PI = 0xc90fdaa22168c234n
