/** Gradients by the filters of convolutions that are max-pooled, made at maxima alone. */
import { type AnyTensor, cast, grad, randomKey, type Tensor, tensor } from '@cotangent/core'
import { conv2d, maxPool2d, mul, normal, relu, sum } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { compile } from '../compile.ts'
import { integers, plain } from '../exact.fixtures.ts'
import { makeProgram } from '../program.ts'
import { Session } from '../session.ts'
import { trace } from '../trace.ts'

type Pool = Parameters<typeof maxPool2d>[1]['kernel']

/** The gradient by filters, for cotangents of the pooled images. */
const byFilters =
  (kernel: Pool, pad = 0) =>
  (y: Tensor, w: Tensor, cotangents: Tensor) =>
    grad((v: Tensor) => sum(mul(maxPool2d(relu(conv2d(y, v, null, { pad })), { kernel }), cotangents)))(w)

const [rowsOf, columnsOf] = [(pool: Pool) => [pool].flat()[0]!, (pool: Pool) => [pool].flat().at(-1)!]

/** Images, filters and cotangents of small integers. */
function argsFor(images: readonly number[], filters: readonly number[], pool: Pool, pad = 0) {
  const [n, , h, w] = images as [number, number, number, number]
  const [count, , high, wide] = filters as [number, number, number, number]
  const pooled = [n, count, (h + 2 * pad - high + 1) / rowsOf(pool), (w + 2 * pad - wide + 1) / columnsOf(pool)]
  return [integers(images, 'float32'), integers(filters, 'float32', 1), integers(pooled, 'float32', 2)] as const
}

/** Compiled without Winograd, on one thread. */
const compiled = (f: ReturnType<typeof byFilters>) => compile(f, { threads: 1, winograd: false })

const kindsOf = (plan: { readonly tasks: readonly { readonly kind: string }[] }): readonly string[] =>
  plan.tasks.map(({ kind }) => kind)

describe('sums of integers are exact', () => {
  test.each([1, 2, 7, 8, 9, 17])('%i images, which parts of the sums divide or not', (n) => {
    const args = argsFor([n, 1, 8, 6], [8, 1, 3, 3], 2)
    const f = compiled(byFilters(2))
    expect(plain(f(...args))).toEqual(plain(byFilters(2)(...args)))
    expect(kindsOf(f.plan())).toContain('pooledFilters')
  })

  test.each([
    ['rows that are taken together, all', [3, 1, 10, 10], [9, 1, 3, 3], 2],
    ['rows that are taken together, three of six', [2, 1, 28, 28], [8, 1, 5, 5], 2],
    ['rows one by one', [2, 8, 12, 12], [8, 8, 5, 5], 2],
    ['rows of which no part fits but one', [2, 2, 16, 30], [8, 2, 3, 3], 2],
    ['other pooling windows along rows and columns', [3, 2, 8, 10], [10, 2, 3, 3], [3, 4]],
    ['sums of one vector', [3, 1, 8, 8], [8, 1, 1, 3], 2],
    ['sums of thirteen vectors', [3, 4, 8, 8], [8, 4, 3, 3 + 1], 2],
    ['sums of fourteen vectors', [3, 6, 8, 8], [8, 6, 3, 3], 2],
    ['sums of many more', [3, 19, 8, 8], [8, 19, 3, 3], 2],
  ] as const)('%s: images %j, filters %j, pooled %j', (_, images, filters, pool) => {
    const [high, wide] = [rowsOf(pool), columnsOf(pool)]
    const fitted = [images[0], images[1], filters[2] - 1 + high * 6, filters[3] - 1 + wide * 6]
    for (const shape of [images, fitted]) {
      const rest = [(shape[2]! - filters[2] + 1) % high, (shape[3]! - filters[3] + 1) % wide]
      if (rest.some((left) => left !== 0)) continue
      const args = argsFor(shape, filters, pool)
      expect(plain(compiled(byFilters(pool))(...args))).toEqual(plain(byFilters(pool)(...args)))
    }
  })

  test('padded images', () => {
    const args = argsFor([3, 2, 6, 6], [8, 2, 3, 3], 2, 1)
    expect(plain(compiled(byFilters(2, 1))(...args))).toEqual(plain(byFilters(2, 1)(...args)))
  })
})

test('on normal numbers, as near to float64 as the reference backend', () => {
  const [x, w] = [normal(randomKey(1), [9, 3, 14, 14]), normal(randomKey(2), [8, 3, 5, 5])]
  const cotangents = normal(randomKey(3), [9, 8, 5, 5])
  const expected = byFilters(2)(...([x, w, cotangents].map((one) => cast(one, 'float64')) as [Tensor, Tensor, Tensor]))
  const largest = Math.max(...Array.from(expected.data, Math.abs))
  const errorOf = ({ data }: AnyTensor) =>
    Math.max(...Array.from(data, (value, at) => Math.abs(value - expected.data[at]!))) / largest
  const allowed = 4 * errorOf(byFilters(2)(x, w, cotangents)) + 1e-6
  expect(errorOf(compiled(byFilters(2))(x, w, cotangents))).toBeLessThan(allowed)
})

describe('numbers that are not finite', () => {
  const [x, w, cotangents] = argsFor([9, 2, 8, 8], [8, 2, 3, 3], 2)

  /** The tensor with another number in one place. */
  const changed = (from: Tensor, at: number, value: number): Tensor => {
    const data = Float32Array.from(from.data)
    data[at] = value
    return tensor(data, { shape: from.shape })
  }
  /** Without relu: infinity of either sign is the greatest or not. */
  const f = (y: Tensor, v: Tensor, g: Tensor) =>
    grad((u: Tensor) => sum(mul(maxPool2d(conv2d(y, u, null), { kernel: 2 }), g)))(v)

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%d in an image: zero times it is NaN, wherever it is',
    (value) => {
      for (const at of [0, 37, 128 + 64 + 9, 9 * 128 - 1]) {
        const seen = changed(x, at, value)
        const got = compile(f, { threads: 1, winograd: false })(seen, w, cotangents)
        expect(plain(got), `at ${at}`).toEqual(plain(f(seen, w, cotangents)))
      }
    },
  )

  test('in one image alone: sums of all others are as they would be', () => {
    const whole = plain(compiled(byFilters(2))(x, w, cotangents))
    const run = compiled(byFilters(2))
    run(changed(x, 5, Number.NaN), w, cotangents)
    expect(plain(run(x, w, cotangents))).toEqual(whole)
  })

  test('in cotangents', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const g = changed(cotangents, 20, value)
      expect(plain(compiled(byFilters(2))(x, w, g))).toEqual(plain(byFilters(2)(x, w, g)))
    }
  })
})

test('bits are the same on any number of threads', () => {
  const args = [
    normal(randomKey(4), [19, 3, 9, 9]),
    normal(randomKey(5), [8, 3, 2, 2]),
    normal(randomKey(6), [19, 8, 4, 4]),
  ]
  const traced = trace(byFilters(2) as (...args: never[]) => unknown, args)
  const run = (threads: number): (() => unknown) => {
    const program = makeProgram(traced, new Session({ threads }))
    args.forEach((arg, index) => {
      program.write(index, arg)
    })
    return () => {
      program.run()
      return plain(program.read())
    }
  }
  const expected = run(1)()
  for (const threads of [2, 3]) {
    const again = run(threads)
    for (let time = 0; time < 3; time++) expect(again(), `${threads} threads`).toEqual(expected)
  }
})
