/** Nets of convolutions at their edges: sizes, neighbours, higher derivatives, numbers that are none. */
import { type AnyTensor, cast, grad, jvp, randomKey, type Tensor, tensor, vjp } from '@cotangent/core'
import {
  add,
  concat,
  conv2d,
  matmul,
  maxPool2d,
  mul,
  normal,
  pad,
  relu,
  reshape,
  slice,
  square,
  sub,
  sum,
  tanh,
  transpose,
} from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { compile } from './compile.ts'
import { integers, plain } from './exact.fixtures.ts'

type Function = (...args: Tensor[]) => unknown

const random = (shape: readonly number[], seed: number): Tensor => normal(randomKey(seed), shape)

const alone = { threads: 1 }

/** Exactly the same by the reference backend, on numbers whose sums are exact, without Winograd; near to it with. */
function holds(f: Function, ...args: readonly Tensor[]): void {
  const wide = args.map((one) => cast(one, 'float64')) as Tensor[]
  const expected = f(...wide)
  expect(plain(compile(f, alone)(...wide))).toEqual(plain(expected))
  near(compile(f, { ...alone, winograd: false })(...args), expected, 1e-6)
  near(compile(f, alone)(...args), expected, 3e-5)
}

/** The same but for roundings, on numbers that are kept away from where functions have kinks. */
function holdsNearly(f: Function, ...args: readonly Tensor[]): void {
  const wide = args.map((one) => cast(one, 'float64')) as Tensor[]
  const expected = f(...wide)
  near(compile(f, alone)(...wide), expected, 1e-11)
  near(compile(f, { ...alone, winograd: false })(...args), expected, 3e-6)
  near(compile(f, alone)(...args), expected, 1e-4)
}

function near(got: unknown, expected: unknown, allowed: number): void {
  const [is, should] = [[got].flat(2) as AnyTensor[], [expected].flat(2) as AnyTensor[]]
  expect(is.map(({ shape }) => shape)).toEqual(should.map(({ shape }) => shape))
  should.forEach((one, index) => {
    const values = [...one.data]
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    const worst = values.reduce((most, value, at) => Math.max(most, Math.abs(is[index]!.data[at]! - value)), 0)
    expect(worst / largest, `tensor ${index}`).toBeLessThanOrEqual(allowed)
  })
}

const imagesOf = (n: number, c: number, h: number, w: number) => integers([n, c, h, w], 'float32', n + h)
const filtersOf = (o: number, c: number, salt = 1) => integers([o, c, 3, 3], 'float32', salt)
const weighted = (y: Tensor): Tensor => sum(mul(y, integers(y.shape, y.dtype as 'float32', 8)))

/** A convolution with bias and relu, pooling, and another convolution: its value, and all gradients. */
const net =
  (options: { pad?: number; pool?: Parameters<typeof maxPool2d>[1] } = {}): Function =>
  (y, first, bias, second) => {
    const value = (x: Tensor, v: Tensor, b: Tensor, w: Tensor) => {
      const hidden = relu(add(conv2d(x, v, null, { pad: options.pad ?? 1 }), b))
      return conv2d(options.pool ? maxPool2d(hidden, options.pool) : hidden, w, null, { pad: 1 })
    }
    return [
      value(y!, first!, bias!, second!),
      grad((...args: [Tensor, Tensor, Tensor, Tensor]) => weighted(value(...args)), { argnums: [0, 1, 2, 3] })(
        y!,
        first!,
        bias!,
        second!,
      ),
    ]
  }
const parameters = [filtersOf(8, 8), integers([8, 1, 1], 'float32', 2), filtersOf(12, 8, 3)] as const

describe('batches that blocks of images and parts of sums divide, or not', () => {
  test.each([1, 2, 7, 8, 9, 17, 33])('%d images', (n) => {
    const f = net()
    const args = [imagesOf(n, 8, 5, 6), ...parameters]
    const wide = args.map((one) => cast(one, 'float64')) as Tensor[]
    expect(plain(compile(f, alone)(...wide))).toEqual(plain(f(...wide)))
    // Without relu, whose choice at 0 a rounding may change.
    const smooth: Function = (y, v) => {
      const [value, pullback] = vjp((x: Tensor, w: Tensor) => conv2d(x, w, null, { pad: 1 }), y!, v!)
      return [value, pullback(mul(value, 2))]
    }
    holds(smooth, imagesOf(n, 8, 5, 6), filtersOf(12, 8))
  })

  test('none', () => {
    const f: Function = (y, v) => {
      const [value, pullback] = vjp((x: Tensor, w: Tensor) => conv2d(x, w, null, { pad: 1 }), y!, v!)
      return [value, ...pullback(value)]
    }
    holds(f, tensor(new Float32Array(0), { shape: [0, 8, 5, 6] }), filtersOf(12, 8))
  })
})

describe('sizes and padding', () => {
  test.each([
    [1, 1, 1],
    [1, 2, 2],
    [3, 3, 0],
    [4, 4, 1],
    [2, 9, 2],
    [5, 3, 3],
    [2, 3, 6],
    [13, 5, 1],
  ])('images of %d × %d, padded by %d', (h, w, around) => {
    const f: Function = (y, v) => {
      const [value, pullback] = vjp((x: Tensor, u: Tensor) => conv2d(x, u, null, { pad: around }), y!, v!)
      return [value, pullback(mul(value, 2))]
    }
    holds(f, imagesOf(3, 8, h, w), filtersOf(12, 8))
  })

  test.each([
    [6, 6, { kernel: 2 }],
    [5, 7, { kernel: 2 }],
    [6, 6, { kernel: 2, pad: 1 }],
    [6, 6, { kernel: 3, stride: 2, pad: 1 }],
    [5, 5, { kernel: 2, stride: 1 }],
    [6, 9, { kernel: [2, 3] as const }],
  ])('relu, then pooling of %d × %d by %j, then a convolution', (h, w, pool) => {
    const args = [imagesOf(2, 8, h, w), ...parameters]
    const wide = args.map((one) => cast(one, 'float64')) as Tensor[]
    // Of small integers many in a window are equal.
    expect(plain(compile(net({ pool }), alone)(...wide))).toEqual(plain(net({ pool })(...wide)))
    const apart = [random([2, 8, h, w], 1), random([8, 8, 3, 3], 2), random([8, 1, 1], 3), random([12, 8, 3, 3], 4)]
    holdsNearly(net({ pool }), ...apart)
  })
})

describe('what is beside a convolution', () => {
  const [x, v] = [imagesOf(3, 8, 6, 8), filtersOf(8, 8)]
  const convolved = (y: Tensor, w: Tensor) => conv2d(y, w, null, { pad: 1 })
  const AROUND: Record<string, Function> = {
    'filters of two convolutions': (y, w) => convolved(convolved(y!, w!), w!),
    'filters of two convolutions, and their gradient': (y, w) =>
      grad((u: Tensor) => weighted(convolved(convolved(y!, u), u)))(w!),
    'images that are used elsewhere': (y, w) => add(convolved(y!, w!), mul(y!, 2)),
    'images that are a result': (y, w) => {
      const hidden = mul(y!, 2)
      return [hidden, convolved(hidden as Tensor, w!), sum(hidden, { axis: [0, 2] })]
    },
    'a result in rows': (y, w) => convolved(y!, w!),
    'a result twice, and a part': (y, w) => {
      const hidden = convolved(y!, w!)
      return [hidden, hidden, add(hidden, 1), slice(hidden, { begin: [1, 2] })]
    },
    transposed: (y, w) => transpose(convolved(y!, w!), [3, 1, 0, 2]),
    'transposed before': (y, w) => convolved(transpose(y!, [0, 1, 3, 2]), transpose(w!, [1, 0, 3, 2])),
    reshaped: (y, w) => reshape(convolved(y!, w!), [3, 64, 6]),
    'reshaped to other images': (y, w) => convolved(reshape(convolved(y!, w!), [6, 8, 3, 8]), w!),
    'reshaped to other channels': (y, w) =>
      conv2d(reshape(convolved(y!, w!), [3, 16, 3, 8]), concat([w!, w!], { axis: 1 }), null, { pad: 1 }),
    'reshaped by axes of length 1': (y, w) =>
      sum(reshape(convolved(reshape(reshape(y!, [3, 1, 8, 6, 8]), [3, 8, 6, 8]), w!), [3, 8, 1, 6, 8]), { axis: 1 }),
    'joined along channels': (y, w) =>
      concat([convolved(y!, w!), y!, convolved(mul(y!, 2) as Tensor, w!)], { axis: 1 }),
    'joined before': (y, w) => convolved(concat([y!, mul(y!, 2) as Tensor], { axis: 0 }), w!),
    'parts of images': (y, w) => convolved(slice(y!, { step: [-1, 1, 1, -2] }), slice(w!, { step: [1, -1, 1, 1] })),
    'filters that are computed, then turned': (y, w) =>
      convolved(y!, slice(mul(w!, 2) as Tensor, { step: [1, 1, -1, -1] })),
    'images that are a product in rows': (y, w) => {
      const rows = reshape(y!, [24, 48])
      return sum(conv2d(reshape(matmul(rows, transpose(rows)), [3, 8, 6, 4]), w!, null), { axis: 3 })
    },
    'padded images, and padded filters': (y, w) => {
      const [none, some] = [[0, 0] as const, [1, 2] as const]
      const small = slice(w!, { end: [8, 8, 1, 2] })
      return [
        conv2d(pad(y!, [none, none, some, some]), w!, null),
        convolved(y!, pad(small, [none, none, [1, 1], [0, 1]])),
      ]
    },
    'folded along any axes': (y, w) => {
      const hidden = convolved(y!, w!)
      return [sum(hidden, { axis: 1 }), sum(hidden, { axis: [0, 3] }), sum(hidden, { axis: [2, 3] }), sum(hidden)]
    },
  }

  test.each(Object.entries(AROUND))('%s', (_, f) => holds(f, x, v))
})

describe('higher derivatives', () => {
  const [x, v, w] = [random([2, 8, 5, 6], 1), mul(random([8, 8, 3, 3], 2), 0.1), mul(random([8, 8, 3, 3], 3), 0.1)] as [
    Tensor,
    Tensor,
    Tensor,
  ]
  const loss = (y: Tensor, first: Tensor, second: Tensor): Tensor => {
    const hidden = tanh(conv2d(y, first, null, { pad: 1 }))
    return sum(square(conv2d(hidden, second, null, { pad: 1 })))
  }
  const gradients = (...args: Tensor[]) => grad(loss, { argnums: [0, 1, 2] })(...(args as [Tensor, Tensor, Tensor]))

  test('gradients of gradients', () => {
    const sizeOfGradients = (...args: Tensor[]) =>
      gradients(...args).reduce((total, one) => add(total, sum(square(one as Tensor))) as Tensor, tensor(0))
    holdsNearly((...args) => grad(sizeOfGradients, { argnums: [0, 1, 2] })(...args), x, v, w)
  })

  test('along a direction: the value, the gradients, and so the Hessian times a vector', () => {
    const along = (...args: Tensor[]) => args.map((one, at) => mul(tanh(one), at + 1)) as Tensor[]
    const f: Function = (...args) => {
      const [value, slope] = jvp((...given: Tensor[]) => loss(given[0]!, given[1]!, given[2]!), args, along(...args))
      const [, products] = jvp((...given: Tensor[]) => gradients(...given), args, along(...args))
      return [value, slope, products]
    }
    holdsNearly(f, x, v, w)
  })
})

describe('numbers that are none', () => {
  const bad = (value: number, at: number) => {
    const data = Float32Array.from(imagesOf(2, 8, 12, 12).data)
    data[at] = value
    return tensor(data, { shape: [2, 8, 12, 12] })
  }
  const place = (n: number, c: number, h: number, w: number) => ((n * 8 + c) * 12 + h) * 12 + w
  const f: Function = (y, w) => conv2d(y!, w!, null, { pad: 1 })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    '%d in an image is seen by all that looks at it, and by its tiles alone',
    (value) => {
      const args = [bad(value, place(1, 3, 5, 6)), filtersOf(8, 8)] as const
      const expected = f(...args) as Tensor
      expect(plain(compile(f, { ...alone, winograd: false })(...args))).toEqual(plain(expected))
      const got = compile(f, alone)(...args) as Tensor
      const exact = [...expected.data]
      ;[...got.data].forEach((is, at) => {
        const [w, h, n] = [at % 12, Math.floor(at / 12) % 12, Math.floor(at / (12 * 12 * 8))]
        // Tiles of 4 × 4 look at one row and one column more on each side.
        const looks = n === 1 && h >= 4 && h < 8 && w >= 4 && w < 8
        if (!Number.isFinite(exact[at]!)) expect(Number.isFinite(is)).toBe(false)
        if (!looks) expect(Math.abs(is - exact[at]!)).toBeLessThan(1e-3)
      })
    },
  )

  test('one in an image is in all gradients by its channel, and by no other', () => {
    const slope: Function = (y, w, g) => vjp((u: Tensor) => conv2d(y!, u, null, { pad: 1 }), w!)[1](g!)
    const args = [bad(Number.NaN, place(1, 3, 5, 6)), filtersOf(8, 8), imagesOf(2, 8, 12, 12)] as const
    for (const winograd of [true, false]) {
      const [got] = [compile(slope, { ...alone, winograd })(...args)].flat() as Tensor[]
      ;[...got!.data].forEach((value, at) => {
        expect(Number.isNaN(value)).toBe(Math.floor(at / 9) % 8 === 3)
      })
    }
  })
})

test('the two gradients of a difference cancel to the last bit where both are computed alike', () => {
  const f: Function = (y, w) =>
    sub(conv2d(y!, w!, null, { pad: 1 }), conv2d(mul(y!, 1) as Tensor, w!, null, { pad: 1 }))
  const got = compile(f, alone)(random([9, 8, 7, 7], 1), random([8, 8, 3, 3], 2)) as Tensor
  expect([...got.data].every((value) => value === 0)).toBe(true)
})
