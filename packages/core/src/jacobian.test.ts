import { describe, expect, expectTypeOf, test } from 'vitest'
import { zeros } from './create.ts'
import { GradientError } from './errors.ts'
import { hessian, jacobian } from './jacobian.ts'
import { exp, sin } from './operations.fixtures.ts'
import { add, cast, mul, reshape, sum } from './operations.ts'
import { type Tensor, tensor } from './tensor.ts'
import { grad } from './transforms.ts'

describe('jacobian', () => {
  test('of an elementwise function is diagonal', () => {
    expect(jacobian((x: Tensor) => mul(x, x))(tensor([1, 2, 3])).toArray()).toEqual([
      [2, 0, 0],
      [0, 4, 0],
      [0, 0, 6],
    ])
  })

  test('has the shape of the value, then of the argument', () => {
    const matrix = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    const derivative = jacobian((x: Tensor) => sum(mul(matrix, x), { axis: 1 }))(tensor([[1, 1, 1]]))
    expect(derivative.shape).toEqual([2, 1, 3])
    expect(derivative.toArray()).toEqual([[[1, 2, 3]], [[4, 5, 6]]])
  })

  test('of a scalar is the gradient', () => {
    const f = (x: Tensor) => sum(sin(x))
    expect(jacobian(f)(tensor([1, 2])).toArray()).toEqual(grad(f)(tensor([1, 2])).toArray())
  })

  test('trees of values by trees of arguments', () => {
    const f = (p: { a: Tensor; n: Tensor<'int32'>; b: readonly Tensor[] }) => ({
      product: mul(p.a, p.b[0]!),
      list: [add(p.a, 1)],
    })
    const derivative = jacobian(f)({
      a: tensor([2, 3]),
      n: tensor([1], { dtype: 'int32' }),
      b: [tensor(5)],
    })
    expect(derivative.product.a.toArray()).toEqual([
      [5, 0],
      [0, 5],
    ])
    expect(derivative.product.b[0]!.toArray()).toEqual([2, 3])
    expect(derivative.product.n).toBeNull()
    expect(derivative.list[0]!.a.toArray()).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect(derivative.list[0]!.b[0]!.toArray()).toEqual([0, 0])
    expectTypeOf(derivative.product.n).toEqualTypeOf<null>()
  })

  test('only the first argument is differentiated', () => {
    expect(jacobian((x: Tensor, y: Tensor) => mul(x, y))(tensor([1]), tensor([7])).toArray()).toEqual([[7]])
  })

  test('of and by empty tensors', () => {
    expect(jacobian((x: Tensor) => mul(x, x))(zeros([0])).shape).toEqual([0, 0])
    expect(jacobian((x: Tensor) => mul(x, zeros([0, 2])))(tensor([1, 2])).shape).toEqual([0, 2, 2])
  })

  test('a value without a float is refused', () => {
    expect(() => jacobian((x: Tensor) => cast(x, 'int32'))(tensor([1]))).toThrow(GradientError)
    expect(() => jacobian((x: Tensor) => x)(tensor([1], { dtype: 'int32' }) as never)).toThrow(GradientError)
  })
})

describe('hessian', () => {
  test('of a quadratic form is symmetric and constant', () => {
    // x₀² + 3 x₀ x₁
    const weights = tensor([
      [1, 3],
      [0, 0],
    ])
    const f = (x: Tensor) => sum(mul(weights, mul(reshape(x, [2, 1]), x)))
    expect(hessian(f)(tensor([5, -2])).toArray()).toEqual([
      [2, 3],
      [3, 0],
    ])
  })

  test('of trees: every leaf by every leaf', () => {
    const f = (p: { x: Tensor; y: Tensor }) => sum(mul(mul(p.x, p.x), p.y))
    const second = hessian(f)({ x: tensor([1, 2]), y: tensor(3) })
    expect(second.x.x.toArray()).toEqual([
      [6, 0],
      [0, 6],
    ])
    expect(second.x.y.toArray()).toEqual([2, 4])
    expect(second.y.x.toArray()).toEqual([2, 4])
    expect(second.y.y.item()).toBe(0)
  })

  test('can be differentiated: the third derivative of exp', () => {
    const f = (x: Tensor) => exp(x)
    expect(grad((x: Tensor) => hessian(f)(x))(tensor(0.5, { dtype: 'float64' })).item()).toBeCloseTo(Math.exp(0.5), 13)
  })

  test('a value that is no scalar is refused', () => {
    expect(() => hessian((x: Tensor) => x)(tensor([1, 2]))).toThrow(/must return a scalar/)
  })
})
