import { describe, expect, expectTypeOf, test } from 'vitest'
import { zeros } from '../create.ts'
import { exp, sin } from '../operations.fixtures.ts'
import { add, mul, sum } from '../operations.ts'
import { record } from '../tape.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { numericalGradient } from './numericalGradient.ts'

/** The largest difference of a float64 tensor from numbers. */
const distance = (actual: Tensor<'float64'>, expected: readonly number[]): number =>
  Math.max(...expected.map((value, index) => Math.abs(value - actual.data[index]!)))

describe('values', () => {
  test('of a sum of squares, from float32 to float64', () => {
    const gradient = numericalGradient(
      (x: Tensor) => sum(mul(x, x)),
      tensor([
        [1, 2],
        [-3, 0.5],
      ]),
    )
    expect(gradient.shape).toEqual([2, 2])
    expect(gradient.dtype).toBe('float64')
    expect(distance(gradient, [2, 4, -6, 1])).toBeLessThan(1e-9)
  })

  test('ten digits with the default epsilon, also for large and small elements', () => {
    const x = tensor([1e-3, 0.7, 3, -4])
    const gradient = numericalGradient((at: Tensor) => sum(exp(at)), x)
    x.data.slice().forEach((value, index) => {
      expect(Math.abs(gradient.data[index]! / Math.exp(value) - 1)).toBeLessThan(1e-8)
    })
    const large = numericalGradient((at: Tensor) => sum(mul(at, at)), tensor([1e6]))
    expect(Math.abs(large.item() / 2e6 - 1)).toBeLessThan(1e-9)
  })

  test('a coarser epsilon leaves the error of the series, h²/6 of the third derivative', () => {
    const gradient = numericalGradient((x: Tensor) => sum(exp(x)), tensor([0]), { epsilon: 1e-2 })
    expect(gradient.item() - 1).toBeCloseTo(1e-4 / 6, 9)
  })

  test('the function may return a number', () => {
    expect(
      distance(
        numericalGradient((x: Tensor) => Math.sin(x.item()), tensor(0.5)),
        [Math.cos(0.5)],
      ),
    ).toBeLessThan(1e-10)
  })

  test('of an empty tensor', () => {
    expect(numericalGradient((x: Tensor) => sum(x), zeros([0])).shape).toEqual([0])
  })
})

describe('trees', () => {
  test('give the same tree, null for leaves that are no floats', () => {
    const parameters = {
      layers: [{ w: tensor([1, 2]), b: tensor(3, { dtype: 'float64' }) }],
      labels: tensor([1, 0], { dtype: 'int32' }),
      name: 'net',
    }
    const gradient = numericalGradient(
      (p: typeof parameters) => add(sum(mul(p.layers[0]!.w, p.layers[0]!.w)), sin(p.layers[0]!.b)),
      parameters,
    )
    expect(distance(gradient.layers[0]!.w, [2, 4])).toBeLessThan(1e-9)
    expect(distance(gradient.layers[0]!.b, [Math.cos(3)])).toBeLessThan(1e-10)
    expect(gradient.labels).toBeNull()
    expectTypeOf(gradient.labels).toEqualTypeOf<null>()
    expectTypeOf(gradient.name).toEqualTypeOf<null>()
    expectTypeOf(gradient.layers).toEqualTypeOf<
      readonly { readonly w: Tensor<'float64'>; readonly b: Tensor<'float64'> }[]
    >()
  })
})

test('leaves no trace on a tape', () => {
  const x = tensor([1, 2])
  const [, tape] = record(() => numericalGradient((at: Tensor) => sum(mul(at, at)), x))
  expect(tape.steps).toEqual([])
})

describe('bad input', () => {
  const square = (x: Tensor) => sum(mul(x, x))

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('an epsilon of %f', (epsilon) => {
    expect(() => numericalGradient(square, tensor(1), { epsilon })).toThrow(/^numericalGradient: epsilon is .*positive/)
  })

  test('no float to differentiate by', () => {
    expect(() => numericalGradient(() => tensor(1), tensor([1], { dtype: 'int32' }))).toThrow(/holds no float tensor/)
    expect(() => numericalGradient(() => tensor(1), {})).toThrow(/holds no float tensor/)
  })

  test('a value that is no scalar', () => {
    expect(() => numericalGradient((x: Tensor) => mul(x, x), tensor([1, 2]))).toThrow(
      /float64 tensor of shape \[2\]; .*reduce it with sum or mean/,
    )
    // @ts-expect-error a function must give a tensor or a number
    expect(() => numericalGradient(() => 'five', tensor(1))).toThrow(/a value of type string/)
    // @ts-expect-error a function must give a tensor or a number
    expect(() => numericalGradient(async () => tensor(1), tensor(1))).toThrow(/promise/)
  })
})
