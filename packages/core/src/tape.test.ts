import { describe, expect, test } from 'vitest'
import { GradientError } from './errors.ts'
import { exp, log, sin } from './operations.fixtures.ts'
import { add, cast, mul, sum } from './operations.ts'
import { customVjp } from './primitive.ts'
import { record } from './tape.ts'
import { type AnyTensor, abstractTensor, type Tensor, tensor } from './tensor.ts'
import { scope } from './trace.ts'
import { grad } from './transforms.ts'

const names = (tape: { readonly steps: readonly { readonly primitive: { readonly name: string } }[] }) =>
  tape.steps.map((step) => step.primitive.name)

describe('record', () => {
  test('keeps every step in order, whether gradients flow through it or not', () => {
    const x = tensor([1, 2])
    const [value, tape] = record(() => {
      const count = add(tensor([1], { dtype: 'int32' }), 1)
      return sum(mul(exp(x), cast(count, 'float32')))
    })
    expect(names(tape)).toEqual(['add', 'exp', 'cast', 'mul', 'sum'])
    expect(tape.steps.at(-1)!.output).toBe(value)
    expect(tape.steps[1]!.inputs).toEqual([x])
    for (const step of tape.steps) expect(step.output.data.length).toBe(step.output.size)
  })

  test('records nothing outside', () => {
    const [, tape] = record(() => tensor(1))
    exp(tensor(1))
    expect(tape.steps).toEqual([])
  })

  test('hands any value through', () => {
    expect(record(() => 'value')[0]).toBe('value')
    expect(record(() => undefined)[0]).toBeUndefined()
  })

  test('nested records each have the steps that ran inside them', () => {
    const x = tensor(2)
    const [[inner, innerTape], outerTape] = record(() => {
      const y = sin(x)
      const recorded = record(() => exp(y))
      log(recorded[0])
      return recorded
    })
    expect(names(innerTape)).toEqual(['exp'])
    expect(names(outerTape)).toEqual(['sin', 'exp', 'log'])
    expect(outerTape.gradient(inner, x).item()).toBeCloseTo(Math.exp(Math.sin(2)) * Math.cos(2), 6)
    // To the inner tape sin(x) is a constant.
    expect(innerTape.gradient(inner, x).item()).toBe(0)
  })

  test('stops when the function throws', () => {
    expect(() =>
      record(() => {
        exp(tensor(1))
        throw new RangeError('mine')
      }),
    ).toThrow(RangeError)
    expect(record(() => 1)[1].steps).toEqual([])
  })

  test('works on shapes alone', () => {
    const [value, tape] = record(() => sum(mul(abstractTensor([2, 3], 'float32'), 2)))
    expect(value.shape).toEqual([])
    expect(names(tape)).toEqual(['mul', 'sum'])
  })
})

describe('gradient', () => {
  const x = tensor([1, 2])
  const y = tensor(3)
  const compute = () => {
    const middle = mul(x, y)
    const target = sum(mul(middle, middle))
    return { middle, target }
  }

  test('by leaves, and by what was computed on the way', () => {
    const [{ middle, target }, tape] = record(compute)
    expect(tape.gradient(target, x).toArray()).toEqual([18, 36])
    expect(tape.gradient(target, y).item()).toBe(30)
    expect(tape.gradient(target, middle).toArray()).toEqual([6, 12])
  })

  test('by a tree of sources at once, named like them', () => {
    const [{ middle, target }, tape] = record(compute)
    const gradient = tape.gradient(target, { x, rest: [middle, y], n: 5, labels: tensor([1], { dtype: 'int32' }) })
    expect(gradient.x.toArray()).toEqual([18, 36])
    expect(gradient.rest.map((one) => one.toArray())).toEqual([[6, 12], 30])
    expect(gradient.labels).toBeNull()
  })

  test('any number of times, of any value on the tape', () => {
    const [{ middle, target }, tape] = record(compute)
    expect(tape.gradient(target, x).toArray()).toEqual(tape.gradient(target, x).toArray())
    expect(tape.gradient(middle, x, { cotangent: tensor([1, 10]) }).toArray()).toEqual([3, 30])
    expect(tape.gradient(target, target).item()).toBe(1)
  })

  test('is zero for what the target does not depend on', () => {
    const [{ middle, target }, tape] = record(compute)
    expect(tape.gradient(middle, target, { cotangent: tensor([1, 1]) }).item()).toBe(0)
    expect(tape.gradient(target, tensor([7, 7])).toArray()).toEqual([0, 0])
  })

  test('can itself be recorded and differentiated', () => {
    const a = tensor(2)
    const [slope, outer] = record(() => {
      const [cube, inner] = record(() => mul(a, mul(a, a)))
      return inner.gradient(cube, a)
    })
    expect(slope.item()).toBe(12)
    expect(outer.gradient(slope, a).item()).toBe(12)
  })

  test('inside grad', () => {
    const f = (a: Tensor) => {
      const [value, tape] = record(() => mul(a, mul(a, a)))
      return tape.gradient(value, a)
    }
    expect(grad(f)(tensor(2)).item()).toBe(12)
  })

  test('targets, sources and cotangents that do not fit are refused', () => {
    const [{ middle, target }, tape] = record(compute)
    expect(() => tape.gradient(middle, x)).toThrow(
      /^gradient: the function must return a scalar, it returned shape \[2\]/,
    )
    expect(() => tape.gradient(target, tensor([1], { dtype: 'int32' }))).toThrow(GradientError)
    expect(() => tape.gradient(target, {})).toThrow(/the sources hold no float tensor/)
    expect(() => tape.gradient(middle, x, { cotangent: tensor(1) })).toThrow(/does not fit the value float32 \[2\]/)
    expect(() => tape.gradient(cast(target, 'int32'), x)).toThrow(/int32, through which no gradient flows/)
  })
})

describe('scope', () => {
  const paths = (f: () => unknown) => record(f)[1].steps.map((step) => `${step.primitive.name}@${step.scope}`)

  test('names nest, joined by slashes', () => {
    expect(
      paths(() => {
        const x = exp(tensor(1))
        scope('net', () => {
          scope('hidden', () => sin(x))
          log(x)
        })
        exp(x)
      }),
    ).toEqual(['exp@', 'sin@net/hidden', 'log@net', 'exp@'])
  })

  test('a reverse sweep records where the step was whose rule it calls, one order up', () => {
    const hidden = (x: Tensor) => scope('hidden', () => mul(exp(x), x))
    const f = (x: Tensor) => record(() => scope('all', () => grad(hidden)(x)))[1].steps
    const swept = f(tensor(1)).filter((step) => step.order > 0)
    expect(new Set(swept.map((step) => step.scope))).toEqual(new Set(['all/hidden']))
    const second = record(() => scope('all', () => grad((x: Tensor) => grad(hidden)(x))(tensor(1))))[1].steps
    expect(new Set(second.map((step) => step.order))).toEqual(new Set([0, 1, 2]))
  })

  test('gives what the function returns, and ends where it throws', () => {
    expect(scope('a', () => 5)).toBe(5)
    expect(() =>
      scope('a', () => {
        throw new RangeError('mine')
      }),
    ).toThrow(RangeError)
    expect(paths(() => exp(tensor(1)))).toEqual(['exp@'])
  })

  test('reaches the steps inside composed operations', () => {
    const composed = customVjp(
      (x: AnyTensor) => scope('inner', () => exp(x)),
      (g) => g,
    )
    const [, tape] = record(() => scope('outer', () => composed(tensor(1))))
    expect(tape.steps[0]!.scope).toBe('outer')
    expect(tape.steps[0]!.inside!.steps[0]!.scope).toBe('outer/inner')
  })
})
