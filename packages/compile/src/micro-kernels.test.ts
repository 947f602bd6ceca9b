/** The sets of micro-kernels: what is chosen, and that results do not depend on it. */
import { type AnyTensor, randomKey, type Tensor, ValueError, valueAndGrad } from '@cotangent/core'
import { add, conv2d, matmul, mean, normal, relu, transpose } from '@cotangent/ops'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { compile } from './compile.ts'
import { MICRO_KERNELS, type MicroKernelsName } from './panels.ts'

const names = Object.keys(MICRO_KERNELS) as MicroKernelsName[]
const key = randomKey(20_261_129)

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('all sets give the same bits', () => {
  const bytesWith = <A extends readonly unknown[]>(
    f: (...args: A) => AnyTensor,
    microKernels: MicroKernelsName,
    args: A,
  ) => {
    const compiled = compile(f, { threads: 1, microKernels })
    return Buffer.from(Uint8Array.from(new Uint8Array(compiled(...args).data.slice().buffer)))
  }

  test.each([
    [1, 1, 1],
    [7, 3, 9],
    [13, 100, 50],
    [40, 900, 30],
    [130, 65, 101],
    [5, 2000, 3],
  ])('a product of [%i, %i] by [, %i]', (rows, summed, columns) => {
    for (const dtype of ['float32', 'float64'] as const) {
      const [a, b] = [normal(key, [rows, summed], { dtype }), normal(key, [columns, summed], { dtype })]
      const f = (a: Tensor, b: Tensor) => add(matmul(a, transpose(b)), 1)
      const [first, ...others] = names.map((name) => bytesWith(f, name, [a, b]))
      for (const other of others) expect(other.equals(first!)).toBe(true)
    }
  })

  test('a convolution and its gradients, by Winograd and directly', () => {
    const [x, first, second] = [normal(key, [3, 1, 14, 14]), normal(key, [16, 1, 3, 3]), normal(key, [12, 16, 3, 3])]
    const f = (x: Tensor, first: Tensor, second: Tensor) => {
      const loss = (first: Tensor, second: Tensor) => mean(conv2d(relu(conv2d(x, first, null)), second, null))
      return valueAndGrad(loss, { argnums: [0, 1] })(first, second)[1][0]
    }
    const [one, ...others] = names.map((name) => bytesWith(f, name, [x, first, second]))
    for (const other of others) expect(other.equals(one!)).toBe(true)
  })
})

describe('the choice', () => {
  const [a, b] = [normal(key, [4, 6]), normal(key, [6, 50])]

  test.each(names)('%s, by the option, is told', (microKernels) => {
    const f = compile(matmul, { threads: 1, microKernels })
    f(a, b)
    expect(f.explain()).toContain(`${microKernels} micro-kernels`)
  })

  test('by the environment', () => {
    vi.stubEnv('COTANGENT_MICRO_KERNELS', 'narrow')
    const f = compile(matmul, { threads: 1 })
    f(a, b)
    expect(f.explain()).toContain('narrow micro-kernels')
    expect(compile(matmul, { threads: 1, microKernels: 'large' }).explain({ args: [a, b] })).toContain('large')
  })

  test('by measuring, where neither says', () => {
    vi.stubEnv('COTANGENT_MICRO_KERNELS', '')
    const f = compile(matmul, { threads: 1 })
    f(a, b)
    expect(f.explain()).toMatch(/(wide|narrow|large) micro-kernels/)
  })

  test('is not made, nor told, where no matrices are multiplied', () => {
    expect(compile(relu, { threads: 1 }).explain({ args: [a] })).not.toContain('micro-kernels')
  })

  test('of some that there are not is refused', () => {
    expect(() => compile(matmul, { microKernels: 'tall' as 'wide' })).toThrow(
      new ValueError('compile: microKernels is tall; give one of wide, narrow, large'),
    )
    vi.stubEnv('COTANGENT_MICRO_KERNELS', 'huge')
    expect(() => compile(matmul)).toThrow('COTANGENT_MICRO_KERNELS is huge; give one of wide, narrow, large')
  })
})
