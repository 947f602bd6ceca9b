import { describe, expect, expectTypeOf, test } from 'vitest'
import { numericalGradient } from './check/numericalGradient.ts'
import { ones, zeros } from './create.ts'
import { GradientError, TraceError, ValueError } from './errors.ts'
import { cos, div, exp, sin } from './operations.fixtures.ts'
import { add, broadcastTo, cast, mul, reshape, stopGradient, sum } from './operations.ts'
import { randomKey } from './random/key.ts'
import { record } from './tape.ts'
import { type AnyTensor, type Tensor, tensor } from './tensor.ts'
import { grad, jvp, valueAndGrad, vjp } from './transforms.ts'

const double = (data: number[]) => tensor(Float64Array.from(data))

describe('grad', () => {
  test('of the first argument by default', () => {
    expect(grad((x: Tensor, y: Tensor) => mul(mul(x, x), y))(tensor(3), tensor(5)).item()).toBe(30)
  })

  test('has the dtype of the argument', () => {
    expect(grad((x: Tensor) => sum(x))(double([1])).dtype).toBe('float64')
    expect(grad((x: Tensor) => sum(x))(tensor([1])).dtype).toBe('float32')
  })

  test('adds up over every use of a tensor', () => {
    expect(grad((x: Tensor) => add(add(x, x), mul(x, x)))(tensor(3)).item()).toBe(8)
  })

  test('is zero where the value does not depend on the argument', () => {
    expect(grad((_: Tensor, y: Tensor) => y)(tensor([1, 2]), tensor(1)).toArray()).toEqual([0, 0])
    expect(grad((x: Tensor) => stopGradient(sum(x)))(tensor([1, 2])).toArray()).toEqual([0, 0])
  })

  test('of the identity is one', () => {
    expect(grad((x: Tensor) => x)(tensor(3)).item()).toBe(1)
    expect(grad((x: Tensor) => x)(tensor([[3]])).toArray()).toEqual([[1]])
  })

  test('undoes broadcasting, also by axes of length 0', () => {
    const gradient = grad((b: Tensor, x: Tensor) => sum(mul(x, b)))(tensor([[2]]), ones([3, 4]))
    expect(gradient.toArray()).toEqual([[12]])
    expect(grad((b: Tensor) => sum(add(b, zeros([0, 2]))))(tensor([1, 1])).toArray()).toEqual([0, 0])
  })

  test('gives trees like the argument: names, order, null for what is no float', () => {
    const parameters = {
      w: tensor([1, 2]),
      steps: tensor([3], { dtype: 'int32' }),
      key: randomKey(1),
      list: [tensor(4), { inner: tensor(5) }] as const,
      rate: 0.1,
    }
    const gradient = grad((p: typeof parameters) => add(sum(mul(p.w, p.w)), mul(p.list[0], p.list[1].inner)))(
      parameters,
    )
    expect(Object.keys(gradient)).toEqual(Object.keys(parameters))
    expect(gradient.w.toArray()).toEqual([2, 4])
    expect(gradient.list[0].item()).toBe(5)
    expect(gradient.list[1].inner.item()).toBe(4)
    expect([gradient.steps, gradient.key]).toEqual([null, null])
    expectTypeOf(gradient.steps).toEqualTypeOf<null>()
    expectTypeOf(gradient.key).toEqualTypeOf<null>()
    expectTypeOf(gradient.rate).toEqualTypeOf<null>()
  })

  test('argnums: one, several, in any order', () => {
    const f = (x: Tensor, y: { w: Tensor }, z: Tensor) => mul(mul(x, y.w), z)
    const args = [tensor(2), { w: tensor(3) }, tensor(5)] as const
    const one = grad(f, { argnums: 1 })(...args)
    expect(one.w.item()).toBe(10)
    const two = grad(f, { argnums: [2, 0] })(...args)
    expect([two[0].item(), two[1].item()]).toEqual([6, 15])
    expectTypeOf(two[1]).toEqualTypeOf<Tensor>()
  })

  test('by the same tensor twice gives each use its own gradient', () => {
    const x = tensor(3)
    const gradient = grad((a: Tensor, b: Tensor) => mul(mul(a, a), b), { argnums: [0, 1] })(x, x)
    expect(gradient.map((one) => one.item())).toEqual([18, 9])
    expect(grad((p: { a: Tensor; b: Tensor }) => mul(p.a, mul(p.b, p.b)))({ a: x, b: x }).a.item()).toBe(9)
  })

  test('takes control flow of the host language as it runs', () => {
    const power = (x: Tensor, n: number): Tensor => (n === 0 ? tensor(1) : mul(x, power(x, n - 1)))
    expect(grad((x: Tensor) => power(x, 5))(tensor(2)).item()).toBe(80)
    const f = (x: Tensor) => (x.item() > 0 ? mul(x, x) : mul(-1, x))
    expect([grad(f)(tensor(3)).item(), grad(f)(tensor(-3)).item()]).toEqual([6, -1])
  })
})

describe('nested gradients', () => {
  test('do not mix: d/dx [x · d(xy)/dy] at 3 is 6', () => {
    const f = (x: Tensor) => mul(x, grad((y: Tensor) => mul(x, y))(tensor(2)))
    expect(grad(f)(tensor(3)).item()).toBe(6)
  })

  test('the inner variable at the outer value, and the other way round', () => {
    // d/dx [x · (d/dy (x + y)² at y = x)] = d/dx 4x² = 8x
    const f = (x: Tensor) => mul(x, grad((y: Tensor) => mul(add(x, y), add(x, y)))(x))
    expect(grad(f)(tensor(3)).item()).toBe(24)
    // The inner function ignores its own variable: its derivative is 0, whatever x is.
    expect(grad((x: Tensor) => mul(x, grad((_: Tensor) => mul(x, x))(x)))(tensor(3)).item()).toBe(0)
  })

  test('orders 1 to 5 of sin', () => {
    let f = (x: Tensor): Tensor => sin(x)
    const expected = [Math.cos(0.4), -Math.sin(0.4), -Math.cos(0.4), Math.sin(0.4), Math.cos(0.4)]
    for (const value of expected) {
      f = grad(f)
      expect(f(tensor(0.4, { dtype: 'float64' })).item()).toBeCloseTo(value, 14)
    }
  })

  test('three variables deep', () => {
    const f = (x: Tensor) => grad((y: Tensor) => grad((z: Tensor) => mul(mul(x, x), mul(mul(y, y), mul(z, z))))(x))(x)
    // 2z · 2y · x² with y = z = x
    expect(f(tensor(2)).item()).toBe(64)
    expect(grad(f)(tensor(2)).item()).toBe(4 * 4 * 8)
  })

  test('grad inside a recorded function is itself recorded', () => {
    const x = tensor(3)
    const [slope, tape] = record(() => grad((a: Tensor) => mul(a, mul(a, a)))(x))
    expect(slope.item()).toBe(27)
    expect(tape.gradient(slope, x).item()).toBe(18)
  })
})

describe('valueAndGrad', () => {
  test('gives both', () => {
    const [value, gradient] = valueAndGrad((x: Tensor) => sum(mul(x, x)))(tensor([1, 2]))
    expect([value.item(), gradient.toArray()]).toEqual([5, [2, 4]])
  })

  test('hasAux hands through what else the function returns', () => {
    const f = (x: Tensor, y: Tensor) => [mul(x, y), { seen: y, list: [1, 'two'] }] as const
    const [[loss, aux], gradient] = valueAndGrad(f, { hasAux: true, argnums: [0, 1] })(tensor(2), tensor(3))
    expect([loss.item(), aux.seen.item(), aux.list, gradient.map((one) => one.item())]).toEqual([
      6,
      3,
      [1, 'two'],
      [3, 2],
    ])
    expectTypeOf(aux.list).toEqualTypeOf<readonly [1, 'two']>()
  })

  test('without hasAux a pair is refused, with a hint', () => {
    const f = (x: Tensor) => [x, 1] as const
    // @ts-expect-error a pair is no scalar
    expect(() => valueAndGrad(f)(tensor(1))).toThrow(/with hasAux it may return \[loss, aux\]/)
    // @ts-expect-error a scalar is no pair
    expect(() => valueAndGrad((x: Tensor) => x, { hasAux: true })(tensor(1))).toThrow(GradientError)
  })
})

describe('vjp', () => {
  test('pulls any cotangent back, any number of times', () => {
    const [value, pullback] = vjp((x: Tensor, y: Tensor) => mul(x, y), tensor([1, 2]), tensor([3, 4]))
    expect(value.toArray()).toEqual([3, 8])
    for (const scale of [1, 10, 1]) {
      const [x, y] = pullback(tensor([scale, 0]))
      expect(x.toArray()).toEqual([3 * scale, 0])
      expect(y.toArray()).toEqual([scale, 0])
    }
  })

  test('of a tree of values', () => {
    const f = (x: Tensor) => ({ twice: mul(x, 2), also: [mul(x, x), cast(x, 'int32')] as const })
    const [value, pullback] = vjp(f, tensor([3, 5]))
    const cotangent = { twice: tensor([1, 0]), also: [tensor([0, 1]), value.also[1]] as const }
    expect(pullback(cotangent)[0].toArray()).toEqual([2, 10])
  })

  test('can be differentiated itself', () => {
    // The sum of g · 2x by x, with g constant.
    const f = (x: Tensor) => sum(vjp((a: Tensor) => mul(a, a), x)[1](tensor([1, 10]))[0])
    expect(grad(f)(tensor([3, 5])).toArray()).toEqual([2, 20])
  })

  test('a cotangent of another shape, dtype or structure is refused', () => {
    const [, pullback] = vjp((x: Tensor) => mul(x, x), tensor([1, 2]))
    expect(() => pullback(tensor(1))).toThrow(
      'a cotangent of float32 [] does not fit the value float32 [2]; it needs the same shape and dtype',
    )
    expect(() => pullback(double([1, 2]))).toThrow(GradientError)
    const [, both] = vjp((x: Tensor): Tensor[] => [x, mul(x, x)], tensor([1, 2]))
    expect(() => both([tensor([1, 2])])).toThrow(/the cotangent has 1 tensors, the value 2/)
    expect(() => both([tensor([1, 2])])).toThrow(ValueError)
  })
})

describe('jvp', () => {
  test('is the directional derivative, as differences give it', () => {
    const f = (x: Tensor, y: Tensor) => div(exp(mul(x, y)), add(2, cos(x)))
    const [x, y] = [double([0.3, -1]), reshape(double([0.5, 0.2]), [2, 1])]
    const [dx, dy] = [double([1, 0.5]), reshape(double([-2, 1]), [2, 1])]
    const shifted = (t: number) => f(add(x, mul(dx, t)), add(y, mul(dy, t)))
    const [value, tangent] = jvp(f, [x, y], [dx, dy])
    expect(value.toArray()).toEqual(shifted(0).toArray())
    const step = 1e-5
    const [above, below] = [shifted(step), shifted(-step)]
    expect(tangent.shape).toEqual([2, 2])
    for (let index = 0; index < tangent.size; index++)
      expect(tangent.data[index]).toBeCloseTo((above.data[index]! - below.data[index]!) / (2 * step), 8)
  })

  test('agrees with the gradient: the jvp of a scalar along d is ⟨gradient, d⟩', () => {
    const f = (x: Tensor) => sum(mul(sin(x), exp(x)))
    const [x, d] = [double([0.1, 0.7, -2]), double([3, -1, 0.5])]
    const gradient = grad(f)(x)
    expect(jvp(f, [x], [d])[1].item()).toBeCloseTo(sum(mul(gradient, d)).item(), 12)
    const numeric = numericalGradient(f, x)
    expect(sum(mul(numeric, d)).item()).toBeCloseTo(sum(mul(gradient, d)).item(), 8)
  })

  test('trees: tangents like the primals; values without floats are handed through', () => {
    const f = (p: { x: Tensor; n: AnyTensor }) => ({ y: mul(p.x, p.x), n: p.n, z: tensor([9]) })
    const n = tensor([4], { dtype: 'int32' })
    const [value, tangent] = jvp(f, [{ x: tensor([3]), n }], [{ x: tensor([2]), n: null }])
    expect(value.y.toArray()).toEqual([9])
    expect(tangent.y.toArray()).toEqual([12])
    expect(tangent.n).toBe(n)
    expect(tangent.z.toArray()).toEqual([0])
  })

  test('along nothing is zero, of the identity is the tangent', () => {
    expect(jvp((x: Tensor) => exp(x), [tensor([1, 2])], [zeros([2])])[1].toArray()).toEqual([0, 0])
    expect(jvp((x: Tensor) => x, [tensor([1, 2])], [tensor([5, 6])])[1].toArray()).toEqual([5, 6])
  })

  test('forward over reverse gives a Hessian-vector product', () => {
    // f = Σ x³, its gradient 3x², along d: 6 x d.
    const f = (x: Tensor) => sum(mul(x, mul(x, x)))
    expect(jvp(grad(f), [tensor([1, 2])], [tensor([10, 1])])[1].toArray()).toEqual([60, 12])
  })

  test('nested', () => {
    const second = (x: Tensor) =>
      jvp((a: Tensor) => jvp((b: Tensor) => sin(b), [a], [double([1])])[1], [x], [double([1])])[1]
    expect(second(double([0.4])).data[0]).toBeCloseTo(-Math.sin(0.4), 14)
  })

  test('tangents that are missing or do not fit are refused', () => {
    expect(() => jvp((x: Tensor) => x, [tensor([1])], [])).toThrow(/no tangent for the argument at \[0\]/)
    expect(() => jvp((p: { w: Tensor }) => p.w, [{ w: tensor(1) }], [{ v: tensor(1) }])).toThrow(/at \[0\]\.w/)
    expect(() => jvp((x: Tensor) => x, [tensor([1])], [tensor([1, 2])])).toThrow(/does not fit the value float32 \[1\]/)
  })
})

describe('bad calls', () => {
  const square = (x: Tensor) => mul(x, x)

  test('a value that is no scalar', () => {
    expect(() => grad(square)(tensor([1, 2]))).toThrow(GradientError)
    expect(() => grad(square)(tensor([1, 2]))).toThrow(
      'grad: the function must return a scalar, it returned shape [2]; reduce it with sum or mean, or use jacobian or vjp',
    )
    expect(() => valueAndGrad(square)(tensor([1, 2]))).toThrow(/^valueAndGrad: the function must return a scalar/)
  })

  test('a value that is no float, or no tensor', () => {
    expect(() => grad((x: Tensor) => cast(x, 'int32'))(tensor(1))).toThrow(
      /result is int32, through which no gradient flows/,
    )
    // @ts-expect-error a number is no tensor
    expect(() => grad((x: Tensor) => x.size)(tensor(1))).toThrow(/must return a scalar tensor, it returned number/)
  })

  test('an argument without a float', () => {
    const f = (x: AnyTensor) => sum(cast(x, 'float32'))
    expect(() => grad(f)(tensor([1], { dtype: 'int32' }))).toThrow(
      'grad: the argument is int32, which has no gradient; cast it to float32 or float64',
    )
    expect(() => grad(f)(randomKey(0))).toThrow(/the argument is key/)
    expect(() => grad((_: object) => tensor(1))({})).toThrow(/holds no tensor to differentiate by/)
  })

  test('an argument that the call does not have', () => {
    const f = square as (...xs: Tensor[]) => Tensor
    expect(() => grad(f, { argnums: 1 })(tensor(1))).toThrow(
      'grad: there is no argument 1 to differentiate by; the call had 1',
    )
    expect(() => grad(f, { argnums: -1 })(tensor(1))).toThrow(/no argument -1/)
  })

  test('a promise', async () => {
    // @ts-expect-error a promise is no tensor
    expect(() => grad(async (x: Tensor) => x)(tensor(1))).toThrow(TraceError)
    // @ts-expect-error a promise is no tensor
    expect(() => grad(async (x: Tensor) => x)(tensor(1))).toThrow(/^grad: the function returned a promise/)
    expect(() => vjp(async (x: Tensor) => x, tensor(1))).toThrow(/^vjp: the function returned a promise/)
    expect(() => record(async () => tensor(1))).toThrow(/^record: the function returned a promise/)
  })

  test('what f throws comes through, and leaves nothing recording', () => {
    expect(() =>
      grad((_: Tensor): Tensor => {
        throw new RangeError('mine')
      })(tensor(1)),
    ).toThrow(new RangeError('mine'))
    expect(grad(square)(tensor(3)).item()).toBe(6)
  })
})

describe('long tapes', () => {
  const LENGTH = 100_000

  test('a chain of 100,000 operations differentiates without recursion', () => {
    const chain = (x: Tensor) => {
      let y: Tensor = x
      for (let step = 0; step < LENGTH; step++) y = add(mul(y, 1.00001), 0)
      return y
    }
    expect(grad(chain)(tensor(1, { dtype: 'float64' })).item()).toBeCloseTo(1.00001 ** LENGTH, 9)
  })

  test('a wide fan-out of 20,000 uses adds up', () => {
    const fan = (x: Tensor) => {
      let y: Tensor = tensor(0, { dtype: 'float64' })
      for (let step = 0; step < 20_000; step++) y = add(y, mul(x, step))
      return y
    }
    expect(grad(fan)(tensor(1, { dtype: 'float64' })).item()).toBe((19_999 * 20_000) / 2)
  })

  test('a diamond of 60 levels is walked once a step, not once a path', () => {
    const diamonds = (x: Tensor) => {
      let y: Tensor = x
      for (let level = 0; level < 60; level++) y = mul(add(y, y), 0.5)
      return y
    }
    expect(grad(diamonds)(tensor(2)).item()).toBe(1)
  })
})

test('broadcastTo inside, with a gradient through the repeats', () => {
  const gradient = grad((x: Tensor) =>
    sum(
      mul(
        broadcastTo(x, [3, 2]),
        tensor([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      ),
    ),
  )(tensor([1, 1]))
  expect(gradient.toArray()).toEqual([9, 12])
})
