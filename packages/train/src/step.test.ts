import { customVjp, grad, randomKey, type Tensor, tensor, treeLeaves } from '@cotangent/core'
import { add, matmul, meanSquaredError, mul, normal, square, sub, sum, uniform } from '@cotangent/ops'
import { describe, expect, it } from 'vitest'
import { adam, adamW } from './adam.ts'
import { adaGrad, rmsProp } from './adaptive.ts'
import { momentum, nesterov, sgd } from './descent.ts'
import type { OptimizerOptions } from './optimizer.ts'
import * as schedule from './schedule.ts'
import { initialState, type LossFunction, trainStep } from './step.ts'
import { clipByGlobalNorm, weightDecay } from './transform.ts'

const float64 = { dtype: 'float64' } as const
const optimizers = [sgd, momentum, nesterov, adaGrad, rmsProp, adam, adamW]
const named = optimizers.map((make) => ({ name: make().name, make: (options: OptimizerOptions) => make(options) }))

type Params = { readonly w: Tensor; readonly b: Tensor }
type Batch = { readonly x: Tensor; readonly t: Tensor }
const loss: LossFunction<Params, { readonly steps: Tensor }, Batch> = (params, netState, { x, t }, key) => {
  const noise = mul(normal(key, [4, 1], float64), 0.01)
  return [meanSquaredError(add(add(matmul(x, params.w), params.b), noise), t), { steps: add(netState.steps, 1) }]
}
const params: Params = { w: tensor([[0.5], [-0.3]], float64), b: tensor([0.1], float64) }
const batch: Batch = { x: normal(randomKey(3), [4, 2], float64), t: normal(randomKey(4), [4, 1], float64) }
const netState: { readonly steps: Tensor } = { steps: tensor(0, float64) }

describe('trainStep', () => {
  it('is the gradient of the loss and an update with it, and carries the net state', () => {
    const optimizer = momentum({ learningRate: 0.1 })
    const step = trainStep(loss, optimizer)
    const first = initialState(params, netState, optimizer, randomKey(0))
    const [second, metrics] = step(first, batch)
    const [third] = step(second, batch)
    expect(third.netState.steps.item()).toBe(2)
    expect(third.slots.step.item()).toBe(2)
    expect(metrics.loss.shape).toEqual([])
    expect(first.netState.steps.item()).toBe(0)
    const quiet: LossFunction<Params, typeof netState, Batch> = (p, s, { x, t }) => [
      meanSquaredError(add(matmul(x, p.w), p.b), t),
      s,
    ]
    const expected = grad((p: Params) => quiet(p, netState, batch, randomKey(0))[0])(params)
    const [moved] = trainStep(quiet, sgd({ learningRate: 0.5 }))(
      initialState(params, netState, sgd(), randomKey(0)),
      batch,
    )
    expect([...moved.params.w.data]).toEqual([...sub(params.w, mul(0.5, expected.w)).data])
  })

  it('gives each step its own key, and the same state and batch the same bits', () => {
    const optimizer = sgd({ learningRate: 0 })
    const step = trainStep(loss, optimizer)
    const first = initialState(params, netState, optimizer, randomKey(0))
    const [second, one] = step(first, batch)
    const [, two] = step(second, batch)
    expect(one.loss.item()).not.toBe(two.loss.item())
    expect(step(first, batch)[1].loss.item()).toBe(one.loss.item())
    expect(second.key).toBe(first.key)
  })

  it.each(named)('with $name and all that goes with it reads no values', ({ make }) => {
    const learningRate = schedule.warmUp({ steps: 2, after: schedule.step({ initial: 0.1, at: [2] }) })
    const optimizer = make({ learningRate, transforms: [weightDecay(0.1), clipByGlobalNorm(1)] })
    const step = trainStep(loss, optimizer)
    const first = initialState(params, netState, optimizer, randomKey(0))
    let steps = 0
    // Inside a rule, every read of a tensor's elements throws.
    const probe = customVjp(
      (x) => x,
      (g) => {
        step(step(first, batch)[0], batch)
        steps += 2
        return g
      },
    )
    grad((x: Tensor) => probe(x))(tensor(1))
    expect(steps).toBe(2)
  })
})

describe.each(named)('the derivative through three steps of $name', ({ make }) => {
  const after = (learningRate: Tensor, start: Params): Tensor => {
    const optimizer = make({ learningRate, transforms: [weightDecay(0.1), clipByGlobalNorm(0.7)] })
    const step = trainStep(loss, optimizer)
    let state = initialState(start, netState, optimizer, randomKey(0))
    for (let at = 0; at < 3; at++) state = step(state, batch)[0]
    return loss(state.params, netState, batch, randomKey(9))[0]
  }
  const rate = tensor(0.05, float64)

  it('is the numerical one, by the learning rate', () => {
    const h = 1e-6
    const at = (value: number) => after(tensor(value, float64), params).item()
    const numerical = (at(0.05 + h) - at(0.05 - h)) / (2 * h)
    const exact = grad((r: Tensor) => after(r, params))(rate).item()
    expect(Math.abs(exact)).toBeGreaterThan(1e-3)
    expect(Math.abs(exact - numerical)).toBeLessThan(1e-7 * Math.max(1, Math.abs(exact)))
  })

  it('is the numerical one, by the first parameters', () => {
    const h = 1e-6
    const exact = grad((start: Params) => after(rate, start))(params)
    const flat = [...params.w.data, ...params.b.data]
    const numerical = flat.map((_, element) => {
      const at = (shift: number) => {
        const moved = flat.map((value, one) => (one === element ? value + shift : value))
        return after(rate, { w: tensor([[moved[0]!], [moved[1]!]], float64), b: tensor([moved[2]!], float64) }).item()
      }
      return (at(h) - at(-h)) / (2 * h)
    })
    const found = treeLeaves(exact).flatMap((leaf) => [...leaf.data])
    found.forEach((value, element) => {
      expect(Math.abs(value - numerical[element]!)).toBeLessThan(1e-7 * Math.max(1, Math.abs(value)))
    })
  })

  it('is finite for parameters that have no say in the loss', () => {
    const optimizer = make({ learningRate: 0.1 })
    const start = { w: tensor([1, 2], float64) }
    const onlyFirst = (p: { w: Tensor }) => sum(mul(square(p.w), tensor([1, 0], float64)))
    const meta = grad((p: { w: Tensor }) => {
      const [next] = optimizer.update(p, grad(onlyFirst)(p), optimizer.init(p))
      return sum(square(next.w))
    })(start)
    for (const value of meta.w.data) expect(Number.isFinite(value)).toBe(true)
    expect(meta.w.data[1]).toBeCloseTo(optimizer.name === 'adamW' ? 4 * 0.999 ** 2 : 4, 12)
  })
})

describe('the state', () => {
  it('is one tree: parameters, slots, net state, key', () => {
    const state = initialState(params, netState, adam(), randomKey(0))
    expect(treeLeaves(state).map((leaf) => leaf.dtype)).toContain('key')
    expect(treeLeaves(state)).toHaveLength(2 + 2 * 2 + 1 + 1 + 1)
    expect(uniform(state.key, []).item()).toBe(uniform(randomKey(0), []).item())
  })
})
