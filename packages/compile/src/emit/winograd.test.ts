/** Winograd's transforms: exact where numbers allow it, and as near to float64 as is written beside them where not. */
import { cast, randomKey, type Tensor, tensor, vjp } from '@cotangent/core'
import { conv2d, mul, normal } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { compile } from '../compile.ts'
import { integers, plain } from '../exact.fixtures.ts'

/** The least number that all entries of G ⊗ G make whole. */
const WHOLE = 24 * 24

/** −1, 0 and 1. */
const units = (shape: readonly number[], salt: number): Tensor => {
  const x = integers(shape, 'float32', salt)
  return tensor(Float32Array.from(x.data, Math.sign), { shape, adopt: true })
}

const normals = (shape: readonly number[], seed: number): Tensor => normal(randomKey(seed), shape)

/** The three products of a convolution: its value, and its gradients by images and filters for a cotangent. */
const products = (pad: number) => (images: Tensor, filters: Tensor, cotangent: Tensor) => {
  const [value, pullback] = vjp((y: Tensor, w: Tensor) => conv2d(y, w, null, { pad }), images, filters)
  return [value, ...pullback(cotangent)] as Tensor[]
}

const kindsOf = (compiled: { plan(): { tasks: readonly { kind: string }[] } }): string[] =>
  compiled
    .plan()
    .tasks.map(({ kind }) => kind)
    .filter((kind) => kind.startsWith('winograd'))

describe('Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A is the convolution, exactly where all numbers on the way are whole', () => {
  test.each([
    [1, 6, 6, 0],
    [1, 3, 3, 0],
    [3, 5, 7, 1],
    [9, 8, 8, 1],
    [2, 1, 2, 2],
    [17, 4, 9, 2],
    [40, 4, 4, 1],
    [2, 3, 5, 3],
    [1, 9, 2, 5],
  ])('%d images of %d × %d, padded by %d', (n, h, w, pad) => {
    const images = units([n, 8, h, w], 1)
    const whole = mul(units([12, 8, 3, 3], 2), WHOLE) as Tensor
    const forward = compile((y: Tensor, v: Tensor) => conv2d(y, v, null, { pad }), { threads: 1 })
    const expected = conv2d(images, whole, null, { pad })
    expect(plain(forward(images, whole))).toEqual(plain(expected))
    expect(kindsOf(forward)).toEqual(['winogradImages'])

    // Either gradient with one factor of whole numbers.
    const f = (y: Tensor, v: Tensor, g: Tensor) => {
      const [, pullback] = vjp((z: Tensor, w: Tensor) => conv2d(z, w, null, { pad }), y, v)
      return [pullback(g)[0], pullback(mul(g, WHOLE) as Tensor)[1]]
    }
    const backward = compile(f, { threads: 1 })
    const args = [images, whole, units(expected.shape, 3)] as const
    expect(plain(backward(...args))).toEqual(plain(f(...args)))
    // Alone, with no more working memory than it needs itself.
    const byImages = compile((y: Tensor, v: Tensor, g: Tensor) => f(y, v, g)[0], { threads: 1 })
    expect(plain(byImages(...args))).toEqual(plain(f(...args)[0]))
    expect(kindsOf(backward).sort()).toEqual(['winogradFilters', 'winogradImages'])
  })
})

/** The 3×3 convolutions of DeepConvNet whose channels are enough. */
const LAYERS = [
  ['16 to 16 channels, 28 × 28', 16, 16, 28, 1],
  ['16 to 32 channels, 14 × 14', 16, 32, 14, 1],
  ['32 to 32 channels, 14 × 14, padded by 2', 32, 32, 14, 2],
  ['32 to 64 channels, 8 × 8', 32, 64, 8, 1],
  ['64 to 64 channels, 8 × 8', 64, 64, 8, 1],
] as const

describe("DeepConvNet's convolutions of normal numbers, against float64: value, by images, by filters", () => {
  const batch = process.env.LAWS === 'full' ? 100 : 6
  test.each(LAYERS)('%s', (_, channels, filters, side, pad) => {
    const size = side + 2 * pad - 2
    const args = [
      normals([batch, channels, side, side], 1),
      normals([filters, channels, 3, 3], 2),
      normals([batch, filters, size, size], 3),
    ] as [Tensor, Tensor, Tensor]
    const wide = args.map((one) => cast(one, 'float64')) as [Tensor, Tensor, Tensor]
    const truth = products(pad)(...wide)
    const f = products(pad)
    const errors = (winograd: boolean): number[] => {
      const compiled = compile(f, { threads: 1, winograd })
      const got = compiled(...args)
      expect(kindsOf(compiled)).toHaveLength(winograd ? 3 : 0)
      return truth.map((one, at) => largestError(got[at]!, one))
    }
    for (const error of errors(true)) expect(error).toBeLessThan(1e-5)
    for (const error of errors(false)) expect(error).toBeLessThan(1e-6)
  })
})

/** The largest difference, as a part of the largest element. */
function largestError(got: Tensor, expected: Tensor): number {
  const [is, should] = [[...got.data], [...expected.data]]
  const largest = should.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return should.reduce((most, value, at) => Math.max(most, Math.abs(is[at]! - value)), 0) / largest
}
