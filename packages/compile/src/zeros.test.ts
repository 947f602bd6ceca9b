/** Products whose left operand has many zeros: these are left out, and results are those of the whole product, bit for bit. */
import { type AnyTensor, add, randomKey, type Tensor, tensor, zeros } from '@cotangent/core'
import { concat, conv2d, matmul, normal, relu, slice, transpose } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { compile } from './compile.ts'
import { integers } from './exact.fixtures.ts'
import { makeProgram } from './program.ts'
import { Session } from './session.ts'
import { trace } from './trace.ts'

const matrix = (values: Iterable<number>, rows: number, columns: number): Tensor =>
  tensor(Float32Array.from(values), { shape: [rows, columns] }) as Tensor

/** The tensor with so many of a hundred of its numbers, and with whole rows and columns of others 0. */
function withZeros(x: Tensor, percent: number): Tensor {
  const [rows, columns] = x.shape as [number, number]
  const kept = (at: number) => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    if (row % 11 === 5 || column % 13 === 7) return false
    return (((at + 1) * 2_654_435_761) >>> 9) % 100 < percent
  }
  return matrix(
    Array.from(x.data as Float32Array, (value, at) => (kept(at) ? value : 0)),
    rows,
    columns,
  )
}

/** Whether the left operand is read as [k, row], and all sizes: around those of vectors, words, strips, passes and chunks of panels. */
const SIZES = [
  [false, 16, 64, 8],
  [false, 17, 65, 9],
  [false, 33, 100, 13],
  [false, 100, 784, 50],
  [false, 50, 121, 52],
  [false, 20, 359, 53],
  [false, 131, 130, 101],
  [false, 170, 784, 50],
  [false, 16, 64, 260],
  [true, 256, 64, 32],
  [true, 257, 100, 50],
  [true, 300, 121, 33],
  [true, 260, 250, 104],
] as const

const product = compile((a: Tensor, b: Tensor) => matmul(a, b), { threads: 1 })
const productOfColumns = compile((a: Tensor, b: Tensor) => matmul(transpose(a), b), { threads: 1 })

describe.each(SIZES)('columns: %s, [%i, %i] by [, %i]', (columns, m, k, n) => {
  const shape = columns ? ([k, m] as const) : ([m, k] as const)
  const multiply = columns ? productOfColumns : product

  test.each([0, 3, 19, 40, 60, 100])('%i of 100 numbers are not zero: sums of integers are exact', (percent) => {
    const a = withZeros(integers(shape, 'float32', 1) as Tensor, percent)
    const b = integers([k, n], 'float32', 2) as Tensor
    const expected = matmul(columns ? transpose(a) : a, b)
    expect(Array.from(multiply(a, b).data)).toEqual(Array.from(expected.data))
  })

  test('bits are those of a product in which none is left out', () => {
    const a = withZeros(normal(randomKey(3), shape), 19)
    const b = normal(randomKey(4), [k, n])
    // By what is not finite no zero may be multiplied.
    const infinite = concat([b, matrix(new Array<number>(k).fill(Number.POSITIVE_INFINITY), k, 1)], { axis: 1 })
    const whole = multiply(a, infinite as Tensor)
    expect(bytesOf(multiply(a, b)).equals(bytesOf(slice(whole, { begin: [0, 0], end: [m, n] })))).toBe(true)
  })
})

const bytesOf = (x: AnyTensor): Buffer => Buffer.from(Uint8Array.from(new Uint8Array(x.data.slice().buffer)))

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'zero times %d is NaN, wherever in the right operand it is',
  (value) => {
    const a = withZeros(normal(randomKey(5), [20, 300]), 10)
    for (const at of [0, 50 * 7 + 49, 50 * 130 + 20, 50 * 299 + 3]) {
      const b = normal(randomKey(6), [300, 50])
      const numbers = Float32Array.from(b.data as Float32Array)
      numbers[at] = value
      const there = matrix(numbers, 300, 50)
      const [got, expected] = [product(a, there).data, matmul(a, there).data]
      const kind = (x: number) => (Number.isFinite(x) ? 'finite' : String(x))
      expect(Array.from(got, kind)).toEqual(Array.from(expected, kind))
      expect(Array.from(got).filter(Number.isNaN).length).toBeGreaterThan(10)
    }
  },
)

test('NaN on the left is not zero', () => {
  const numbers = new Float32Array(20 * 100)
  numbers[205] = Number.NaN
  const got = product(matrix(numbers, 20, 100), normal(randomKey(7), [100, 10])).data
  expect(Array.from(got, Number.isNaN)).toEqual(Array.from({ length: 200 }, (_, at) => Math.floor(at / 10) === 2))
})

test.each([0, 1])(
  'no sum of zeros is −0, as none is where products are added up from 0: %i of them left out',
  (left) => {
    // Rows of zeros, or of numbers whose products are too small for float32.
    const a = matrix(new Array<number>(16 * 64).fill(left === 0 ? 1e-30 : 0), 16, 64)
    const b = matrix(new Array<number>(64 * 8).fill(-1e-30), 64, 8)
    for (const value of product(a, b).data) expect(Object.is(value, 0)).toBe(true)
  },
)

test('one, two and three threads give the same bits, whichever rows have many zeros', () => {
  const some = withZeros(normal(randomKey(8), [90, 300]), 15)
  const a = concat([some, normal(randomKey(9), [45, 300]), some]) as Tensor
  const [b, c] = [normal(randomKey(10), [300, 40]), normal(randomKey(11), [225, 33])]
  const f = (a: Tensor, b: Tensor, c: Tensor) => [relu(add(matmul(a, b), 1)), matmul(transpose(a), c)]
  const run = (threads: number) => {
    const program = makeProgram(trace(f, [a, b, c]), new Session({ threads }))
    for (const [index, leaf] of [a, b, c].entries()) program.write(index, leaf)
    program.run()
    return (program.read() as AnyTensor[]).map(bytesOf)
  }
  const one = run(1)
  for (const threads of [2, 3]) {
    for (const [at, bytes] of run(threads).entries()) expect(bytes.equals(one[at]!)).toBe(true)
  }
})

test('lists are made only where matrices are large enough', () => {
  const leavesOut = (m: number, k: number, n: number) => {
    const args: [Tensor, Tensor] = [normal(randomKey(1), [m, k]), normal(randomKey(2), [k, n])]
    return product.explain({ args, wat: true }).includes('product.sparse')
  }
  expect(leavesOut(16, 64, 8)).toBe(true)
  expect([leavesOut(15, 64, 8), leavesOut(16, 63, 8), leavesOut(16, 64, 7)]).toEqual([false, false, false])
})

describe('convolutions of images with empty borders', () => {
  // With channels last, as they lie between layers.
  const reference = (x: Tensor, w: Tensor) => transpose(conv2d(x, w, null), [0, 2, 3, 1])
  const referenceAndPad = (x: Tensor, w: Tensor) => transpose(conv2d(x, w, null, { pad: 1 }), [0, 2, 3, 1])
  const convolve = compile(reference, { threads: 1 })
  const convolveAndPad = compile(referenceAndPad, { threads: 1 })

  /** Images whose numbers but in a box in the middle are 0, and in every fifth image all of them. */
  function bordered(images: number, height: number, width: number): Tensor {
    const values = integers([images, 1, height, width], 'float32', 3)
    const inside = (at: number, length: number) => at >= Math.floor(length / 3) && at <= Math.floor((2 * length) / 3)
    const kept = (at: number) => {
      const [image, row, column] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width]
      return image % 5 !== 4 && inside(row, height) && inside(column, width)
    }
    const data = Float32Array.from(values.data, (value, at) => (kept(at) ? value : 0))
    return tensor(data, { shape: [images, 1, height, width] }) as Tensor
  }

  test.each([
    [28, 28, 5, 30],
    [28, 28, 3, 16],
    [9, 64, 3, 17],
    [9, 65, 3, 17],
    [12, 8, 5, 20],
    [10, 11, 2, 16],
    [20, 20, 9, 16],
    [36, 36, 30, 16],
  ])('%i by %i, windows of %i, %i filters: sums of integers are exact', (height, width, kernel, filters) => {
    const x = bordered(11, height, width)
    const w = integers([filters, 1, kernel, kernel], 'float32', 4) as Tensor
    for (const [f, expected] of [
      [convolve, reference],
      [convolveAndPad, referenceAndPad],
    ] as const) {
      const numbers = (made: Tensor) => Array.from(made.data, (value) => value + 0)
      expect(numbers(f(x, w))).toEqual(numbers(expected(x, w)))
    }
  })

  test('windows whose first rows are empty are not, however tall they are', () => {
    const values = Array.from({ length: 36 * 36 }, (_, at) => (at >= 34 * 36 ? (at % 7) - 3 : 0))
    const x = tensor(Float32Array.from(values), { shape: [1, 1, 36, 36] }) as Tensor
    for (const kernel of [8, 9, 30]) {
      const w = integers([16, 1, kernel, kernel], 'float32', 6) as Tensor
      expect(Array.from(convolve(x, w).data, (value) => value + 0)).toEqual(
        Array.from(reference(x, w).data, (value) => value + 0),
      )
    }
  })

  test('filters that are not finite make NaN of empty windows', () => {
    const x = bordered(3, 28, 28)
    for (const at of [0, 12, 25 * 29 + 24]) {
      const w = integers([30, 1, 5, 5], 'float32', 5).data.slice() as Float32Array
      w[at] = Number.POSITIVE_INFINITY
      const filters = tensor(w, { shape: [30, 1, 5, 5] }) as Tensor
      const kind = (value: number) => (Number.isFinite(value) ? 'finite' : String(value))
      expect(Array.from(convolve(x, filters).data, kind)).toEqual(Array.from(reference(x, filters).data, kind))
    }
  })

  test('no empty window makes −0', () => {
    const w = tensor(new Float32Array(16 * 9).fill(-1), { shape: [16, 1, 3, 3] }) as Tensor
    for (const value of convolve(bordered(5, 12, 12), w).data) expect(Object.is(value, -0)).toBe(false)
  })

  test('windows are looked at where images have one channel', () => {
    const looksAt = (channels: number) =>
      convolve
        .explain({ args: [zeros([2, channels, 28, 28]), zeros([30, channels, 5, 5])], wat: true })
        .includes('bits.windows')
    expect([looksAt(1), looksAt(2)]).toEqual([true, false])
  })
})
