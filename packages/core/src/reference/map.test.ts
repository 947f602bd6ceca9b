import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DType } from '../dtype.ts'
import { expressionDType, type Scalar } from '../kernel/expression.ts'
import { map } from '../kernel/kernel.ts'
import { broadcastShapes, type Shape } from '../shape.ts'
import { erf } from './erf.ts'
import { evaluateMap } from './map.ts'
import type { Operand } from './operand.ts'
import { counted, indicesOf, listOf, operandOf, placeOf } from './operands.fixtures.ts'

/** The expression over the operands, as the engine would run it. */
function mapped(f: (...inputs: Scalar[]) => Scalar, ...inputs: readonly Operand[]) {
  const { expression } = map(f)
  return evaluateMap(expression, inputs, {
    shape: broadcastShapes('map', ...inputs.map((input) => input.shape)),
    dtype: expressionDType(
      expression,
      inputs.map((input) => input.dtype),
    ),
  })
}

const vector = (dtype: DType, ...elements: number[]) => operandOf(dtype, [elements.length], elements)

describe('functions of one number', () => {
  const VALUES = [
    -2.5,
    -1,
    -0.3,
    -0,
    0,
    1e-9,
    0.3,
    1,
    2.5,
    40,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]
  const cases: [string, (x: Scalar) => Scalar, (x: number) => number][] = [
    ['neg', (x) => x.neg(), (x) => -x],
    ['abs', (x) => x.abs(), Math.abs],
    ['sign', (x) => x.sign(), Math.sign],
    ['exp', (x) => x.exp(), Math.exp],
    ['expm1', (x) => x.expm1(), Math.expm1],
    ['log', (x) => x.log(), Math.log],
    ['log1p', (x) => x.log1p(), Math.log1p],
    ['sqrt', (x) => x.sqrt(), Math.sqrt],
    ['sin', (x) => x.sin(), Math.sin],
    ['cos', (x) => x.cos(), Math.cos],
    ['tanh', (x) => x.tanh(), Math.tanh],
    ['erf', (x) => x.erf(), erf],
  ]

  test.each(cases)('%s', (_, f, expected) => {
    expect(listOf(mapped(f, vector('float64', ...VALUES)))).toEqual(VALUES.map(expected))
    const single = Float32Array.from(VALUES)
    expect(listOf(mapped(f, vector('float32', ...VALUES)))).toEqual(listOf(single.map(expected)))
  })

  test('not', () => {
    const result = mapped((x) => x.not(), vector('bool', 0, 1))
    expect(result).toBeInstanceOf(Uint8Array)
    expect(listOf(result)).toEqual([1, 0])
  })
})

describe('functions of two numbers', () => {
  const A = [-3, -1.5, 0, 2, 2, Number.NaN]
  const B = [2, -1.5, 4, 0.5, 0, 1]
  const cases: [string, (a: Scalar, b: Scalar) => Scalar, (a: number, b: number) => number | boolean][] = [
    ['add', (a, b) => a.add(b), (a, b) => a + b],
    ['sub', (a, b) => a.sub(b), (a, b) => a - b],
    ['mul', (a, b) => a.mul(b), (a, b) => a * b],
    ['div', (a, b) => a.div(b), (a, b) => a / b],
    ['pow', (a, b) => a.pow(b), (a, b) => a ** b],
    ['maximum', (a, b) => a.maximum(b), Math.max],
    ['minimum', (a, b) => a.minimum(b), Math.min],
    ['equal', (a, b) => a.equal(b), (a, b) => a === b],
    ['notEqual', (a, b) => a.notEqual(b), (a, b) => a !== b],
    ['less', (a, b) => a.less(b), (a, b) => a < b],
    ['lessEqual', (a, b) => a.lessEqual(b), (a, b) => a <= b],
  ]

  test.each(cases)('%s', (_, f, expected) => {
    const actual = mapped(f, vector('float64', ...A), vector('float64', ...B))
    expect(listOf(actual)).toEqual(A.map((a, index) => Number(expected(a, B[index]!))))
  })

  test('comparisons give bool', () => {
    expect(mapped((a, b) => a.less(b), vector('float32', 1), vector('float32', 2))).toBeInstanceOf(Uint8Array)
  })
})

describe('integers', () => {
  test('wrap', () => {
    const a = vector('int32', 2147483647, -2147483648, 123456789)
    const b = vector('int32', 1, -1, 987654321)
    expect(listOf(mapped((x, y) => x.add(y), a, b))).toEqual([-2147483648, 2147483647, 1111111110])
    expect(listOf(mapped((x, y) => x.mul(y), a, b))).toEqual([2147483647, -2147483648, Math.imul(123456789, 987654321)])
    expect(listOf(mapped((x) => x.neg(), vector('uint8', 0, 1, 255)))).toEqual([0, 255, 1])
  })

  test('every power of int32 wraps as the low word of the exact one', () => {
    const power = (a: number, b: number) => listOf(mapped((x, y) => x.pow(y), vector('int32', a), vector('int32', b)))
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 200 }), (a, b) => {
        expect(power(a, b)).toEqual([Number(BigInt.asIntN(32, BigInt(a) ** BigInt(b)))])
      }),
      { seed: 20_261_129 },
    )
    // The order of 3 divides 2³⁰: its power of 2³¹ − 1 is that of −1, its inverse.
    expect(Math.imul(power(3, 2 ** 31 - 1)[0]!, 3)).toBe(1)
    expect(listOf(mapped((x, y) => x.pow(y), vector('uint8', 3, 2, 15, 0), vector('uint8', 5, 9, 255, 0)))).toEqual([
      243, 0, 239, 1,
    ])
  })

  test('powers below 0 are rounded towards 0', () => {
    const base = vector('int32', 2, -2, 1, 1, -1, -1, 0, -1)
    const below = vector('int32', -1, -3, -1, -2_147_483_648, -1, -2, -1, -2_147_483_648)
    expect(listOf(mapped((x, y) => x.pow(y), base, below))).toEqual([0, 0, 1, 1, -1, 1, 0, 1])
  })

  test('every product of int32 wraps as the low word of the exact one', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        const exact = BigInt.asIntN(32, BigInt(a) * BigInt(b))
        expect(listOf(mapped((x, y) => x.mul(y), vector('int32', a), vector('int32', b)))).toEqual([Number(exact)])
      }),
      { seed: 60, numRuns: 300 },
    )
  })

  test('divide toward zero', () => {
    expect(listOf(mapped((x, y) => x.div(y), vector('int32', 7, -7, 1), vector('int32', 2, 2, 3)))).toEqual([3, -3, 0])
  })
})

describe('casts', () => {
  const cast = (to: DType, from: Operand) => listOf(mapped((x) => x.cast(to), from))

  test('from float: truncate, and stop at the ends of the range', () => {
    const x = vector('float64', 1.9, -1.9, 3e9, -3e9, 300, -5, Number.NaN, Number.NEGATIVE_INFINITY)
    expect(cast('int32', x)).toEqual([1, -1, 2147483647, -2147483648, 300, -5, 0, -2147483648])
    expect(cast('uint8', x)).toEqual([1, 0, 255, 0, 255, 0, 0, 0])
    expect(cast('bool', vector('float32', 0, -0, 0.5, Number.NaN))).toEqual([0, 0, 1, 1])
    expect(cast('float32', vector('float64', 0.1, 1e300))).toEqual([Math.fround(0.1), Number.POSITIVE_INFINITY])
  })

  test('from integers: wrap, or widen exactly', () => {
    expect(cast('uint8', vector('int32', 257, -1))).toEqual([1, 255])
    expect(cast('bool', vector('int32', 256, 0))).toEqual([1, 0])
    expect(cast('float64', vector('int32', -2147483648))).toEqual([-2147483648])
    expect(cast('float32', vector('int32', 16777217))).toEqual([16777216])
  })
})

describe('expressions', () => {
  test('every step is rounded to its dtype', () => {
    // In float32 a 1 is lost beside 2^24, whatever comes after.
    const x = vector('float32', 1)
    expect(listOf(mapped((a) => a.add(2 ** 24).sub(2 ** 24), x))).toEqual([0])
    expect(listOf(mapped((a) => a.add(2 ** 24).sub(2 ** 24), vector('float64', 1)))).toEqual([1])
  })

  test('shared parts, select and constants', () => {
    const f = (x: Scalar) => {
      const square = x.mul(x)
      return x.less(0).select(square.neg(), square.add(square))
    }
    expect(listOf(mapped(f, vector('float64', -3, 2)))).toEqual([-9, 8])
    expect(listOf(mapped((x) => x.less(0).select(x, 7), vector('int32', -3, 2)))).toEqual([-3, 7])
  })

  test('an input alone, the same input twice, and inputs that are not used', () => {
    expect(listOf(mapped((x) => x, vector('int32', 1, 2)))).toEqual([1, 2])
    expect(listOf(mapped((x) => x.mul(x), vector('int32', 3)))).toEqual([9])
    expect(listOf(mapped((_, y) => y.add(1), vector('float32', 1, 2), vector('float32', 5)))).toEqual([6, 6])
  })

  test('over more elements than one block', () => {
    const size = 10_001
    const x = counted('float64', [size])
    const actual = mapped((a) => a.mul(2).add(a).sqrt(), x)
    expect(listOf(actual)).toEqual(listOf(x.array).map((value) => Math.sqrt(value * 2 + value)))
  })

  test('operands stay as they were', () => {
    const x = vector('float64', 1, 2)
    mapped((a) => a.add(1).mul(a), x)
    expect(listOf(x.array)).toEqual([1, 2])
  })
})

test('broadcasting, against loops over every index', () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }).chain((shape) => {
    const narrowed = (keep: readonly boolean[]): Shape => shape.map((length, axis) => (keep[axis] ? length : 1))
    return fc
      .tuple(
        fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        fc.nat(3),
      )
      .map(([a, b, drop]) => [narrowed(a), narrowed(b).slice(Math.min(drop, shape.length))] as const)
  })
  fc.assert(
    fc.property(shapes, ([a, b]) => {
      const [x, y] = [counted('float64', a), counted('float64', b, 4)]
      const shape = broadcastShapes('sub', a, b)
      const at = (operand: Operand, index: readonly number[]) => {
        const lead = shape.length - operand.shape.length
        return operand.array[
          placeOf(
            operand.shape.map((length, axis) => (length === 1 ? 0 : index[lead + axis]!)),
            operand.shape,
          )
        ]!
      }
      expect(listOf(mapped((p, q) => p.sub(q), x, y))).toEqual(
        indicesOf(shape).map((index) => at(x, index) - at(y, index)),
      )
    }),
    { seed: 61, numRuns: 500 },
  )
})
