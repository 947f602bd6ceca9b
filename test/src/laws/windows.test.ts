/** Convolution and pooling over a grid of shapes, against loops that define them: values and all gradients. */
import { type AnyTensor, type Tensor, tensor, vjp } from '@cotangent/core'
import { avgPool2d, conv2d, maxPool2d } from '@cotangent/ops'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs, SEED } from './all.ts'
import { weights } from './numerical.ts'

const TOLERANCE = 1e-9
/** Random shapes and options for each of the three. */
const GRID = 250

type Pair = readonly [number, number]

const pair = (min: number, max: number): fc.Arbitrary<Pair> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }))

const grid = fc
  .record({
    images: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 3 }),
    depth: fc.integer({ min: 1, max: 3 }),
    filters: fc.integer({ min: 1, max: 3 }),
    kernel: pair(1, 4),
    stride: pair(1, 3),
    pad: pair(0, 3),
    dilation: pair(1, 3),
    spare: pair(0, 5),
    salt: fc.integer({ min: 0, max: 999 }),
  })
  // An image just large enough, and up to 5 more.
  .map((window) => ({ ...window, size: both((axis) => fitting(window, axis) + window.spare[axis]) }))

type Window = { readonly kernel: Pair; readonly stride: Pair; readonly pad: Pair; readonly dilation: Pair }

const both = (f: (axis: 0 | 1) => number): Pair => [f(0), f(1)]

const reach = ({ kernel, dilation }: Window, axis: 0 | 1): number => dilation[axis] * (kernel[axis] - 1) + 1

const fitting = (window: Window, axis: 0 | 1): number => Math.max(1, reach(window, axis) - 2 * window.pad[axis])

const countOf = (window: Window, size: Pair): Pair =>
  both((axis) => Math.floor((size[axis] + 2 * window.pad[axis] - reach(window, axis)) / window.stride[axis]) + 1)

/** Calls `visit` for each element under each window, kernel rows and columns in order: the window, the place in it, the element. */
function walk(window: Window, size: Pair, visit: (out: number, inside: number, element: number) => void): void {
  const { kernel, stride, pad, dilation } = window
  const count = countOf(window, size)
  for (let i = 0; i < count[0]; i++) {
    for (let j = 0; j < count[1]; j++) {
      for (let p = 0; p < kernel[0]; p++) {
        for (let q = 0; q < kernel[1]; q++) {
          const y = i * stride[0] + p * dilation[0] - pad[0]
          const x = j * stride[1] + q * dilation[1] - pad[1]
          if (y < 0 || y >= size[0] || x < 0 || x >= size[1]) continue
          visit(i * count[1] + j, p * kernel[1] + q, y * size[1] + x)
        }
      }
    }
  }
}

const area = ([height, width]: Pair): number => height * width

const tensorWith = (data: Float64Array, ...shape: readonly number[]): Tensor<'float64'> => tensor(data, { shape })

function near(what: string, got: AnyTensor | null, expected: Float64Array): void {
  const wrong = expected.findIndex((element, at) => !(Math.abs(got!.data[at]! - element) <= TOLERANCE))
  expect(wrong, `${what}: ${got?.data[wrong]} at ${wrong}, by the loops ${expected[wrong]}`).toBe(-1)
  expect(got!.size).toBe(expected.length)
}

const check = <T>(cases: fc.Arbitrary<T>, property: (one: T) => void): void =>
  fc.assert(fc.property(cases, property), { seed: SEED, numRuns: runs(GRID) })

test('conv2d and its three gradients are those of seven loops', () => {
  check(grid, ({ images, groups, depth, filters, size, salt, ...window }) => {
    const count = countOf(window, size)
    const [channels, outputs] = [groups * depth, groups * filters]
    const x = weights(images * channels * area(size), salt)
    const w = weights(outputs * depth * area(window.kernel), salt + 1)
    const b = weights(outputs, salt + 2)
    const g = weights(images * outputs * area(count), salt + 3)
    const [value, dx, dw, db] = [g, x, w, b].map(({ length }) => new Float64Array(length)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ]
    for (let n = 0; n < images; n++) {
      for (let o = 0; o < outputs; o++) {
        const plane = (n * outputs + o) * area(count)
        for (let at = 0; at < area(count); at++) {
          value[plane + at] = b[o]!
          db[o]! += g[plane + at]!
        }
        for (let c = 0; c < depth; c++) {
          const image = (n * channels + Math.floor(o / filters) * depth + c) * area(size)
          const filter = (o * depth + c) * area(window.kernel)
          walk(window, size, (out, inside, element) => {
            value[plane + out]! += x[image + element]! * w[filter + inside]!
            dx[image + element]! += g[plane + out]! * w[filter + inside]!
            dw[filter + inside]! += g[plane + out]! * x[image + element]!
          })
        }
      }
    }
    const options = { stride: window.stride, pad: window.pad, dilation: window.dilation, groups }
    const [y, pullback] = vjp(
      (images: Tensor, kernels: Tensor, bias: Tensor) => conv2d(images, kernels, bias, options),
      tensorWith(x, images, channels, ...size),
      tensorWith(w, outputs, depth, ...window.kernel),
      tensorWith(b, outputs),
    )
    expect(y.shape).toEqual([images, outputs, ...count])
    const gradients = pullback(tensorWith(g, ...y.shape))
    near('value', y, value)
    near('gradient by the images', gradients[0], dx)
    near('gradient by the filters', gradients[1], dw)
    near('gradient by the bias', gradients[2], db)
  })
})

/** Pools have no dilation, and less padding than kernel. */
const pools = grid.map(({ images, depth, kernel, stride, pad, spare, salt }) => {
  const window = {
    kernel,
    stride,
    dilation: [1, 1],
    pad: both((axis) => Math.min(pad[axis], kernel[axis] - 1)),
  } as const
  return {
    window,
    planes: images * depth,
    images,
    depth,
    salt,
    size: both((axis) => fitting(window, axis) + spare[axis]),
  }
})

test('maxPool2d and its gradient are those of loops, the first of equal maxima winning', () => {
  check(pools, ({ window, planes, images, depth, salt, size }) => {
    const count = countOf(window, size)
    // Few different numbers, so that windows with equal maxima abound.
    const x = weights(planes * area(size), salt).map((element) => Math.round(2 * element))
    const g = weights(planes * area(count), salt + 1)
    const value = new Float64Array(g.length).fill(Number.NEGATIVE_INFINITY)
    const dx = new Float64Array(x.length)
    for (let plane = 0; plane < planes; plane++) {
      const [from, to] = [plane * area(size), plane * area(count)]
      const winner = new Map<number, number>()
      walk(window, size, (out, _, element) => {
        if (x[from + element]! <= value[to + out]!) return
        value[to + out] = x[from + element]!
        winner.set(out, element)
      })
      for (const [out, element] of winner) dx[from + element]! += g[to + out]!
    }
    const { kernel, stride, pad } = window
    const [y, pullback] = vjp(
      (one: Tensor) => maxPool2d(one, { kernel, stride, pad }),
      tensorWith(x, images, depth, ...size),
    )
    expect(y.shape).toEqual([images, depth, ...count])
    near('value', y, value)
    near('gradient', pullback(tensorWith(g, ...y.shape))[0], dx)
  })
})

test('avgPool2d and its gradient are those of loops, padding counted as zeros', () => {
  check(pools, ({ window, planes, images, depth, salt, size }) => {
    const count = countOf(window, size)
    const x = weights(planes * area(size), salt)
    const g = weights(planes * area(count), salt + 1)
    const [value, dx] = [new Float64Array(g.length), new Float64Array(x.length)]
    for (let plane = 0; plane < planes; plane++) {
      const [from, to] = [plane * area(size), plane * area(count)]
      walk(window, size, (out, _, element) => {
        value[to + out]! += x[from + element]! / area(window.kernel)
        dx[from + element]! += g[to + out]! / area(window.kernel)
      })
    }
    const { kernel, stride, pad } = window
    const [y, pullback] = vjp(
      (one: Tensor) => avgPool2d(one, { kernel, stride, pad }),
      tensorWith(x, images, depth, ...size),
    )
    expect(y.shape).toEqual([images, depth, ...count])
    near('value', y, value)
    near('gradient', pullback(tensorWith(g, ...y.shape))[0], dx)
  })
})
