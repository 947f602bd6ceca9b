/** Tasks that go row by row, each thread keeping to its rows: which these are, and that results do not depend on it. */
import { type AnyTensor, mul, randomKey, type Tensor, tensor, valueAndGrad, zeros } from '@cotangent/core'
import { add, exp, matmul, max, mean, normal, relu, softmaxCrossEntropy, sub, sum, take, tanh } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { plain } from './exact.fixtures.ts'
import { checkMemory, checkRegions } from './memory.fixtures.ts'
import { makeProgram } from './program.ts'
import { planProgram } from './program-plan.ts'
import { Session } from './session.ts'
import { argumentLeaves, trace } from './trace.ts'

const [first, second] = [mul(normal(randomKey(1), [70, 24]), 0.1), mul(normal(randomKey(2), [24, 10]), 0.1)] as Tensor[]
const images = normal(randomKey(3), [200, 70])

/** A step of gradient descent of a net with two layers. */
const step = (w: Tensor, v: Tensor, rows: Tensor<'int32'>, labels: Tensor<'int32'>) => {
  const x = take(images, rows)
  const net = (w: Tensor, v: Tensor) => softmaxCrossEntropy(matmul(relu(matmul(x, w)), v) as Tensor, labels)
  const [loss, [dw, dv]] = valueAndGrad(net, { argnums: [0, 1] })(w, v)
  return [sub(w, mul(dw, 0.1)), sub(v, mul(dv, 0.1)), loss]
}

const indices = (count: number, of: number) =>
  tensor(
    Array.from({ length: count }, (_, at) => (at * 7) % of),
    { dtype: 'int32' },
  )

const planOf = (f: (...args: never[]) => unknown, args: readonly AnyTensor[]) =>
  planProgram(trace(f, args as never).graph, [], [])

const regionsIn = (f: (...args: never[]) => unknown, ...args: readonly AnyTensor[]) =>
  planOf(f, args).regions.map(({ from, to, images: rows, depthFirst }) => ({ tasks: to - from, rows, depthFirst }))

test('a batch goes through a net and back without a meeting of threads', () => {
  const args = [first, second, indices(100, 200), indices(100, 10)] as AnyTensor[]
  const plan = planOf(step as never, args)
  expect(plan.regions).toHaveLength(1)
  const [{ from, to, images: rows, depthFirst }] = plan.regions as [(typeof plan.regions)[0]]
  expect({ from, rows, depthFirst }).toEqual({ from: 0, rows: 100, depthFirst: false })
  // The products of both layers, and the gradient of what is between them.
  const products = plan.tasks.slice(from, to).filter(({ task }) => task.kind === 'contract')
  expect(products).toHaveLength(3)
  // The loss, and the gradients by the weights, come after.
  expect(plan.tasks.slice(to).map(({ task }) => task.kind)).toEqual(expect.arrayContaining(['contract', 'loop']))
  checkMemory(plan, [], [])
  checkRegions(plan, [])
})

describe.each([16, 17, 33, 64, 100, 131])('a batch of %i', (batch) => {
  test('has the same bits with one, two and three threads', () => {
    const args = [first, second, indices(batch, 200), indices(batch, 10)] as const
    const run = (threads: number) => {
      const program = makeProgram(trace(step as never, args as never), new Session({ threads }))
      for (const [index, leaf] of argumentLeaves(args).entries()) program.write(index, leaf)
      return Array.from({ length: 3 }, () => {
        program.run()
        return plain(program.read())
      })
    }
    const one = run(1)
    expect(run(2)).toEqual(one)
    expect(run(3)).toEqual(one)
  })
})

const x = zeros([40, 12])

test('a task that reads other rows, or all of them, does not join', () => {
  const others = (x: Tensor) => {
    const y = exp(x)
    return max(add(take(y, indices(40, 40)), tanh(x)), { axis: 1 })
  }
  expect(regionsIn(others as never, x)).toEqual([])
  const all = (x: Tensor) => {
    const rows = max(exp(x), { axis: 1, keepDims: true })
    return max(sub(x, mul(rows, mean(rows))), { axis: 1 })
  }
  const plan = planOf(all as never, [x])
  checkMemory(plan, [], [])
  checkRegions(plan, [])
})

test('what none of them needs comes after', () => {
  const f = (x: Tensor) => {
    const rows = max(exp(x), { axis: 1, keepDims: true })
    const total = sum(rows)
    const more = max(mul(x, rows), { axis: 1, keepDims: true })
    return [total, sum(mul(more, rows), { axis: 1 })]
  }
  const [region] = planOf(f as never, [x]).regions
  expect(region).toMatchObject({ from: 0, images: 40, depthFirst: false })
  expect(region!.to).toBeGreaterThanOrEqual(2)
})

test('few rows, and values too large to stay in memory together, are left alone', () => {
  const f = (x: Tensor) => {
    const rows = max(exp(x), { axis: 1, keepDims: true })
    return max(mul(x, rows), { axis: 1 })
  }
  expect(regionsIn(f as never, zeros([15, 12]))).toEqual([])
  expect(regionsIn(f as never, x)).toHaveLength(1)
  const products = (x: Tensor) => matmul(tanh(matmul(x, zeros([8, 600]))), zeros([600, 600]))
  expect(regionsIn(products as never, zeros([100, 8]))).toHaveLength(1)
  expect(regionsIn(products as never, zeros([1000, 8]))).toEqual([])
})
