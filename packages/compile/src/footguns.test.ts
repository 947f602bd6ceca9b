import { abstractTensor, type Tensor, TraceError, tensor, zeros } from '@cotangent/core'
import { add, broadcastTo, exp, less, matmul, mul, sum, transpose, where } from '@cotangent/ops'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { carry } from './carry.ts'
import { compile } from './compile.ts'
import { MemoryError, Session } from './session.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const alone = { threads: 1 }
const x = tensor([1, -2, 3])

describe('branches on values', () => {
  const message = /used like a number while the function is being traced.*; use operations such as mul, less and where/
  test.each<[string, (y: Tensor) => Tensor]>([
    // As JavaScript, or a cast, would let it be written.
    ['a comparison', (y) => ((sum(y) as unknown as number) > 0 ? y : mul(y, 2))],
    ['arithmetic', (y) => mul(y, (sum(y) as unknown as number) * 2)],
    ['a sum', (y) => mul(y, (sum(y) as unknown as number) + 1)],
    ['a library’s function', (y) => mul(y, Math.abs(sum(y) as unknown as number))],
  ])('%s says what to use instead', (_, f) => {
    expect(() => compile(f, alone)(x)).toThrow(TraceError)
    expect(() => compile(f, alone)(x)).toThrow(message)
    expect(() => carry({ w: x }, alone).step(({ w }) => [{ w: f(w) }, w])()).toThrow(message)
  })

  test('where decides in the program', () => {
    const absolute = compile((y: Tensor) => where(less(y, 0), mul(y, -1), y), alone)
    expect(absolute(x).toArray()).toEqual([1, 2, 3])
  })
})

test('constants are results like others, also where nothing is computed', () => {
  const nothing = compile(() => ({ one: tensor([1, 2]), text: 'x', none: null, made: add(tensor([1]), 2) }), alone)
  const { one, made, ...rest } = nothing()
  expect([one.toArray(), made.toArray(), rest]).toEqual([[1, 2], [3], { text: 'x', none: null }])
  const constant = compile((_: Tensor) => zeros([2]), alone)
  expect(constant(x).toArray()).toEqual([0, 0])
  expect(constant(tensor([5, 6, 7])).toArray()).toEqual([0, 0])
})

test('results are of their own: neither later calls nor other programs of the state change them', () => {
  const training = carry({ w: tensor([1, 2]) }, alone)
  const step = training.step(({ w }, by: Tensor) => [{ w: mul(w, by) }, { w, twice: add(w, w) }])
  const read = training.reader(({ w }) => [w, exp(w)])
  const [first, state, seen] = [step(tensor(2)), training.snapshot(), read()[0]!]
  for (let call = 0; call < 5; call++) {
    step(tensor(3))
    read()
  }
  expect([first.w, first.twice, state.w, seen].map((one) => one.toArray())).toEqual([
    [1, 2],
    [2, 4],
    [2, 4],
    [2, 4],
  ])
})

test('an exception inside a step leaves the state as it was', () => {
  let fail = false
  const training = carry({ w: tensor([1, 2]) }, alone)
  const step = training.step(({ w }, y: Tensor) => {
    if (fail) throw new RangeError('not today')
    return [{ w: add(w, sum(y)) }, w]
  })
  step(zeros([1]))
  fail = true
  expect(() => step(zeros([2]))).toThrow('not today')
  fail = false
  step(tensor([1, 1]))
  expect(training.snapshot().w.toArray()).toEqual([3, 4])
})

describe('more memory than there is', () => {
  test('a program says how much it needs before it takes any', () => {
    const product = compile((y: Tensor) => {
      const rows = broadcastTo(y, [40_000, 3])
      return matmul(rows, transpose(rows))
    }, alone)
    expect(() => product(x)).toThrow(MemoryError)
    expect(() => product(x)).toThrow(
      /^compile: 6\d\d\d MiB are more than the 4096 MiB that WebAssembly can address; use a smaller batch$/,
    )
  })

  test('what fits still runs after what did not', () => {
    const repeated = compile((y: Tensor, many: boolean) => mul(broadcastTo(y, [many ? 400_000_000 : 1, 3]), 2), alone)
    expect(() => repeated(x, true)).toThrow(MemoryError)
    expect(() => new Session({ threads: 1 }).allocate(2 ** 32)).toThrow(/^compile: 4097 MiB are more than the 4096 MiB/)
    expect(repeated(x, false).toArray()).toEqual([[2, -4, 6]])
  })

  test('an engine that gives less says so', () => {
    const session = new Session(alone)
    vi.spyOn(session.memory, 'grow').mockImplementation(() => {
      throw new RangeError('no')
    })
    expect(() => session.allocate(2 ** 20)).toThrow(
      new MemoryError('compile: the engine gives no more memory, though a program needs 2 MiB; use a smaller batch'),
    )
  })

  test('a state as well', () => {
    // Never looked at: its elements are not there.
    const huge = abstractTensor([70_000, 70_000], 'float32')
    expect(() => carry({ huge }, alone)).toThrow(MemoryError)
  })
})

describe('COTANGENT_THREADS', () => {
  test.each(['0', '-1', '1.5', 'two', '1000000'])('of %s is refused', (text) => {
    vi.stubEnv('COTANGENT_THREADS', text)
    expect(() => compile((y: Tensor) => y)).toThrow(new RegExp(`^compile: COTANGENT_THREADS is (${text}|NaN)[,;] `))
  })

  test('gives way to the option', () => {
    vi.stubEnv('COTANGENT_THREADS', '0')
    expect(compile((y: Tensor) => mul(y, 2), alone)(x).toArray()).toEqual([2, -4, 6])
  })
})
