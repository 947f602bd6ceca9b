/** No value that is still needed is ever overwritten: random steps, followed byte by byte. */
import { grad, type Tensor, tensor, valueAndGrad, zeros } from '@cotangent/core'
import {
  add,
  concat,
  conv2d,
  cumsum,
  exp,
  matmul,
  maxPool2d,
  mul,
  relu,
  reshape,
  scatterAdd,
  sin,
  softmaxCrossEntropy,
  square,
  sub,
  sum,
  take,
  tanh,
} from '@cotangent/ops'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkMemory, checkRegions } from './memory.fixtures.ts'
import { planProgram } from './program-plan.ts'
import { argumentsOf, type Matrix, type RandomStep, randomSteps, stepOf } from './random-steps.fixtures.ts'
import { trace } from './trace.ts'

const SEED = 20_261_124
const runs = (count: number): number => (process.env.LAWS === 'full' ? 20 * count : count)

/** The state is the first three arguments, and the first three results. */
const STATE = [0, 1, 2]

const planOf = (step: RandomStep, carries: boolean) => {
  const { graph } = trace(stepOf(step) as (...args: never[]) => unknown, argumentsOf(step))
  const replaced = carries ? STATE.map((at) => ({ result: at, argument: at })) : []
  return { plan: planProgram(graph, carries ? STATE : [], replaced), replaced }
}

test('a step on carried state reads what it means to, keeps its results, and leaves the next state', () => {
  let inPlace = 0
  fc.assert(
    fc.property(randomSteps, (step) => {
      const { plan, replaced } = planOf(step, true)
      checkMemory(plan, STATE, replaced)
      inPlace += plan.inPlace.size
    }),
    { seed: SEED, numRuns: runs(150), includeErrorInReport: true },
  )
  expect(inPlace).toBeGreaterThan(runs(10))
})

/** Cases that random steps seldom meet, each for one clause of the planner. */
const cases: Readonly<Record<string, (x: Matrix, y: Matrix, at: Tensor<'int32'>) => unknown>> = {
  'what one of several pieces reads last': (x, y) => concat([x, x, x, tanh(matmul(x, y)), x]),
  'indices of a gather, made long before': (x, y, at) => {
    const [late, product] = [sub(cumsum(at), at), matmul(matmul(x, y), y)]
    return take(mul(product, 2), late)
  },
  'indices of a scatter, made long before': (x, y, at) => {
    const [late, product] = [sub(cumsum(at), at), matmul(matmul(x, y), y)]
    return scatterAdd(product, late, sin(product))
  },
  'what a scatter starts from, made long before': (x, y, at) => {
    const [start, product] = [exp(x), matmul(matmul(x, y), y)]
    return scatterAdd(start, at, product)
  },
  'both operands of a contraction, made long before': (x, y) => {
    const [a, b, product] = [exp(x), exp(y), matmul(matmul(x, y), y)]
    return matmul(a, add(b, matmul(product, b)))
  },
}

test.each(Object.entries(cases))('%s', (_, f) => {
  const args = [zeros([4, 4]), zeros([4, 4]), tensor([0, 1, 0, 1], { dtype: 'int32' })]
  checkMemory(planProgram(trace(f as never, args).graph, [], []), [], [])
})

test('a training step of a small convolutional net, with momentum', () => {
  const loss = (w: Tensor, v: Tensor, x: Tensor, labels: Tensor<'int32'>) =>
    softmaxCrossEntropy(matmul(reshape(maxPool2d(relu(conv2d(x, w, null)), { kernel: 2 }), [2, 12]), v), labels)
  const step = (w: Tensor, v: Tensor, m: Tensor, x: Tensor, labels: Tensor<'int32'>) => {
    const [value, [dw, dv]] = valueAndGrad(loss, { argnums: [0, 1] })(w, v, x, labels)
    const velocity = sub(mul(m, 0.9), dv)
    return [sub(w, dw), add(v, velocity), velocity, value]
  }
  const args = [
    zeros([3, 1, 3, 3]),
    zeros([12, 5]),
    zeros([12, 5]),
    zeros([2, 1, 6, 6]),
    zeros([2], { dtype: 'int32' }),
  ]
  const carries = STATE.map((at) => ({ result: at, argument: at }))
  const plan = planProgram(trace(step as never, args).graph, STATE, carries)
  checkMemory(plan, STATE, carries)
  expect(plan.tasks.map(({ task }) => task.kind)).toEqual(expect.arrayContaining(['loop', 'contract']))
})

test('convolutions by Winograd, and what finishes them', () => {
  const loss = (w: Tensor, v: Tensor, x: Tensor) => {
    const hidden = relu(conv2d(x, w, null, { pad: 1 }))
    return sum(square(conv2d(hidden, v, null, { pad: 1 })))
  }
  const step = (w: Tensor, v: Tensor, x: Tensor) => {
    const [dw, dv] = grad(loss, { argnums: [0, 1] })(w, v, x)
    return [sub(w, dw), sub(v, dv)]
  }
  const args = [zeros([8, 8, 3, 3]), zeros([8, 8, 3, 3]), zeros([1, 8, 5, 5])]
  const carries = [0, 1].map((at) => ({ result: at, argument: at }))
  const plan = planProgram(trace(step as never, args).graph, [0, 1], carries)
  checkMemory(plan, [0, 1], carries)
  const kinds = plan.tasks.map(({ task }) => task.kind)
  expect(kinds).toEqual(expect.arrayContaining(['winogradImages', 'winogradFilters']))
})

test('what tasks of a region, which run side by side, read and write lies apart', () => {
  const layer = (x: Tensor, w: Tensor) => relu(conv2d(x, w, null, { pad: 1 }))
  const deep = (w: Tensor, v: Tensor, x: Tensor) => sum([w, v, w, v, w].reduce(layer, x))
  const args = [zeros([8, 8, 3, 3]), zeros([8, 8, 3, 3]), zeros([16, 8, 40, 40])]
  const plan = planProgram(trace(deep as never, args).graph, [0, 1], [])
  expect(plan.regions.length).toBeGreaterThan(0)
  checkRegions(plan, [0, 1])
})

test('a leaf of the state that is handed through takes no task', () => {
  const swap = (a: Matrix, b: Matrix) => [a, b]
  const same = [0, 1].map((at) => ({ result: at, argument: at }))
  const { graph } = trace(swap as never, [zeros([4]), zeros([4])])
  expect(planProgram(graph, [0, 1], same).tasks).toEqual([])
  const crossed = [0, 1].map((at) => ({ result: at, argument: 1 - at }))
  checkMemory(planProgram(graph, [0, 1], crossed), [0, 1], crossed)
})

test('so does a program that carries nothing, and one that only reads carried state', () => {
  fc.assert(
    fc.property(randomSteps, (step) => {
      checkMemory(planOf(step, false).plan, [], [])
      checkMemory(planProgram(trace(stepOf(step) as never, argumentsOf(step)).graph, STATE, []), STATE, [])
    }),
    { seed: SEED + 1, numRuns: runs(60), includeErrorInReport: true },
  )
})
