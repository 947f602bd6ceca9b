import { cast, grad, type Tensor, tensor, zeros } from '@cotangent/core'
import { add, argMin, avgPool2d, maxPool2d, mul, relu, square, sum, transpose } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { compile } from '../compile.ts'
import { integers, plain } from '../exact.fixtures.ts'

type Function = (x: Tensor, bias: Tensor) => unknown

/** Images [N, H, W, C] with their channels before the pixels. */
const channelsFirst = (x: Tensor) => transpose(x, [0, 3, 1, 2])

const pooled: Record<string, Function> = {
  maxima: (x) => maxPool2d(channelsFirst(x), { kernel: 2 }),
  'maxima of what is computed': (x, bias) => maxPool2d(relu(add(channelsFirst(x), bias)), { kernel: 2 }),
  'places of maxima': (x, bias) =>
    grad((y: Tensor) => sum(square(maxPool2d(add(channelsFirst(y), bias), { kernel: 2 }))))(x),
  'places of minima': (x) => argMin(channelsFirst(x), { axis: 2 }),
  sums: (x) => avgPool2d(channelsFirst(x), { kernel: 2 }),
  'windows at borders': (x) => maxPool2d(channelsFirst(x), { kernel: 3, stride: 2, pad: 1 }),
  'elements of two images': (x, bias) => mul(channelsFirst(x), add(channelsFirst(square(x)), bias)),
}

describe.each(Object.keys(pooled))('channels last, %s with channels first', (name) => {
  const f = pooled[name]!

  test.each(['float32', 'float64'] as const)('%s', (dtype) => {
    for (const channels of [1, 2, 3, 4, 5, 7, 8, 9, 30]) {
      const x = integers([3, 6, 8, channels], dtype, channels) as Tensor
      const bias = integers([channels, 1, 1], dtype, 50) as Tensor
      expect(plain(compile(f, { threads: 1 })(x, bias))).toEqual(plain(f(x, bias)))
    }
  })
})

test.each(['float32', 'float64'] as const)('a NaN is maximum and minimum, the first of several, %s', (dtype) => {
  const shape = [2, 4, 8, 5] as const
  const numbers = Float64Array.from({ length: 320 }, (_, at) => (at % 7 === 3 || at % 11 === 5 ? Number.NaN : at % 13))
  const x = cast(tensor(numbers, { shape }), dtype) as Tensor
  const bias = zeros([5, 1, 1], { dtype }) as Tensor
  for (const name of ['maxima', 'places of maxima', 'places of minima']) {
    const f = pooled[name]!
    expect(plain(compile(f, { threads: 1 })(x, bias))).toEqual(plain(f(x, bias)))
  }
})

test('vectors go along channels that lie side by side where pixels would be loaded one by one', () => {
  const code = (channels: number, dtype: 'float32' | 'float64') => {
    const args: [Tensor, Tensor] = [
      integers([2, 4, 8, channels], dtype, 1) as Tensor,
      integers([channels, 1, 1], dtype, 2) as Tensor,
    ]
    return compile(pooled.maxima!, { threads: 1 }).explain({ args, wat: true })
  }
  expect(code(4, 'float32')).toContain('store32_lane')
  expect(code(4, 'float32')).not.toContain('load32_lane')
  expect(code(3, 'float32')).not.toContain('store32_lane')
  expect(code(2, 'float64')).toContain('store64_lane')
})
