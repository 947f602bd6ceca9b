import { grad, randomKey, splitKey, type Tensor, tensor, valueAndGrad, zeros } from '@cotangent/core'
import { add, matmul, mean, mul, normal, relu, slice, square, stack, sub, sum, take } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { carry } from './carry.ts'
import { integers, plain } from './exact.fixtures.ts'

const data = integers([60, 40], 'float32')
const start = {
  w: integers([40, 300], 'float32', 1),
  v: integers([300, 5], 'float32', 2),
  seen: zeros([], { dtype: 'int32' }),
}
interface Batch {
  readonly indices: Tensor<'int32'>
  readonly key: Tensor<'key'>
}

/** A step on the rows of `data` at `indices`, large enough to be shared by threads; its metrics are of several kinds. */
function step({ w, v, seen }: typeof start, { indices, key }: Batch, rate: number) {
  const x = take(data, indices)
  const noise = normal(key, [40, 300])
  const loss = ([a, b]: readonly [Tensor, Tensor]) => mean(square(matmul(relu(matmul(x, add(a, noise))), b)))
  const [value, [dw, dv]] = valueAndGrad(loss)([w, v])
  const next = { w: sub(w, mul(dw, rate)), v: sub(v, mul(dv, rate)), seen: add(seen, indices.size) }
  const first = slice(w, { begin: [0, 0], end: [1, 3] })
  return [next, { loss: value, seen, indices, twice: [value, 'text'], first }] as const
}

const steps = 9
const indices = Array.from({ length: steps }, (_, step) =>
  tensor(Int32Array.from({ length: 20 }, (_, at) => (step * 13 + at * 7) % 60)),
)
const keys = splitKey(randomKey(3), steps)

describe.each([1, 2])('%i threads', (threads) => {
  test('many steps in one call give the bits of single ones', () => {
    const [one, many] = [carry(start, { threads }), carry(start, { threads })]
    const single = one.step(step)
    const metrics = indices.map((batch, at) => single({ indices: batch, key: keys[at]! }, 1e-6))
    const all = many.step(step).many({ indices: stack(indices), key: stack(keys) }, 1e-6)
    const stacked = <T extends Tensor>(pick: (one: (typeof metrics)[number]) => T) => plain(stack(metrics.map(pick)))
    expect(plain(all.loss)).toBe(stacked(({ loss }) => loss))
    expect(plain(all.twice)).toEqual([stacked(({ loss }) => loss), 'text'])
    expect(plain(all.first)).toBe(stacked(({ first }) => first))
    expect(all.seen.toArray()).toEqual(indices.map((_, at) => at * 20))
    expect(plain(all.indices)).toBe(plain(stack(indices)))
    expect(plain(many.snapshot())).toEqual(plain(one.snapshot()))
    expect(new Set(all.loss.data).size).toBe(steps)
  })

  test('single steps and many take turns, with another rate each', () => {
    const [one, other] = [carry(start, { threads }), carry(start, { threads })]
    const [single, mixed] = [one.step(step), other.step(step)]
    for (const [at, batch] of indices.entries()) single({ indices: batch, key: keys[at]! }, at < 4 ? 1e-6 : 2e-6)
    mixed({ indices: indices[0]!, key: keys[0]! }, 1e-6)
    mixed.many({ indices: stack(indices.slice(1, 4)), key: stack(keys.slice(1, 4)) }, 1e-6)
    mixed.many({ indices: stack(indices.slice(4)), key: stack(keys.slice(4)) }, 2e-6)
    expect(plain(other.snapshot())).toEqual(plain(one.snapshot()))
  })

  test('a reader measures many batches in one call', () => {
    const carried = carry(start, { threads })
    const measure = carried.reader(({ w }, batch: Tensor<'int32'>) => sum(square(matmul(take(data, batch), w))))
    expect(plain(measure.many(stack(indices)))).toBe(plain(stack(indices.map((batch) => measure(batch)))))
  })
})

test('more steps than there is room for at once', () => {
  const counting = carry({ total: zeros([], { dtype: 'int32' }) }, { threads: 1 })
  const count = counting.step(({ total }, x: Tensor<'int32'>) => [{ total: add(total, sum(x)) }, total])
  const numbers = tensor(
    Int32Array.from({ length: 2500 * 300 }, (_, at) => at % 7),
    { shape: [2500, 300] },
  )
  const totals = count.many(numbers).data
  let expected = 0
  for (let step = 0; step < 2500; step++) {
    expect(totals[step]).toBe(expected)
    for (let at = 0; at < 300; at++) expected += (step * 300 + at) % 7
  }
  expect(counting.snapshot().total.item()).toBe(expected)
  expect(count.many(zeros([0, 300], { dtype: 'int32' })).shape).toEqual([0])
  expect(counting.snapshot().total.item()).toBe(expected)
})

test('one program serves single steps and many', () => {
  let traces = 0
  const counting = carry({ total: zeros([]) }, { threads: 1 })
  const count = counting.step(({ total }, x: Tensor) => {
    traces++
    return [{ total: add(total, x) }, total]
  })
  expect(count.many(tensor([1, 2, 3])).toArray()).toEqual([0, 1, 3])
  expect(count(tensor(4)).item()).toBe(6)
  expect(traces).toBe(1)
})

test('arguments without steps, or of several numbers of them, are refused', () => {
  const carried = carry({ w: zeros([2]) }, { threads: 1 })
  const step = carried.step(({ w }, x: Tensor, { y }: { y: Tensor }, rate: number) => [
    { w: add(w, mul(x, rate)) },
    sum(y),
  ])
  const message = (x: Tensor, y: Tensor) => () => step.many(x, { y }, 1)
  expect(message(zeros([3, 2]), zeros([]))).toThrow(
    'many: args[1].y is a scalar; give it an axis that counts the steps, one value for each',
  )
  expect(message(zeros([3, 2]), zeros([4]))).toThrow(
    'many: args[1].y of shape [4] has 4 steps along its first axis, those before it have 3; all need the same',
  )
  const idle = carried.reader(({ w }, rate: number) => mul(w, rate))
  expect(() => idle.many(1)).toThrow('many: the arguments hold no tensor whose first axis counts the steps')
  expect(() => grad((x: Tensor) => step.many(x, { y: x }, 1))(zeros([3, 2]))).toThrow(
    /cannot be differentiated, recorded or compiled/,
  )
  expect(carried.snapshot().w.toArray()).toEqual([0, 0])
})

test('a marked state comes back, as often as wanted', () => {
  const counting = carry({ total: zeros([]), key: randomKey(1) }, { threads: 1 })
  const count = counting.step(({ total, key }, x: Tensor) => [{ total: add(total, x), key }, total])
  expect(() => counting.rewind()).toThrow('carry: there is no state to rewind to; call mark() before')
  count(tensor(5))
  counting.mark()
  for (let turn = 0; turn < 2; turn++) {
    count.many(tensor([1, 2, 3]))
    expect(counting.snapshot().total.item()).toBe(11)
    counting.rewind()
    expect(counting.snapshot().total.item()).toBe(5)
  }
  count(tensor(2))
  counting.mark()
  counting.restore({ total: tensor(9), key: randomKey(2) })
  counting.rewind()
  expect(plain(counting.snapshot())).toEqual(plain({ total: tensor(7), key: randomKey(1) }))
})
