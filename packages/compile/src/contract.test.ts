import { ones, type Tensor, vjp } from '@cotangent/core'
import { add, broadcastTo, conv2d, einsum, matmul, mul, relu, transpose } from '@cotangent/ops'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compile } from './compile.ts'
import { integers, plain } from './exact.fixtures.ts'

type Some = Tensor<'float32' | 'float64' | 'int32'>

const SEED = 20_261_124
const alone = { threads: 1 }

function holds<A extends readonly Some[]>(f: (...args: A) => unknown, ...args: A): void {
  expect(plain(compile(f, alone)(...args))).toEqual(plain(f(...args)))
}

describe.each(['float32', 'float64', 'int32'] as const)('%s', (dtype) => {
  test('matrix products of all small shapes, operands transposed or not', () => {
    const length = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }))
    const shapes = fc.tuple(length, length, length, fc.boolean(), fc.boolean())
    fc.assert(
      fc.property(shapes, ([m, n, k, turnA, turnB]) => {
        const a = integers(turnA ? [k, m] : [m, k], dtype)
        const b = integers(turnB ? [n, k] : [k, n], dtype, 1)
        holds((x, y) => matmul(turnA ? transpose(x) : x, turnB ? transpose(y) : y), a, b)
      }),
      { seed: SEED, numRuns: 120 },
    )
  })

  test('a left operand that is all ones, of several rows', () => {
    for (const n of [3, 20, 50])
      holds((x) => matmul(broadcastTo(ones([], { dtype }), [5, 30]), x), integers([30, n], dtype))
  })

  test.each([
    [1, 1, 1000],
    [5, 17, 901],
    [33, 8, 1300],
    [2, 65, 403],
    [130, 3, 70],
    [3, 300, 20],
  ])('long sums and wide matrices: %i × %i, sums of %i', (m, n, k) => {
    const [a, b] = [integers([m, k], dtype), integers([k, n], dtype, 1)]
    holds((x, y) => matmul(x, y), a, b)
    holds((x, y) => matmul(transpose(x), transpose(y)), integers([k, m], dtype), integers([n, k], dtype, 1))
  })

  test.each([
    'bij,bjk->bik',
    'bij,jk->bik',
    'ij,bjk->bik',
    'bji,bkj->ikb',
    'abij,abjk->abik',
    'aibj,jbka->ika',
    'i,j->ij',
    'i,i->',
    'ij,ij->',
    'ij,ij->i',
    'ij,ij->ij',
    'ijk,kji->',
    'ij,kl->likj',
    'abc,bcd->ad',
    'abc,dcb->da',
  ])('einsum %s', (equation) => {
    const [a, b] = equation.split('->')[0]!.split(',') as [string, string]
    const lengths: Record<string, number> = { a: 2, b: 3, c: 5, d: 9, i: 7, j: 6, k: 19, l: 2 }
    const shape = (labels: string) => [...labels].map((label) => lengths[label]!)
    holds((x, y) => einsum(equation, x, y), integers(shape(a), dtype), integers(shape(b), dtype, 1))
  })
})

test('operands that are computed, looked at through views, repeated or the same', () => {
  const [a, b] = [integers([9, 6], 'float32'), integers([6, 9], 'float32', 1)]
  holds((x, y) => matmul(relu(x), add(y, 1)), a, b)
  holds((x) => matmul(x, transpose(x)), a)
  holds((x, y) => matmul(mul(x, transpose(y)), mul(transpose(x), y)), a, b)
  holds((x, y) => add(relu(add(matmul(x, y), integers([9], 'float32', 2))), matmul(x, y)), a, b)
  holds((x, y) => matmul(matmul(matmul(x, y), x), y), a, b)
})

test('sums over nothing are 0, and products without rows are empty', () => {
  for (const [m, n, k] of [
    [3, 4, 0],
    [0, 4, 2],
    [3, 0, 2],
    [0, 0, 0],
  ] as const) {
    holds((x, y) => matmul(x, y), integers([m, k], 'float32'), integers([k, n], 'float32'))
  }
})

const convolutions = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.constantFrom(1, 1, 1, 2),
    inputs: fc.integer({ min: 1, max: 5 }),
    filters: fc.integer({ min: 1, max: 9 }),
    kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    size: fc.tuple(fc.integer({ min: 7, max: 12 }), fc.integer({ min: 7, max: 18 })),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.integer({ min: 0, max: 2 }),
    dilation: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ inputs, filters, ...rest }) => ({ ...rest, inputs: inputs * rest.groups, filters: filters * rest.groups }))

test.each(['float32', 'float64'] as const)(
  'convolutions in %s: forward, and the gradients by image, filters and bias',
  (dtype) => {
    fc.assert(
      fc.property(convolutions, ({ batch, inputs, filters, kernel, size, groups, stride, pad, dilation }) => {
        const x = integers([batch, inputs, ...size], dtype)
        const w = integers([filters, inputs / groups, ...kernel], dtype, 1)
        const bias = integers([filters], dtype, 2)
        const options = { stride, pad, dilation, groups }
        const f = (...args: Tensor<'float32' | 'float64'>[]) => {
          const [value, pullback] = vjp(
            (...[image, weight, offset]: Tensor[]) => conv2d(image!, weight!, offset!, options),
            ...args,
          )
          return [value, pullback(integers(value.shape, dtype, 3))]
        }
        holds(f as (...args: Tensor[]) => unknown, x, w, bias)
      }),
      { seed: SEED, numRuns: 60 },
    )
  },
)
