import { randomKey, splitKey, type Tensor, tensor, ValueError, valueAndGrad, zeros } from '@cotangent/core'
import { add, matmul, mean, mul, pad, reshape, slice, square, sub, sum, take, transpose, uniform } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { carry } from './carry.ts'
import { integers, plain } from './exact.fixtures.ts'

const alone = { threads: 1 }

/** The carried step against the same step run by the reference backend, several times over. */
function holds<S, M>(state: S, step: (state: S) => readonly [S, M], runs = 3): void {
  const carried = carry(state, alone)
  const fast = carried.step(step)
  let current = state
  for (let run = 0; run < runs; run++) {
    const [next, metrics] = step(current)
    expect(plain(fast()), `metrics of run ${run}`).toEqual(plain(metrics))
    expect(plain(carried.snapshot()), `state after run ${run}`).toEqual(plain(next))
    current = next
  }
}

const vector = integers([37], 'float32')
const matrix = integers([5, 5], 'float32', 1)

test('a state that is replaced element by element', () => {
  holds({ w: vector }, ({ w }) => [{ w: sub(mul(w, 2), 1) }, sum(w)])
})

test('a new state that reads the old one at other places', () => {
  holds({ w: matrix }, ({ w }) => [{ w: add(w, transpose(w)) }, null])
  holds({ w: vector }, ({ w }) => [{ w: sub(w, sum(w)) }, null])
  holds({ w: vector }, ({ w }) => [{ w: sub(w, slice(w, { begin: [0], end: [1] })) }, null])
  holds({ w: matrix }, ({ w }) => [{ w: mul(matmul(w, w), 0.5) }, null], 2)
  holds({ w: vector }, ({ w }) => [{ w: slice(w, { step: [-1] }) }, null])
  holds({ w: vector }, ({ w }) => [{ w: pad(slice(w, { begin: [1] }), [[0, 1]]) }, null])
  const [table, places] = [tensor([4, 0, 3, 1, 2], { dtype: 'int32' }), tensor([2, 2, 0, 1, 4], { dtype: 'int32' })]
  holds({ w: places }, ({ w }) => [{ w: take(table, slice(w, { step: [-1] })) }, null])
  holds({ w: places }, ({ w }) => [{ w: take(w, w) }, null])
})

test('leaves that change places, all around', () => {
  const [a, b, c] = [0, 1, 2].map((salt) => integers([9], 'float32', salt)) as [Tensor, Tensor, Tensor]
  holds({ a, b }, (s) => [{ a: s.b, b: s.a }, null])
  holds({ a, b, c }, (s) => [{ a: s.b, b: s.c, c: s.a }, null], 4)
  holds({ a, b }, (s) => [{ a: add(s.b, 1), b: mul(s.a, 2) }, null])
  holds({ a, b, c }, (s) => [{ a: s.b, b: add(s.a, s.b), c: s.a }, null])
})

test('leaves that are handed through, doubled, constant, or the same value twice', () => {
  const [a, b] = [integers([9], 'float32'), integers([9], 'float32', 1)]
  const fixed = integers([9], 'float32', 2)
  holds({ a, b }, (s) => [{ a: s.a, b: add(s.a, s.b) }, null])
  holds({ a, b }, (s) => [{ a: s.a, b: s.a }, null])
  holds({ a, b }, (s) => [{ a: fixed, b: fixed }, s.a])
  holds({ a, b }, (s) => {
    const both = add(s.a, s.b)
    return [{ a: both, b: both }, both]
  })
})

test('leaves that are others under another shape', () => {
  const [a, b] = [integers([9], 'float32'), integers([3, 3], 'float32', 1)]
  holds({ a, b }, (s) => [{ a: reshape(s.b, [9]), b: reshape(s.a, [3, 3]) }, null])
  holds({ a, b }, (s) => [{ a: reshape(s.b, [9]), b: add(s.b, 1) }, null])
  holds({ a, b }, (s) => {
    const both = mul(s.a, reshape(s.b, [9]))
    return [{ a: both, b: reshape(both, [3, 3]) }, both]
  })
})

test('metrics that are the old state are not the new one', () => {
  const [a, b] = [integers([9], 'float32'), integers([9], 'float32', 1)]
  holds({ a }, (s) => [{ a: add(s.a, 1) }, reshape(s.a, [3, 3])])
  holds({ a }, (s) => [{ a: add(s.a, 1) }, s.a])
  holds({ a, b }, (s) => [{ a: s.b, b: s.a }, [s.a, s.b, add(s.a, s.b)]])
  holds({ a }, (s) => [{ a: add(s.a, 1) }, [s.a, add(s.a, 1), mul(s.a, s.a)]])
})

test('keys are carried, and draws are fresh each step', () => {
  const carried = carry({ key: randomKey(1) }, alone)
  const draw = carried.step(({ key }) => {
    const [next, use] = splitKey(key, 2)
    return [{ key: next }, uniform(use, [4])]
  })
  const drawn = [draw(), draw(), draw()].map((one) => one.toString())
  expect(new Set(drawn).size).toBe(3)
  let key = randomKey(1)
  for (const one of drawn) {
    const [next, use] = splitKey(key, 2)
    expect(one).toBe(uniform(use, [4]).toString())
    key = next
  }
  const [x, y] = splitKey(randomKey(2), 2)
  holds({ x, y }, (s) => [{ x: s.y, y: s.x }, null])
})

test('arguments of steps, several programs on one state, and readers that leave it', () => {
  const carried = carry({ w: zeros([3]) }, alone)
  const move = carried.step(({ w }, by: Tensor<'float32'>) => [{ w: add(w, by) }, sum(w)])
  const scale = carried.step(({ w }, factor: number) => [{ w: mul(w, factor) }, null])
  const read = carried.reader(({ w }, x: Tensor<'float32'>) => mul(w, x))
  expect(move(tensor([1, 2, 3])).item()).toBe(0)
  scale(2)
  expect(move(tensor([1])).item()).toBe(12)
  scale(0.5)
  expect(read(tensor([2, 2, 2])).toArray()).toEqual([3, 5, 7])
  expect(carried.snapshot().w.toArray()).toEqual([1.5, 2.5, 3.5])
})

test('snapshots and metrics stay as they are when steps run on', () => {
  const carried = carry({ w: zeros([2]) }, alone)
  const step = carried.step(({ w }) => [{ w: add(w, 1) }, mul(w, 10)])
  const [metrics, snapshot] = [step(), carried.snapshot()]
  step()
  expect(metrics.toArray()).toEqual([0, 0])
  expect(snapshot.w.toArray()).toEqual([1, 1])
  carried.restore(snapshot)
  expect(step().toArray()).toEqual([10, 10])
})

test('a descent like the reference backend does it', () => {
  const x = integers([20, 5], 'float64', 3)
  const loss = (w: Tensor<'float64'>) => mean(square(sub(matmul(x, w), 1)))
  const step = ({ w }: { w: Tensor<'float64'> }) => {
    const [value, slope] = valueAndGrad(loss)(w)
    return [{ w: sub(w, mul(slope, 0.01)) }, value] as const
  }
  const start = { w: integers([5], 'float64') }
  const carried = carry(start, alone)
  const fast = carried.step(step)
  let state = start
  for (let run = 0; run < 50; run++) {
    const [next, value] = step(state)
    expect(Math.abs(fast().item() - value.item())).toBeLessThan(1e-12 * (1 + Math.abs(value.item())))
    state = next
  }
})

test('a new state of another structure is refused, and so is such a state to restore', () => {
  const carried = carry({ w: zeros([2]) }, alone)
  const message = /same structure, shapes and dtypes/
  expect(() => carried.step((s) => [{ v: s.w } as never, null])()).toThrow(message)
  expect(() => carried.step(({ w }) => [{ w: sum(w) }, null])()).toThrow(ValueError)
  expect(() => carried.step(({ w }) => ({ w }) as never)()).toThrow(message)
  expect(() => carried.restore({ w: zeros([3]) })).toThrow(/another structure/)
})

test('numbers in the state are refused', () => {
  expect(() => carry({ w: zeros([2]), rate: 0.5 }, alone)).toThrow(/holds a number/)
})

test('leaves that are no tensors are part of the structure', () => {
  const start = { w: zeros([2]), kind: 'plain', on: true, none: null, missing: undefined }
  holds(start, (s) => [{ ...s, w: add(s.w, s.kind === 'plain' ? 1 : 2) }, null])
  expect(() => carry(start, alone).step((s) => [{ ...s, kind: 'other' }, null])()).toThrow(ValueError)
})
