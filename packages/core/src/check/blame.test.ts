import { describe, expect, test } from 'vitest'
import { map } from '../kernel/kernel.ts'
import { cos, div, exp, log, sin } from '../operations.fixtures.ts'
import { add, mul, stopGradient, sum } from '../operations.ts'
import { customVjp, definePrimitive, type VjpRule } from '../primitive.ts'
import { type AnyTensor, type Tensor, tensor } from '../tensor.ts'
import { scope } from '../trace.ts'
import { checkGradients } from './checkGradients.ts'

const square = (x: AnyTensor) => mul(x, x)

/** x³ with the rule given. */
const cubeWith = (rule: VjpRule) => definePrimitive({ name: 'cube', kernel: map((x) => x.mul(x).mul(x)), vjp: [rule] })

/** a · b² with the rules given. */
const timesSquareWith = (...vjp: readonly VjpRule[]) =>
  definePrimitive({ name: 'timesSquare', kernel: map((a, b) => a.mul(b).mul(b)), vjp })

const x = tensor([2, -1, 0.5])
const y = tensor([3, 0.25, -2])

describe('a wrong rule is named', () => {
  test('with its sign flipped', () => {
    const cube = cubeWith((g, [a]) => mul(g, mul(-3, square(a))))
    const report = checkGradients((a: Tensor) => sum(scope('hidden', () => cube(a))), [x])
    expect(report.blame).toMatchObject({
      kind: 'wrong',
      operation: 'cube',
      input: 0,
      order: 1,
      by: 'input 0',
      index: [0],
      shape: [3],
      value: 2,
      cotangent: 'ones',
      rule: -12,
      pattern: { kind: 'negated' },
      scope: 'hidden',
    })
    expect(report.blame!.numerical).toBeCloseTo(12, 9)
    expect(report.toString()).toContain(
      'cube in hidden: the vjp rule of input 0 gives -12, numerically it is 12, at index [0] of input 0, shape [3], which is 2 there. The sign of the rule is flipped.',
    )
  })

  test('scaled', () => {
    const cube = cubeWith((g, [a]) => mul(g, mul(1.5, square(a))))
    const report = checkGradients((a: Tensor) => exp(cube(a)), [x])
    expect(report.blame).toMatchObject({ operation: 'cube', rule: 6, pattern: { kind: 'scaled' } })
    expect(report.blame!.numerical).toBeCloseTo(12, 9)
    expect(report.toString()).toContain('The rule gives 0.5 times what it should, everywhere.')
  })

  test('zero', () => {
    const cube = cubeWith((g) => mul(g, 0))
    const report = checkGradients((a: Tensor) => cube(a), [x])
    expect(report.blame).toMatchObject({ operation: 'cube', rule: 0, pattern: { kind: 'zero' } })
    expect(report.toString()).toContain('The rule gives 0 everywhere.')
  })

  test('with a term missing', () => {
    // x · eˣ, whose derivative is eˣ + x · eˣ.
    const broken = customVjp(
      function xExp(a) {
        return mul(a, exp(a))
      },
      (g, [a]) => mul(g, mul(a, exp(a))),
    )
    const report = checkGradients((a: Tensor) => sum(broken(mul(2, a))), [tensor([1, 0.25])])
    expect(report.blame).toMatchObject({ operation: 'xExp', input: 0, value: 2, pattern: null })
    expect(report.blame!.rule).toBeCloseTo(2 * Math.exp(2), 9)
    expect(report.blame!.numerical).toBeCloseTo(3 * Math.exp(2), 6)
  })

  test('exchanged with that of the other input', () => {
    const broken = timesSquareWith(
      (g, [a, b]) => mul(g, mul(2, mul(a, b))),
      (g, [, b]) => mul(g, square(b)),
    )
    const report = checkGradients((a: Tensor, b: Tensor) => broken(a, b), [x, y])
    expect(report.blame).toMatchObject({
      operation: 'timesSquare',
      input: 0,
      rule: 12,
      pattern: { kind: 'exchanged', with: 1 },
    })
    expect(report.blame!.numerical).toBeCloseTo(9, 9)
    expect(report.toString()).toContain('This is the derivative by input 1: the rules of the two inputs are exchanged.')
  })

  test('of the second input alone', () => {
    const broken = timesSquareWith(
      (g, [, b]) => mul(g, square(b)),
      (g, [a, b]) => mul(g, mul(a, b)),
    )
    const report = checkGradients((a: Tensor, b: Tensor) => broken(a, b), [x, y])
    expect(report.leaves.map(({ ok }) => ok)).toEqual([true, false])
    expect(report.blame).toMatchObject({ operation: 'timesSquare', input: 1, by: 'input 1', rule: 6 })
    expect(report.blame!.numerical).toBeCloseTo(12, 8)
  })

  test('that forgets the cotangent', () => {
    const cube = cubeWith((_, [a]) => mul(3, square(a)))
    const report = checkGradients((a: Tensor) => mul(5, cube(a)), [x])
    expect(report.blame).toMatchObject({ operation: 'cube', cotangent: 'random' })
    expect(report.toString()).toContain('for a random cotangent')
  })

  test('in forward mode, a rule that is not linear in the cotangent', () => {
    // Right for a cotangent of 1, which is all that reverse mode sees here.
    const cube = cubeWith((g, [a]) => mul(square(g), mul(3, square(a))))
    const f = (a: Tensor) => sum(cube(a))
    expect(checkGradients(f, [x]).ok).toBe(true)
    const report = checkGradients(f, [x], { mode: 'forward' })
    expect(report.ok).toBe(false)
    expect(report.blame).toMatchObject({ operation: 'cube', input: 0, order: 1 })
  })

  test('the first of several', () => {
    const first = definePrimitive({ name: 'first', kernel: map((a) => a.sin()), vjp: [(g, [a]) => mul(g, sin(a))] })
    const second = definePrimitive({ name: 'second', kernel: map((a) => a.exp()), vjp: [(g) => g] })
    expect(checkGradients((a: Tensor) => second(first(a)), [x]).blame).toMatchObject({ operation: 'first' })
    expect(checkGradients((a: Tensor) => first(second(a)), [x]).blame).toMatchObject({ operation: 'second' })
  })

  test('at the step where its inputs show it', () => {
    // Right for positive inputs, wrong for negative ones.
    const half = definePrimitive({
      name: 'odd',
      kernel: map((a) => a.mul(a)),
      vjp: [(g, [a]) => mul(g, mul(2, abs(a)))],
    })
    const abs = definePrimitive({ name: 'abs', kernel: map((a) => a.abs()), vjp: [null] })
    const report = checkGradients((a: Tensor) => half(add(half(exp(a)), -100)), [x])
    expect(report.blame).toMatchObject({ operation: 'odd', scope: '' })
    expect(report.blame!.value).toBeLessThan(0)
  })

  test('not the right ones around it', () => {
    const cube = cubeWith((g, [a]) => mul(g, square(a)))
    const report = checkGradients(
      (a: Tensor, b: Tensor) => div(log(add(1, square(sin(a)))), add(3, cube(cos(b)))),
      [x, y],
    )
    expect(report.leaves.map(({ ok }) => ok)).toEqual([true, false])
    expect(report.blame!.operation).toBe('cube')
  })
})

describe('composed operations are checked as one step', () => {
  const softplus = (rule: VjpRule) =>
    customVjp(function softplus(a) {
      return log(add(1, exp(a)))
    }, rule)

  test('a right rule passes at both orders and in both modes', () => {
    const f = softplus((g, [a]) => div(g, add(1, exp(mul(-1, a!)))))
    expect(checkGradients((a: Tensor) => f(a), [x], { order: 2, mode: 'both' }).ok).toBe(true)
  })

  test('a wrong one is named, not what it is composed of', () => {
    const f = softplus((g, [a]) => mul(g, exp(a)))
    const report = checkGradients((a: Tensor) => f(a), [x])
    expect(report.blame).toMatchObject({ operation: 'softplus', input: 0, index: [0] })
    expect(report.blame!.rule).toBeCloseTo(Math.exp(2), 9)
    expect(report.blame!.numerical).toBeCloseTo(1 / (1 + Math.exp(-2)), 9)
  })
})

describe('order 2', () => {
  test('a rule that takes its input for a constant', () => {
    const cube = cubeWith((g, [a]) => mul(g, mul(3, square(stopGradient(a)))))
    expect(checkGradients((a: Tensor) => sum(cube(a)), [x]).ok).toBe(true)
    const report = checkGradients((a: Tensor) => sum(cube(a)), [x], { order: 2 })
    expect(report.leaves.map(({ order, ok }) => [order, ok])).toEqual([
      [1, true],
      [2, false],
    ])
    expect(report.blame).toMatchObject({
      kind: 'wrong',
      operation: 'cube',
      input: 0,
      order: 2,
      by: 'input 0',
      value: 2,
      rule: 0,
    })
    expect(report.blame!.numerical).toBeCloseTo(12, 8)
    expect(report.toString()).toContain('is right, but its own derivative by input 0 gives 0, numerically it is 12')
  })

  test('a rule that takes its output for a constant', () => {
    const broken = definePrimitive({
      name: 'exponential',
      kernel: map((a) => a.exp()),
      vjp: [(g, _, out) => mul(g, stopGradient(out))],
    })
    const report = checkGradients((a: Tensor) => broken(a), [x], { order: 2 })
    expect(report.blame).toMatchObject({ operation: 'exponential', order: 2, by: 'input 0', rule: 0 })
  })

  test('a rule that takes the other input for a constant', () => {
    const broken = definePrimitive({
      name: 'product',
      kernel: map((a, b) => a.mul(b)),
      vjp: [(g, [, b]) => mul(g, stopGradient(b)), (g, [a]) => mul(g, a)],
    })
    const report = checkGradients((a: Tensor, b: Tensor) => broken(a, b), [x, y], { order: 2 })
    expect(report.blame).toMatchObject({ operation: 'product', input: 0, order: 2, by: 'input 1', rule: 0 })
    expect(report.blame!.numerical).toBeCloseTo(1, 9)
  })

  test('a rule that takes the cotangent for a constant', () => {
    const cube = cubeWith((g, [a]) => mul(stopGradient(g), mul(3, square(a))))
    const report = checkGradients((a: Tensor) => exp(cube(a)), [tensor([0.5, -0.25])], { order: 2 })
    expect(report.leaves[0]!.ok).toBe(true)
    expect(report.blame).toMatchObject({ operation: 'cube', order: 2, by: 'cotangent', rule: 0 })
  })

  test('an operation that only the gradient uses', () => {
    const brokenCos = definePrimitive({
      name: 'brokenCos',
      kernel: map((a) => a.cos()),
      vjp: [(g, [a]) => mul(g, sin(a))],
    })
    const sine = definePrimitive({ name: 'sine', kernel: map((a) => a.sin()), vjp: [(g, [a]) => mul(g, brokenCos(a))] })
    const report = checkGradients((a: Tensor) => sine(a), [x], { order: 2 })
    expect(report.leaves[0]!.ok).toBe(true)
    expect(report.blame).toMatchObject({ operation: 'brokenCos', order: 1, pattern: { kind: 'negated' } })
  })
})

describe('where no rule is wrong', () => {
  test('a gradient that is cut is named as such', () => {
    const report = checkGradients(
      (a: Tensor) =>
        mul(
          scope('target', () => stopGradient(a)),
          a,
        ),
      [x],
    )
    expect(report.blame).toMatchObject({ kind: 'cut', operation: 'stopGradient', input: 0, scope: 'target', rule: 0 })
    expect(report.toString()).toContain('no gradient flows to input 0 (its vjp rule is null), numerically it is 1')
  })

  test('numbers read out and put back leave nothing to blame', () => {
    const report = checkGradients((a: Tensor) => mul(tensor(Float64Array.from(a.data)), a), [x])
    expect(report.ok).toBe(false)
    expect(report.blame).toBeNull()
    expect(report.toString()).toContain('a value that was read out of a tensor')
  })
})
