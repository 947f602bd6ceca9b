/**
 * The functions to 96 bits or more, in fixed point with `bigint`: what float64 results are measured against, since
 * `Math` itself may be an ulp off.
 */

/** value · 2^−bits */
export interface Fixed {
  readonly value: bigint
  readonly bits: number
}

/** Bits behind the point of intermediate values: so many that 96 are left of results as small as 2^−64. */
const BITS = 160
const ONE = 1n << BigInt(BITS)
/** Below it, four terms of a series at 0 are enough. */
const TINY = 2 ** -45

/**
 * |got − truth| in units in the last place of a float64 as large as the truth; an infinite result counts as 2^1024,
 * from where on it is right.
 */
export function ulps(got: number, { value, bits }: Fixed): number {
  const exponent = (value < 0n ? -value : value).toString(2).length - 1 - bits
  if (!Number.isFinite(got) && exponent >= 1024) return 0
  const place = Math.min(Math.max(exponent, -1022), 1023) - 52
  const number = Number.isFinite(got) ? dyadic(got) : { value: BigInt(Math.sign(got)), bits: -1024 }
  const inPlaces = (x: Fixed) => shift(x.value, 40 - place - x.bits)
  return Math.abs(Number(inPlaces(number) - inPlaces({ value, bits }))) / 2 ** 40
}

export const exact = {
  exp: (x: number): Fixed => exponential(toFixed(x)),

  expm1(x: number): Fixed {
    if (Math.abs(x) < TINY) return nearZero(x, [1n, 2n, 6n, 24n])
    const { value, bits } = exponential(toFixed(x))
    return { value: value - shift(1n, bits), bits }
  },

  log: (x: number): Fixed => logarithm(dyadic(x), Math.log(x)),

  log1p(x: number): Fixed {
    if (Math.abs(x) < TINY) return nearZero(x, [1n, -2n, 3n, -4n])
    const { value, bits } = dyadic(x)
    const wide = Math.max(bits, 0)
    return logarithm({ value: shift(value, wide - bits) + shift(1n, wide), bits: wide }, Math.log1p(x))
  },

  sin: (x: number): Fixed => (Math.abs(x) < TINY ? nearZero(x, [1n, 0n, -6n]) : circular(x, 0)),

  cos: (x: number): Fixed => circular(x, 1),

  tanh(x: number): Fixed {
    if (Math.abs(x) < TINY) return nearZero(x, [1n, 0n, -3n])
    if (Math.abs(x) > 60) return { value: BigInt(Math.sign(x)), bits: 0 }
    const { value, bits } = exponential(2n * toFixed(x))
    const one = shift(1n, bits)
    return { value: shift(value - one, BITS) / (value + one), bits: BITS }
  },

  /** 2/√π · x · e^(−x²) · Σ (2x²)ⁿ / (2n+1)!! (Abramowitz and Stegun, 7.1.6) */
  erf(x: number): Fixed {
    if (Math.abs(x) > 7) return { value: BigInt(Math.sign(x)), bits: 0 }
    const square = multiply(toFixed(x), toFixed(x))
    let term = ONE
    let total = ONE
    for (let n = 1n; term !== 0n; n++) {
      term = multiply(term, 2n * square) / (2n * n + 1n)
      total += term
    }
    const power = exponential(-square)
    const number = dyadic(x)
    return { value: (2n * number.value * total * power.value) / ROOT_PI, bits: number.bits + power.bits }
  },

  /** |x|^y for finite x and y, x not 0. */
  pow(x: number, y: number): Fixed {
    const { value, bits } = exact.log(Math.abs(x))
    const number = dyadic(y)
    return exponential(shift(value * number.value, BITS - bits - number.bits))
  },
}

/** x Σ xᵏ / denominator, where 0 leaves a term out. */
function nearZero(x: number, denominators: readonly bigint[]): Fixed {
  let power = ONE
  let total = 0n
  for (const denominator of denominators) {
    if (denominator !== 0n) total += power / denominator
    power = multiply(power, toFixed(x))
  }
  const { value, bits } = dyadic(x)
  return { value: value * total, bits: bits + BITS }
}

/** e^x: a series at x less a multiple of ln 2, over 2¹⁶, squared sixteen times. */
function exponential(x: bigint): Fixed {
  const n = divideDown(2n * x + LN2, 2n * LN2)
  const r = (x - n * LN2) >> 16n
  let value = ONE
  for (let k = 8n; k > 0n; k--) value = ONE + multiply(r, value) / k
  for (let k = 0; k < 16; k++) value = multiply(value, value)
  return { value, bits: BITS - Number(n) }
}

/**
 * ln x from a guess that is right to float64: three terms of the logarithm's series are enough for what the guess
 * leaves.
 */
function logarithm({ value, bits }: Fixed, guess: number): Fixed {
  const inverse = exponential(-toFixed(guess))
  const d = shift(value * inverse.value, BITS - bits - inverse.bits) - ONE
  const square = multiply(d, d)
  return { value: toFixed(guess) + d - square / 2n + multiply(square, d) / 3n, bits: BITS }
}

/** sin(x + phase π/2) */
function circular(x: number, phase: number): Fixed {
  // As many more bits of π as x has before the point.
  const guard = 64 + Math.max(0, Math.ceil(Math.log2(Math.abs(x))))
  const quarter = shift(HALF_PI, guard - HALF_PI_GUARD)
  const angle = shift(toFixed(x), guard)
  const n = divideDown(2n * angle + quarter, 2n * quarter)
  const r = shift(angle - n * quarter, -guard)
  const quadrant = (Number(BigInt.asUintN(2, n)) + phase) % 4
  const square = multiply(r, r)
  let term = quadrant % 2 === 1 ? ONE : r
  let total = term
  for (let k = quadrant % 2 === 1 ? 1n : 2n; term / k !== 0n; k += 2n) {
    term = multiply(-term, square) / (k * (k + 1n))
    total += term
  }
  return { value: quadrant < 2 ? total : -total, bits: BITS }
}

/** The same number as an integer over a power of two. */
function dyadic(x: number): Fixed {
  scratch.setFloat64(0, x)
  const stored = scratch.getBigUint64(0)
  const exponent = Number((stored >> 52n) & 0x7ffn)
  const fraction = (stored & ((1n << 52n) - 1n)) | (exponent === 0 ? 0n : 1n << 52n)
  return { value: x < 0 ? -fraction : fraction, bits: 1075 - Math.max(exponent, 1) }
}

const toFixed = (x: number): bigint => {
  const { value, bits } = dyadic(x)
  return shift(value, BITS - bits)
}

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> BigInt(BITS)

/** value · 2^by, rounded down */
const shift = (value: bigint, by: number): bigint => (by >= 0 ? value << BigInt(by) : value >> BigInt(-by))

const divideDown = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b

/** Σ over odd k of x^−k / k with alternating signs, or with one sign: arctan or artanh of 1/x. */
function inverseTangent(x: bigint, sign: bigint, bits: number): bigint {
  let power = shift(1n, bits) / x
  let total = power
  for (let k = 3n; power !== 0n; k += 2n) {
    power = (sign * power) / (x * x)
    total += power / k
  }
  return total
}

function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt(value.toString(2).length)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

const scratch = new DataView(new ArrayBuffer(8))
const LN2 = 2n * inverseTangent(3n, 1n, BITS)
const HALF_PI_GUARD = 1100
/** Machin's formula. */
const HALF_PI =
  8n * inverseTangent(5n, -1n, BITS + HALF_PI_GUARD) - 2n * inverseTangent(239n, -1n, BITS + HALF_PI_GUARD)
const ROOT_PI = squareRoot(shift(HALF_PI, 1 + BITS - HALF_PI_GUARD))
