import {
  type AnyTensor,
  DTypeError,
  foldIn,
  grad,
  isFloat,
  randomKey,
  type Tensor,
  TraceError,
  tensor,
} from '@cotangent/core'
import { add, concat, div, greater, less, maximum, mul, pow, sub, sum, uniform, where } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { carry } from './carry.ts'
import { compile } from './compile.ts'
import { plain } from './exact.fixtures.ts'

const alone = { threads: 1 }

/** What a function uses a number for, on `x` beside it. */
const uses: Readonly<Record<string, (x: Tensor, rate: number) => unknown>> = {
  mul: (x, rate) => mul(x, rate),
  'number first': (x, rate) => sub(rate, x),
  div: (x, rate) => div(x, rate),
  pow: (x, rate) => (isFloat(x.dtype) ? pow(x, rate) : 0),
  comparison: (x, rate) => [less(x, rate), greater(rate, x)],
  where: (x, rate) => where(less(x, 2), x, rate),
  'beside another number': (x, rate) => mul(x, mul(rate, 3)),
  'in several dtypes': (x, rate) => [mul(x, rate), mul(tensor([1, 2], { dtype: 'float64' }), rate), add(rate, rate)],
  gradient: (x, rate) =>
    x.dtype === 'float64' || x.dtype === 'float32' ? grad((y: Tensor) => sum(mul(y, rate)))(x) : 0,
}

describe.each(['float32', 'float64', 'int32', 'uint8', 'bool'] as const)('a number beside %s', (dtype) => {
  const x: AnyTensor = tensor(dtype === 'bool' ? [0, 1] : [1, 3], { dtype })
  test.each(Object.keys(uses))('%s', (name) => {
    // Typed for floats; all dtypes are tried.
    const f = uses[name]! as (x: AnyTensor, rate: number) => unknown
    let traced = 0
    const compiled = compile((x: AnyTensor, rate: number) => {
      const value = f(x, rate)
      traced++
      return value
    }, alone)
    // Engines differ in the last bit of 3³⁰⁰.
    const large = name === 'pow' && dtype === 'float64' ? 30 : 300
    for (const rate of [3, 0.1, 2, -1, large, 1]) {
      const outcome = (run: () => unknown) => {
        try {
          return plain(run())
        } catch (error) {
          return error instanceof DTypeError ? error.message : error
        }
      }
      expect(
        outcome(() => compiled(x, rate)),
        `${rate}`,
      ).toEqual(outcome(() => f(x, rate)))
    }
    expect(traced).toBeLessThanOrEqual(1)
  })
})

test('float64 has all of its digits', () => {
  const compiled = compile((x: Tensor, rate: number) => mul(x, rate), alone)
  expect(compiled(tensor([1], { dtype: 'float64' }), 0.1).item()).toBe(0.1)
  expect(compiled(tensor([1]), 0.1).item()).toBe(Math.fround(0.1))
})

test('an integer that the dtype beside it cannot hold is refused as outside', () => {
  const compiled = compile((x: Tensor<'int32'>, by: number) => mul(x, by), alone)
  const x = tensor([2, 3], { dtype: 'int32' })
  expect(() => compiled(x, 0.5)).toThrow(
    'mul: 0.5 is not a value of int32, the dtype of the tensor beside it; cast that tensor first',
  )
  expect(compiled(x, 4).toArray()).toEqual([8, 12])
})

test('a number makes a key, and stands for a step of its own', () => {
  const draw = (step: number) => uniform(foldIn(randomKey(3), step), [2])
  const compiled = compile((key: Tensor<'key'>, step: number) => uniform(foldIn(key, step), [2]), alone)
  for (const step of [0, 1, 2]) expect(plain(compiled(randomKey(3), step))).toBe(plain(draw(step)))
})

test('numbers of carried steps, and in trees', () => {
  const training = carry({ w: tensor([1, 2], { dtype: 'float64' }) }, alone)
  const step = training.step(({ w }, { rates }: { rates: readonly [number, number] }) => [
    { w: sub(mul(w, rates[0]), rates[1]) },
    concat([w, w], { axis: 0 }),
  ])
  step({ rates: [0.1, 0.2] })
  expect(training.snapshot().w.toArray()).toEqual([0.1 - 0.2, 2 * 0.1 - 0.2])
})

test('a number in JavaScript’s own arithmetic is a clear error while it is traced', () => {
  const x = tensor([1, 2])
  const message = /this float32 tensor of shape \[\] is used like a number while the function is being traced/
  expect(() => compile((y: Tensor, rate: number) => mul(y, rate * 2), alone)(x, 1)).toThrow(message)
  expect(() => compile((y: Tensor, rate: number) => mul(y, rate + 1), alone)(x, 1)).toThrow(message)
  expect(() => compile((y: Tensor, rate: number) => (rate > 0 ? y : mul(y, 2)), alone)(x, 1)).toThrow(TraceError)
  expect(() => compile((y: Tensor, rate: number) => mul(y, Math.max(rate, 0)), alone)(x, 1)).toThrow(TraceError)
  expect(compile((y: Tensor, rate: number) => maximum(y, rate), alone)(x, 1.5).toArray()).toEqual([1.5, 2])
})

test('powers of integers wrap as on the reference backend, however large', () => {
  const bases = [0, 1, -1, 2, -2, 3, -7, 10, 46_341, -65_536, 123_456_789, 2 ** 31 - 1, -(2 ** 31)]
  const exponents = [0, 1, 2, 3, 5, 31, 32, 33, 63, 64, 65, 1000, 2 ** 31 - 1, -1, -2, -3, -(2 ** 31)]
  const x = tensor(Int32Array.from(bases), { shape: [bases.length, 1] })
  const y = tensor(Int32Array.from(exponents))
  const power = (x: Tensor<'int32'>, y: Tensor<'int32'>) => pow(x, y)
  const found = compile(power, { threads: 1 })(x, y)
  expect([...found.data]).toEqual([...power(x, y).data])
  const exact = bases.flatMap((base) => exponents.slice(0, 12).map((n) => BigInt.asIntN(32, BigInt(base) ** BigInt(n))))
  const firstOfEach = bases.flatMap((_, at) => [...found.data].slice(at * exponents.length, at * exponents.length + 12))
  expect(firstOfEach.map(BigInt)).toEqual(exact)
  const [bytes, powers] = [tensor(Uint8Array.of(3, 2, 15, 0)), tensor(Uint8Array.of(5, 9, 255, 0))]
  expect([
    ...compile((x: Tensor<'uint8'>, y: Tensor<'uint8'>) => pow(x, y), { threads: 1 })(bytes, powers).data,
  ]).toEqual([243, 0, 239, 1])
})
