/** float32 where it is tight: huge logits, no variance, the edge of a domain. Finite values and gradients, or the documented convention. */
import { type AnyTensor, full, ones, type Tensor, tensor, vjp, zeros } from '@cotangent/core'
import {
  batchNorm,
  binaryCrossEntropy,
  elu,
  gelu,
  layerNorm,
  logSoftmax,
  logSumExp,
  pow,
  sigmoid,
  silu,
  softmax,
  softmaxCrossEntropy,
  softplus,
  sqrt,
  tanh,
} from '@cotangent/ops'
import { describe, expect, test } from 'vitest'

/** The value of `f`, and the gradients of its sum, as arrays. */
function differentiated(f: (...inputs: Tensor[]) => AnyTensor, ...inputs: Tensor[]) {
  const [value, pullback] = vjp(f, ...inputs)
  const gradients = pullback(full(value.shape, 1)) as readonly Tensor[]
  return { value: value.toArray(), gradients: gradients.map((one) => one.toArray()) }
}

describe('logits of ±1e4', () => {
  const logits = tensor([
    [1e4, 0, -1e4],
    [-1e4, -1e4, -1e4],
    [1e4, 1e4, -1e4],
  ])

  test('softmax', () => {
    const { value, gradients } = differentiated((x) => softmax(x), logits)
    const third = Math.fround(1 / 3)
    expect(value).toEqual([
      [1, 0, 0],
      [third, third, third],
      [0.5, 0.5, 0],
    ])
    // The rows sum to 1, whatever the logits.
    for (const element of gradients.flat(2)) expect(element).toBeCloseTo(0, 7)
  })

  test('logSoftmax', () => {
    const { value, gradients } = differentiated((x) => logSoftmax(x), logits)
    const [third, half] = [Math.fround(-Math.log(3)), Math.fround(-Math.LN2)]
    expect(value).toEqual([
      [0, -1e4, -2e4],
      [third, third, third],
      [half, half, Math.fround(-2e4 - Math.LN2)],
    ])
    expect(gradients).toEqual([
      [
        [-2, 1, 1],
        [expect.closeTo(0, 6), expect.closeTo(0, 6), expect.closeTo(0, 6)],
        [-0.5, -0.5, 1],
      ],
    ])
  })

  test('logSumExp', () => {
    const { value, gradients } = differentiated((x) => logSumExp(x, { axis: 1 }), logits)
    expect(value).toEqual([1e4, Math.fround(-1e4 + Math.log(3)), Math.fround(1e4 + Math.LN2)])
    const third = expect.closeTo(1 / 3, 6)
    expect(gradients).toEqual([
      [
        [1, 0, 0],
        [third, third, third],
        [0.5, 0.5, 0],
      ],
    ])
  })

  test('logSumExp of infinities', () => {
    const infinite = Number.POSITIVE_INFINITY
    expect(logSumExp(tensor([-infinite, -infinite])).item()).toBe(-infinite)
    expect(logSumExp(tensor([infinite, 0])).item()).toBe(infinite)
    expect(logSumExp(tensor([-infinite, 0])).item()).toBe(0)
  })

  test('softmaxCrossEntropy by class indices', () => {
    const labels = tensor([0, 1, 2], { dtype: 'int32' })
    const { value, gradients } = differentiated((x) => softmaxCrossEntropy(x, labels), logits)
    expect(value).toBeCloseTo((Math.log(3) + Math.LN2 + 2e4) / 3, 2)
    const ninth = expect.closeTo(1 / 9, 6)
    expect(gradients).toEqual([
      [
        [0, 0, 0],
        [ninth, expect.closeTo(-2 / 9, 6), ninth],
        [expect.closeTo(1 / 6, 6), expect.closeTo(1 / 6, 6), expect.closeTo(-1 / 3, 6)],
      ],
    ])
  })

  test('softmaxCrossEntropy by probabilities', () => {
    const labels = tensor([
      [0, 0, 1],
      [1, 0, 0],
      [0.5, 0.5, 0],
    ])
    const { value, gradients } = differentiated((x) => softmaxCrossEntropy(x, labels), logits)
    expect(value).toBeCloseTo((2e4 + Math.log(3) + Math.LN2) / 3, 2)
    expect(gradients.flat(2).every(Number.isFinite)).toBe(true)
    expect(gradients[0]).toHaveProperty('0.2', expect.closeTo(-1 / 3, 6))
  })

  test('binaryCrossEntropy', () => {
    const targets = tensor([1, 0, 1, 0])
    const { value, gradients } = differentiated((x) => binaryCrossEntropy(x, targets), tensor([1e4, -1e4, -1e4, 1e4]))
    expect(value).toBe(5e3)
    expect(gradients).toEqual([[0, 0, -0.25, 0.25]])
  })
})

describe.each([
  { name: 'sigmoid', f: sigmoid, value: [1, 0], gradient: [0, 0] },
  { name: 'tanh', f: tanh, value: [1, -1], gradient: [0, 0] },
  { name: 'softplus', f: softplus, value: [1e4, 0], gradient: [1, 0] },
  { name: 'silu', f: silu, value: [1e4, 0], gradient: [1, 0] },
  { name: 'gelu', f: gelu, value: [1e4, 0], gradient: [1, 0] },
  { name: 'elu', f: elu, value: [1e4, -1], gradient: [1, 0] },
])('$name at ±1e4', ({ f, value, gradient }) => {
  test('value and gradient', () => {
    const got = differentiated((x) => f(x), tensor([1e4, -1e4]))
    expect(got.value).toEqual(value.map((one) => expect.closeTo(one, 6)))
    expect(got.gradients).toEqual([gradient.map((one) => expect.closeTo(one, 6))])
  })
})

describe('normalisation without variance', () => {
  const constant = full([4, 2], 3)

  test('batchNorm gives beta, and no gradient to its input', () => {
    const f = (x: Tensor, gamma: Tensor, beta: Tensor) => batchNorm(x, gamma, beta)
    const { value, gradients } = differentiated(f, constant, tensor([2, 5]), tensor([-1, 7]))
    expect(value).toEqual([-1, -1, -1, -1].map((one) => [one, 7]))
    expect(gradients).toEqual([zeros([4, 2]).toArray(), [0, 0], [4, 4]].map((one) => near(one)))
  })

  test('layerNorm gives beta, and no gradient to its input', () => {
    const f = (x: Tensor, gamma: Tensor, beta: Tensor) => layerNorm(x, gamma, beta)
    const { value, gradients } = differentiated(f, constant, ones([2]), tensor([-1, 7]))
    expect(value).toEqual([-1, -1, -1, -1].map((one) => [one, 7]))
    expect(gradients).toEqual([zeros([4, 2]).toArray(), [0, 0], [4, 4]].map((one) => near(one)))
  })

  test('batchNorm over one example, whose variance is 0 as well, is finite to the second order', () => {
    const [x, gamma, beta] = [tensor([[1, -2]]), ones([2]), zeros([2])]
    const gradient = (one: Tensor) => vjp((again: Tensor) => batchNorm(again, gamma, beta), one)[1](ones([1, 2]))[0]
    expect(gradient(x).toArray()).toEqual(near([[0, 0]]))
    expect(differentiated(gradient, x).gradients).toEqual([near([[0, 0]])])
  })
})

describe('at the edge of the domain', () => {
  test('sqrt at 0: the value is 0, the derivative infinite', () => {
    expect(differentiated((x) => sqrt(x), tensor([0, 4]))).toEqual({
      value: [0, 2],
      gradients: [[Number.POSITIVE_INFINITY, 0.25]],
    })
  })

  test('pow at 0: finite, but that powers below 1 have an infinite derivative, as sqrt has', () => {
    const { value, gradients } = differentiated((x, y) => pow(x, y), tensor([0, 0, 0, 0]), tensor([0, 1, 2, 0.5]))
    expect(value).toEqual([1, 0, 0, 0])
    expect(gradients).toEqual([
      [0, 1, 0, Number.POSITIVE_INFINITY],
      [0, 0, 0, 0],
    ])
    const negative = differentiated((x) => pow(x, -1), tensor([0]))
    expect(negative).toEqual({ value: [Number.POSITIVE_INFINITY], gradients: [[Number.NEGATIVE_INFINITY]] })
  })

  test('the second derivatives of powers of 0 are those of the polynomial', () => {
    const second = (power: number): unknown => {
      const first = (x: Tensor) => vjp((one: Tensor) => pow(one, power), x)[1](ones([1]))[0]
      return differentiated(first, tensor([0])).gradients
    }
    expect(second(2)).toEqual([[2]])
    expect(second(3)).toEqual([[0]])
    expect(second(1)).toEqual([[0]])
    expect(second(0)).toEqual([[0]])
  })
})

/** The same nest, each number to six digits: what float32 leaves of an exact 0. */
function near(nest: unknown): unknown {
  return Array.isArray(nest) ? nest.map(near) : expect.closeTo(nest as number, 6)
}
