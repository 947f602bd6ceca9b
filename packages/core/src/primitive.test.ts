import { describe, expect, test } from 'vitest'
import { GradientError, TraceError, ValueError } from './errors.ts'
import { map } from './kernel/kernel.ts'
import { cos, exp, log, sin } from './operations.fixtures.ts'
import { add, mul, reshape, stopGradient, sum } from './operations.ts'
import { compute, customVjp, definePrimitive, type VjpRule } from './primitive.ts'
import { record } from './tape.ts'
import { type AnyTensor, type Tensor, tensor } from './tensor.ts'
import { grad, jvp } from './transforms.ts'

const cube = definePrimitive({
  name: 'cube',
  kernel: map((x) => x.mul(x).mul(x)),
  vjp: [(g, [x]) => mul(g, mul(3, mul(x, x)))],
})

describe('a primitive of the user', () => {
  test('computes, differentiates to any order, and forward', () => {
    const f = (x: Tensor) => cube(x)
    expect(f(tensor(2)).item()).toBe(8)
    expect(grad(f)(tensor(2)).item()).toBe(12)
    expect(grad(grad(f))(tensor(2)).item()).toBe(12)
    expect(grad(grad(grad(f)))(tensor(2)).item()).toBe(6)
    expect(jvp(f, [tensor(2)], [tensor(10)]).map((one) => one.item())).toEqual([8, 120])
  })

  test('is recorded as one step', () => {
    const [, tape] = record(() => cube(tensor([1, 2])))
    expect(tape.steps.map((step) => step.primitive)).toEqual([cube.primitive])
  })

  test('the engine undoes broadcasting for it', () => {
    const product = definePrimitive({
      name: 'product',
      kernel: map((a, b) => a.mul(b)),
      vjp: [(g, [, b]) => mul(g, b), (g, [a]) => mul(g, a)],
    })
    const gradients = grad((a: Tensor, b: Tensor) => sum(product(a, b)), { argnums: [0, 1] })(
      tensor([[1], [2]]),
      tensor([10, 20, 30]),
    )
    expect(gradients.map((one) => one.toArray())).toEqual([
      [[60], [60]],
      [3, 3, 3],
    ])
  })

  test('options reach shape, kernel and rules', () => {
    const scaled = definePrimitive<{ times: number }>({
      name: 'scaled',
      kernel: compute<{ times: number }>(([x], { times }) => mul(x, times)),
      vjp: [(g, _, __, { times }) => mul(g, times)],
    })
    expect(scaled(tensor(2), { times: 5 }).item()).toBe(10)
    expect(grad((x: Tensor) => scaled(x, { times: 5 }))(tensor(2)).item()).toBe(5)
  })

  test('a rule for each input of any number', () => {
    const total = definePrimitive({
      name: 'total',
      kernel: compute((inputs) => inputs.reduce((a, b) => add(a, b))),
      vjp: (index) => (g) => mul(g, index + 1),
    })
    const gradient = grad((xs: readonly Tensor[]) => total(...xs))([tensor(1), tensor(1), tensor(1)])
    expect(gradient.map((one) => one.item())).toEqual([1, 2, 3])
  })

  test('only the rules of inputs that are wanted are called', () => {
    const called: number[] = []
    const rule =
      (input: number): VjpRule =>
      (g, inputs) => {
        called.push(input)
        return mul(g, inputs[1 - input]!)
      }
    const product = definePrimitive({ name: 'product', kernel: map((a, b) => a.mul(b)), vjp: [rule(0), rule(1)] })
    grad((x: Tensor) => product(tensor(2), x))(tensor(3))
    expect(called).toEqual([1])
  })

  test('another number of inputs than rules is refused', () => {
    expect(() => cube()).toThrow(ValueError)
    expect(() => cube(tensor(1), tensor(2))).toThrow('cube: takes 1 input, got 2')
  })
})

describe('a rule that is wrong is named', () => {
  const withRule = (rule: VjpRule | undefined) =>
    definePrimitive({
      name: 'faulty',
      kernel: compute(([x]) => mul(x, 2)),
      vjp: rule ? [rule] : () => undefined as never,
    })
  const gradient = (rule: VjpRule | undefined) => () =>
    grad((x: Tensor) => sum(withRule(rule)(x)))(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    )

  test('a gradient of another shape', () => {
    expect(gradient((g) => sum(g))).toThrow(GradientError)
    expect(gradient((g) => sum(g))).toThrow(
      'faulty: the vjp rule for input 0 gave a float32 tensor of shape [], but the input is float32 [2, 3]; a cotangent has the type of its input',
    )
    expect(gradient((g) => reshape(g, [3, 2]))).toThrow(/shape \[3, 2\], but the input is float32 \[2, 3\]/)
  })

  test('a gradient of another dtype', () => {
    expect(gradient((g) => mul(g, tensor(1, { dtype: 'float64' })))).toThrow(/gave a float64 tensor/)
  })

  test('no tensor at all', () => {
    expect(gradient(() => undefined as unknown as Tensor)).toThrow(
      /gave undefined; it must give a tensor of shape \[2, 3\]/,
    )
    expect(gradient(() => 5 as unknown as Tensor)).toThrow(/gave 5/)
  })

  test('no rule', () => {
    expect(gradient(undefined)).toThrow(
      'faulty: has no vjp rule for input 0; add one, or null if no gradient flows to it',
    )
  })

  test('a rule that reads elements', () => {
    for (const read of [
      (x: AnyTensor) => x.data[0]!,
      (x: AnyTensor) => sum(x).item(),
      (x: AnyTensor) => String(x.toArray()).length,
    ]) {
      expect(gradient((g, [x]) => mul(g, read(x)))).toThrow(TraceError)
      expect(gradient((g, [x]) => mul(g, read(x)))).toThrow(/the vjp rule of faulty reads a tensor's elements/)
    }
    // Reading works again after the refusal.
    expect(tensor(1).item()).toBe(1)
  })
})

describe('customVjp', () => {
  const clipped = customVjp(
    (x) => mul(x, 1),
    (g) => mul(g, 0.5),
  )

  test('keeps the value and replaces the gradient', () => {
    expect(clipped(tensor([1, 2])).toArray()).toEqual([1, 2])
    expect(grad((x: Tensor) => sum(clipped(x)))(tensor([1, 2])).toArray()).toEqual([0.5, 0.5])
  })

  test('works where f hands its argument through', () => {
    const identity = customVjp(
      (x) => x,
      (g) => mul(g, 7),
    )
    expect(grad((x: Tensor) => mul(identity(x), x))(tensor(3)).item()).toBe(7 * 3 + 3)
  })

  test('is one step with its own steps inside, and carries the name of f', () => {
    function softplus(x: AnyTensor) {
      return log(add(1, exp(x)))
    }
    const [, tape] = record(() => customVjp(softplus, (g) => g)(tensor(1)))
    expect(tape.steps).toHaveLength(1)
    const [step] = tape.steps
    expect(step!.primitive.name).toBe('softplus')
    expect(step!.inside!.steps.map((inner) => inner.primitive.name)).toEqual(['exp', 'add', 'log'])
  })

  test('nests', () => {
    const inner = customVjp(
      (x) => sin(x),
      (g, [x]) => mul(g, mul(2, cos(x))),
    )
    const outer = customVjp(
      (x) => mul(inner(x), 3),
      (g) => mul(g, 100),
    )
    expect(grad((x: Tensor) => outer(x))(tensor(0)).item()).toBe(100)
    expect(grad((x: Tensor) => inner(x))(tensor(0)).item()).toBe(2)
  })

  test('takes one rule an input; null lets no gradient through', () => {
    const f = customVjp((a, b) => mul(a, b), [(g, [, b]) => mul(g, b), null])
    expect(
      grad((a: Tensor, b: Tensor) => f(a, b), { argnums: [0, 1] })(tensor(2), tensor(5)).map((g) => g.item()),
    ).toEqual([5, 0])
  })

  test('a differentiated tensor that f uses beside its arguments is an error', () => {
    const call = () =>
      grad((x: Tensor) => {
        const captured = mul(x, 2)
        return customVjp(
          function capturing(y) {
            return mul(y, captured)
          },
          (g) => g,
        )(x)
      })(tensor([1]))
    expect(call).toThrow(GradientError)
    expect(call).toThrow(/^capturing: uses a differentiated tensor of shape \[1\] that is not among its arguments/)
  })

  test('captured inside a nested composition, it is found as well', () => {
    const call = () =>
      grad((x: Tensor) => {
        const inner = customVjp(
          (y) => mul(y, x),
          (g) => g,
        )
        return customVjp(
          (y) => inner(y),
          (g) => g,
        )(tensor(1))
      })(tensor(1))
    expect(call).toThrow(/that is not among its arguments/)
  })

  test('constants may be captured, and what stopGradient gives', () => {
    const constant = tensor(5)
    const f = (x: Tensor) => {
      const still = stopGradient(x)
      return customVjp(
        (y) => mul(mul(y, constant), still),
        (g) => mul(g, 11),
      )(x)
    }
    expect(grad(f)(tensor(1)).item()).toBe(11)
  })
})
