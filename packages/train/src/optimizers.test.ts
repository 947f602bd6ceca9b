import {
  DTypeError,
  grad,
  randomKey,
  ShapeError,
  splitKey,
  type Tensor,
  type Tree,
  tensor,
  treeLeaves,
  treeMap,
  ValueError,
} from '@cotangent/core'
import { add, mul, normal, square, sub, sum } from '@cotangent/ops'
import { describe, expect, it } from 'vitest'
import { adam, adamW } from './adam.ts'
import { adaGrad, rmsProp } from './adaptive.ts'
import { momentum, nesterov, sgd } from './descent.ts'
import type { Optimizer } from './optimizer.ts'
import * as schedule from './schedule.ts'
import { cases, scalarAdam } from './testing/scalar.ts'

const defaults: readonly Optimizer[] = [sgd(), momentum(), nesterov(), adaGrad(), rmsProp(), adam(), adamW()]
const float64 = { dtype: 'float64' } as const
const values = (tree: Tree): number[] => treeLeaves(tree).flatMap((leaf) => [...leaf.data])

describe.each(cases)('$name', ({ optimizer, scalar, rates }) => {
  const steps = 7
  const [startKey, gradientKey] = splitKey(randomKey(11), 2)
  const flat = [...normal(startKey, [7], float64).data]
  const treeOf = (numbers: readonly number[]) => ({
    hidden: [{ w: tensor([...numbers.slice(0, 6)], { shape: [2, 3], dtype: 'float64' }) }],
    b: tensor(numbers[6] ?? 0, float64),
  })
  const gradients = Array.from({ length: steps }, (_, at) => [
    ...normal(splitKey(gradientKey, steps)[at]!, [7], float64).data,
  ])

  it('makes the steps of the formula, element by element', () => {
    const expected = flat.map((start, element) =>
      scalar(
        start,
        gradients.map((row) => row[element]!),
      ),
    )
    let params = treeOf(flat)
    let slots = optimizer.init(params)
    gradients.forEach((row, at) => {
      ;[params, slots] = optimizer.update(params, treeOf(row), slots)
      values(params).forEach((value, element) => {
        expect(Math.abs(value - expected[element]![at]!)).toBeLessThan(1e-13)
      })
    })
    expect(slots.step.item()).toBe(steps)
  })

  it('leaves the old parameters and slots as they were', () => {
    const params = treeOf(flat)
    const slots = optimizer.init(params)
    const before = [values(params), values(slots)]
    optimizer.update(params, treeOf(gradients[0]!), slots)
    expect([values(params), values(slots)]).toEqual(before)
  })

  it('passes by what has no gradient, slots included', () => {
    const params = {
      w: tensor([1, 2], float64),
      count: tensor([3], { dtype: 'int32' }),
      key: randomKey(5),
      frozen: { a: tensor([4], float64), b: [tensor([5], float64)] },
      name: 'layer',
    }
    let slots = optimizer.init(params)
    const all = { ...params, count: null, key: null, frozen: { a: tensor([1], float64), b: [tensor([1], float64)] } }
    const [first, after] = optimizer.update(params, all, slots)
    slots = after
    const [second, last] = optimizer.update(first, { ...all, frozen: null }, slots)
    expect(second.frozen.a).toBe(first.frozen.a)
    expect(second.frozen.b[0]).toBe(first.frozen.b[0])
    expect(second.count).toBe(params.count)
    expect(second.key).toBe(params.key)
    expect(second.name).toBe('layer')
    expect(values(second.w)).not.toEqual(values(first.w))
    for (const [name, tree] of Object.entries(last)) {
      if (name === 'step') continue
      const kept = tree as typeof all
      expect(kept.frozen.a).toBe((after[name] as typeof all).frozen.a)
      expect(kept.count).toBeNull()
    }
  })

  it('keeps float32 parameters and slots float32, whatever the gradients, rate and schedule are', () => {
    const params = { w: tensor([1, 2]) }
    const gradient = { w: tensor([0.5, -1], float64) }
    for (const learningRate of [0.1, tensor(0.1, float64), schedule.cosine({ initial: 0.1, steps: 10 })]) {
      const [next, slots] = optimizer.update(params, gradient, optimizer.init(params), { learningRate })
      const { step, ...trees } = slots
      expect(step.dtype).toBe('int32')
      for (const leaf of treeLeaves([next, trees])) expect(leaf.dtype).toBe('float32')
    }
  })

  it('takes another learning rate for one update', () => {
    const params = { w: tensor([1, 2], float64) }
    const gradient = { w: tensor([0.5, -1], float64) }
    const [still] = optimizer.update(params, gradient, optimizer.init(params), { learningRate: 0 })
    expect(values(still)).toEqual([1, 2])
  })

  it('comes down a quadratic bowl and the valley of Rosenbrock', () => {
    const bowl = (p: { x: Tensor }) => sum(mul(tensor([1, 4], float64), square(sub(p.x, tensor([3, -1], float64)))))
    const valley = (p: { x: Tensor; y: Tensor }) => add(square(sub(1, p.x)), mul(5, square(sub(p.y, square(p.x)))))
    const descend = <P>(loss: (p: P) => Tensor, start: P, initial: number, count: number): number => {
      // A rate that falls to zero lets the adaptive ones, whose steps do not shrink by themselves, settle.
      const learningRate = schedule.cosine({ initial, steps: count })
      let params = start
      let slots = optimizer.init(params)
      for (let at = 0; at < count; at++) {
        ;[params, slots] = optimizer.update(params, grad(loss)(params), slots, { learningRate })
      }
      return loss(params).item()
    }
    // Decay pulls to zero: adamW settles beside the minimum.
    const near = optimizer.name === 'adamW' ? 0.5 : 1e-3
    expect(descend(bowl, { x: tensor([0, 0], float64) }, rates.bowl, 300)).toBeLessThan(near)
    const start = { x: tensor(-1, float64), y: tensor(1, float64) }
    expect(descend(valley, start, rates.valley, 800)).toBeLessThan(near)
  })
})

describe('optimisers', () => {
  it('have the defaults of their sources', () => {
    const rates = Object.fromEntries(defaults.map(({ name, learningRate }) => [name, learningRate]))
    expect(rates).toEqual({
      sgd: 0.01,
      momentum: 0.01,
      nesterov: 0.01,
      adaGrad: 0.01,
      rmsProp: 0.01,
      adam: 0.001,
      adamW: 0.001,
    })
    const params = { w: tensor([2], float64) }
    const gradient = { w: tensor([0.5], float64) }
    const moved = defaults.map((optimizer) => {
      const first = optimizer.update(params, gradient, optimizer.init(params))
      return values(optimizer.update(first[0], gradient, first[1])[0])[0]!
    })
    const rms = (h: number) => 0.005 / (Math.sqrt(h) + 1e-7)
    const expected = [
      2 - 0.01,
      2 - 0.005 - 0.0095,
      2 - 0.005 * 1.9 + 0.81 * -0.005 - 0.005 * 1.9,
      2 - rms(0.25) - rms(0.5),
      2 - rms(0.01 * 0.25) - rms(0.0199 * 0.25),
      scalarAdam(0.001, 0.9, 0.999, 1e-8)(2, [0.5, 0.5])[1]!,
      scalarAdam(0.001, 0.9, 0.999, 1e-8, 0.01)(2, [0.5, 0.5])[1]!,
    ]
    moved.forEach((value, at) => {
      expect(value).toBeCloseTo(expected[at]!, 12)
    })
  })

  it.each(defaults)(
    '$name: averages that decay end at 0, not at numbers that processors are slow with',
    (optimizer) => {
      for (const [dtype, smallest] of [
        ['float32', 2 ** -126],
        ['float64', 2 ** -1022],
      ] as const) {
        const none = tensor([0, 0], { dtype })
        let params: Tensor = tensor([1, -2], { dtype })
        let slots = optimizer.init(params)
        // Whatever is kept, as if it had decayed for long: what is normal stays, the rest of it goes.
        slots = {
          ...treeMap((leaf) => (leaf.rank === 0 ? leaf : tensor([smallest / 2, 8 * smallest], { dtype })), slots),
        }
        for (let step = 0; step < 2; step++) [params, slots] = optimizer.update(params, none, slots)
        const { step: _, ...kept } = slots
        for (const leaf of treeLeaves(kept)) {
          expect(leaf.data[0]).toBe(0)
          expect(leaf.data[1]).toBeGreaterThanOrEqual(smallest)
        }
        for (let step = 0; step < 30; step++) [params, slots] = optimizer.update(params, none, slots)
        for (const value of values({ ...slots, step: null }))
          expect(value === 0 || Math.abs(value) >= smallest).toBe(true)
      }
    },
  )

  it('adam corrects its start: the first step is the rate, whatever the size of the gradient', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const params = tensor([1, 1, 1], { dtype })
      const optimizer = adam({ learningRate: 0.125, epsilon: 0 })
      const [next] = optimizer.update(params, tensor([1e-6, 3, -1e5], { dtype }), optimizer.init(params))
      const accuracy = dtype === 'float32' ? 6 : 12
      for (const [at, value] of [0.875, 0.875, 1.125].entries()) expect(next.data[at]).toBeCloseTo(value, accuracy)
    }
  })

  it('adam agrees with the rearranged form of the book where gradients are well above epsilon', () => {
    let [m, v, p] = [0, 0, 1]
    let params = tensor(1, float64)
    const optimizer = adam()
    let slots = optimizer.init(params)
    for (let t = 1; t <= 20; t++) {
      const g = Math.sin(t) + 2
      m += 0.1 * (g - m)
      v += 0.001 * (g * g - v)
      p -= (((0.001 * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t)) * m) / (Math.sqrt(v) + 1e-7)
      ;[params, slots] = optimizer.update(params, tensor(g, float64), slots)
      expect(Math.abs(params.item() - p) / 0.001).toBeLessThan(1e-5)
    }
  })

  it('nesterov is the classical form that looks ahead, seen from the place looked at', () => {
    const gradientAt = (x: number) => 2 * x + Math.cos(x)
    let [x, v] = [2, 0]
    let params = tensor(2, float64)
    const optimizer = nesterov({ learningRate: 0.1, momentum: 0.9 })
    let slots = optimizer.init(params)
    for (let at = 0; at < 20; at++) {
      v = 0.9 * v - 0.1 * gradientAt(x + 0.9 * v)
      x += v
      ;[params, slots] = optimizer.update(params, tensor(gradientAt(params.item()), float64), slots)
      expect(params.item()).toBeCloseTo(x + 0.9 * v, 12)
    }
  })

  it('adamW decays only what it is asked to, scaled by the learning rate', () => {
    const params = { w: tensor([[1]], float64), b: tensor([1], float64) }
    const zero = { w: tensor([[0]], float64), b: tensor([0], float64) }
    const optimizer = adamW({ learningRate: 0.1, weightDecay: 0.5, decays: (p, path) => p.rank > 1 && path === '.w' })
    const [next] = optimizer.update(params, zero, optimizer.init(params))
    expect(values(next)).toEqual([0.95, 1])
  })

  it('take a schedule of the number of updates made', () => {
    const optimizer = sgd({ learningRate: schedule.step({ initial: 1, factor: 0.5, at: [1, 2] }) })
    let params = tensor(0, float64)
    let slots = optimizer.init(params)
    const moves = [1, 0.5, 0.25, 0.25].map(() => {
      const before = params.item()
      ;[params, slots] = optimizer.update(params, tensor(-1, float64), slots)
      return params.item() - before
    })
    expect(moves).toEqual([1, 0.5, 0.25, 0.25])
  })

  it('refuse options out of range, by name', () => {
    expect(() => sgd({ learningRate: -1 })).toThrow(
      new ValueError('sgd: the learning rate is -1; give a finite number from 0 up'),
    )
    expect(() => sgd({ learningRate: Number.NaN })).toThrow('sgd: the learning rate is NaN')
    expect(() => momentum({ momentum: 1 })).toThrow(new ValueError('momentum: momentum is 1; give a number in [0, 1)'))
    expect(() => nesterov({ momentum: -0.1 })).toThrow('nesterov: momentum is -0.1')
    expect(() => adaGrad({ epsilon: -1e-9 })).toThrow('adaGrad: epsilon is -1e-9')
    expect(() => rmsProp({ decayRate: 1.5 })).toThrow('rmsProp: decayRate is 1.5')
    expect(() => adam({ beta1: 1 })).toThrow('adam: beta1 is 1')
    expect(() => adamW({ beta2: Number.NaN })).toThrow('adamW: beta2 is NaN')
    expect(() => adamW({ weightDecay: -1 })).toThrow('adamW: weightDecay is -1')
  })

  it('refuse gradients and slots that do not fit, by path', () => {
    const optimizer = momentum()
    const params = { hidden: [{ w: tensor([1, 2]) }] }
    const slots = optimizer.init(params)
    expect(() => optimizer.update(params, { hidden: [] }, slots)).toThrow(
      new ValueError(
        'momentum: the parameter .hidden[0].w has no gradient beside it; pass gradients and slots like the parameters, null where there is no gradient',
      ),
    )
    expect(() => optimizer.update(params, { hidden: [{ w: tensor([1]) }] }, slots)).toThrow(
      new ShapeError('momentum: the parameter .hidden[0].w has shape [2], its gradient [1]; they must agree'),
    )
    expect(() => optimizer.update(params, params, sgd().init(params))).toThrow('has no slot "velocity" beside it')
    expect(() => optimizer.update(params, params, { ...slots, velocity: { hidden: null } })).toThrow(
      'has no slot "velocity" beside it',
    )
    expect(() => optimizer.update(params, params, slots, { learningRate: -1 })).toThrow('the learning rate is -1')
    expect(() => optimizer.update(params, params, slots, { learningRate: tensor([1, 2]) })).toThrow(
      new ShapeError('momentum: the learning rate has shape [2]; give a number or a scalar tensor'),
    )
    expect(() => sgd().update(tensor(1), randomKey(0), sgd().init(tensor(1)))).toThrow(DTypeError)
  })
})
