import { grad, hessian, jvp, randomKey, type Tensor, TraceError, tensor, zeros } from '@cotangent/core'
import { add, cast, cumsum, exp, max, mul, relu, scatterAdd, sin, square, sub, sum, uniform } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { compile } from './compile.ts'
import { integers, plain } from './exact.fixtures.ts'

const alone = { threads: 1 }

/** A function that counts how often it is traced. */
function counted<A extends readonly unknown[], R>(f: (...args: A) => R) {
  let traces = 0
  const counting = (...args: A): R => {
    traces++
    return f(...args)
  }
  return { compiled: compile(counting, alone), traces: () => traces }
}

test('one trace for arguments of the same shapes and dtypes, another for others', () => {
  const { compiled, traces } = counted((x: Tensor) => mul(x, 2))
  expect(compiled(tensor([1, 2])).toArray()).toEqual([2, 4])
  expect(compiled(tensor([3, 4])).toArray()).toEqual([6, 8])
  expect(traces()).toBe(1)
  expect(compiled(tensor([3])).toArray()).toEqual([6])
  expect(compiled(tensor([3], { dtype: 'float64' })).dtype).toBe('float64')
  expect(compiled(tensor([[3, 1]])).shape).toEqual([1, 2])
  expect(traces()).toBe(4)
  expect(compiled(tensor([5, 6])).toArray()).toEqual([10, 12])
  expect(traces()).toBe(4)
})

test('a number that changes is no new trace', () => {
  const { compiled, traces } = counted((x: Tensor, rate: number) => mul(x, rate))
  for (const rate of [0.5, 0.25, -2]) expect(compiled(tensor([4]), rate).toArray()).toEqual([4 * rate])
  expect(traces()).toBe(1)
})

test('booleans, strings, null and undefined are part of the program', () => {
  const f = (x: Tensor, { double, kind }: { double?: boolean; kind: string | null }) => {
    const y = double ? mul(x, 2) : x
    return kind === 'square' ? square(y) : y
  }
  const { compiled, traces } = counted(f)
  const x = tensor([3])
  for (const options of [
    { double: true, kind: 'square' },
    { double: false, kind: null },
    { kind: 'x' },
    { double: undefined, kind: 'x' },
  ]) {
    expect(plain(compiled(x, options)), JSON.stringify(options)).toEqual(plain(f(x, options)))
  }
  const before = traces()
  compiled(x, { double: true, kind: 'square' })
  expect(traces()).toBe(before)
})

test('leaves that only look alike are told apart', () => {
  const { compiled } = counted((x: Tensor, kind: unknown) =>
    kind === null ? mul(x, 2) : kind === 'undefined' ? mul(x, 3) : kind === undefined ? mul(x, 5) : x,
  )
  const run = (kind: unknown) => compiled(tensor([1]), kind).item()
  expect([null, 'undefined', undefined, 'null', 'number'].map(run)).toEqual([2, 3, 5, 1, 1])
  const [twice, thrice] = [2, 3].map((by) => (x: Tensor) => mul(x, by))
  const applied = compile((f: (x: Tensor) => Tensor, x: Tensor) => f(x), alone)
  expect([twice!, thrice!, twice!].map((f) => applied(f, tensor([1])).item())).toEqual([2, 3, 2])
  const deep = compile((x: unknown) => (typeof x === 'string' ? tensor([1]) : tensor([2])), alone)
  expect(deep('tensor float32 2').item()).toBe(1)
  expect(deep(zeros([2])).item()).toBe(2)
})

test('arguments come out as they went in, results as often as they are named', () => {
  const f = (x: Tensor) => ({ x, twice: [x, x], sum: sum(x), same: { deep: sum(x) } })
  const x = integers([5, 3], 'float32')
  expect(plain(compile(f, alone)(x))).toEqual(plain(f(x)))
})

test('results are read late: later calls do not change them', () => {
  const compiled = compile((x: Tensor) => [add(x, 1), x], alone)
  const first = compiled(tensor([1, 2]))
  for (let call = 0; call < 10; call++) compiled(tensor([call, call]))
  expect(first.map((one) => one.toArray())).toEqual([
    [2, 3],
    [1, 2],
  ])
})

test('programs taking turns do not disturb each other', () => {
  const one = compile((x: Tensor) => exp(x), alone)
  const other = compile((x: Tensor) => sin(x), alone)
  const x = tensor([0, 0])
  for (let call = 0; call < 3; call++) {
    expect(one(x).toArray()).toEqual([1, 1])
    expect(other(x).toArray()).toEqual([0, 0])
  }
})

test('gradients compile, and a variable reassigned later is not seen', () => {
  let factor = tensor(3)
  const f = (x: Tensor) => sum(mul(square(x), factor))
  const slope = compile((x: Tensor) => grad(f)(x), alone)
  expect(slope(tensor([1, 2])).toArray()).toEqual([6, 12])
  factor = tensor(100)
  expect(slope(tensor([1, 2])).toArray()).toEqual([6, 12])
})

test('second derivatives and forward mode compile', () => {
  const f = (x: Tensor<'float64'>) => sum(mul(square(x), x))
  const x = tensor([1, 2], { dtype: 'float64' })
  expect(plain(compile((y: Tensor<'float64'>) => hessian(f)(y), alone)(x))).toEqual(plain(hessian(f)(x)))
  const along = (y: Tensor<'float64'>) => jvp(f, [y], [tensor([1, -1], { dtype: 'float64' })])
  expect(plain(compile(along, alone)(x))).toEqual(plain(along(x)))
})

test('reading a value while it is traced names what reads it', () => {
  const x = tensor([1, 2])
  expect(() => compile((y: Tensor) => (sum(y).item() > 0 ? y : mul(y, 2)), alone)(x)).toThrow(TraceError)
  expect(() => compile((y: Tensor) => tensor([...y.data]), alone)(x)).toThrow(TraceError)
  expect(() => compile((y: Tensor) => tensor(y.toArray() as number[]), alone)(x)).toThrow(TraceError)
})

test('a key that is closed over is an error, one that is passed is not', () => {
  const key = randomKey(0)
  expect(() => compile((x: Tensor) => add(x, uniform(key, [2])), alone)(tensor([1, 2]))).toThrow(
    /random key that the function closes over/,
  )
  expect(() => compile((x: Tensor) => add(x, uniform(randomKey(3), [2])), alone)(tensor([1, 2]))).toThrow(TraceError)
  const draw = compile((k: Tensor<'key'>) => uniform(k, [3]), alone)
  expect(draw(key).toArray()).toEqual(uniform(key, [3]).toArray())
  expect(draw(randomKey(1)).toArray()).not.toEqual(draw(key).toArray())
})

test('what the function throws comes out, and the next call works', () => {
  let fail = true
  const compiled = compile((x: Tensor) => {
    if (fail) throw new RangeError('not today')
    return mul(x, 2)
  }, alone)
  expect(() => compiled(tensor([1]))).toThrow('not today')
  fail = false
  expect(compiled(tensor([1])).toArray()).toEqual([2])
})

test('scatters and scans, onto what is computed and from what is', () => {
  const f = (x: Tensor, indices: Tensor<'int32'>) => {
    const onto = scatterAdd(mul(x, 2), indices, add(x, 1))
    return [onto, cumsum(onto), cumsum(relu(x), { axis: 0, reverse: true, exclusive: true }), max(cumsum(square(x)))]
  }
  for (const shape of [[7], [7, 3], [7, 4, 2]]) {
    const [x, indices] = [integers(shape, 'float32'), tensor([6, 0, 0, 3, 6, 6, 1], { dtype: 'int32' })]
    const g = (y: Tensor, i: Tensor<'int32'>) => {
      const onto = scatterAdd(mul(y, 2), i, add(y, 1))
      return [
        onto,
        cumsum(onto, { axis: 0 }),
        cumsum(relu(y), { axis: 0, reverse: true, exclusive: true }),
        sub(onto, y),
      ]
    }
    expect(plain(compile(g, alone)(x, indices))).toEqual(plain(g(x, indices)))
    if (shape.length === 1) expect(plain(compile(f, alone)(x, indices))).toEqual(plain(f(x, indices)))
  }
  const whole = (x: Tensor<'uint8'>) => sum(cast(x, 'int32'))
  const bytes = tensor(
    Uint8Array.from({ length: 1001 }, (_, at) => at % 251),
    { dtype: 'uint8' },
  )
  expect(compile(whole, alone)(bytes).item()).toBe(whole(bytes).item())
})
