import { grad, type Tensor, type Tree, tensor, treeLeaves, ValueError } from '@cotangent/core'
import { describe, expect, it } from 'vitest'
import { sgd } from './descent.ts'
import { clipByGlobalNorm, globalNorm, weightDecay } from './transform.ts'

const float64 = { dtype: 'float64' } as const
const values = (tree: Tree): number[] => treeLeaves(tree).flatMap((leaf) => [...leaf.data])
const gradients = {
  w: tensor(
    [
      [3, 0],
      [0, 0],
    ],
    float64,
  ),
  b: [tensor([4], float64), null],
}

describe('globalNorm', () => {
  it('is the norm of all tensors as one vector', () => {
    expect(globalNorm(gradients).item()).toBe(5)
    expect(globalNorm({ a: null }).item()).toBe(0)
    expect(globalNorm([tensor([3]), tensor([4], float64)]).item()).toBe(5)
  })
})

describe('clipByGlobalNorm', () => {
  it('scales all gradients alike down to the norm', () => {
    const clipped = clipByGlobalNorm(2.5)(gradients, {})
    expect(values(clipped)).toEqual([1.5, 0, 0, 0, 2])
    expect(globalNorm(clipped).item()).toBeCloseTo(2.5, 14)
    expect((clipped as typeof gradients).b[1]).toBeNull()
  })

  it('passes gradients that are small enough bit by bit', () => {
    expect(values(clipByGlobalNorm(5)(gradients, {}))).toEqual(values(gradients))
    expect(values(clipByGlobalNorm(5.1)(gradients, {}))).toEqual(values(gradients))
    expect(clipByGlobalNorm(1)({ a: null }, {})).toEqual({ a: null })
  })

  it('keeps dtypes, and does not hide NaN', () => {
    const clipped = clipByGlobalNorm(1)([tensor([30]), tensor([40], float64)], []) as Tensor[]
    expect(clipped.map((leaf) => leaf.dtype)).toEqual(['float32', 'float64'])
    expect(clipped[0]!.item()).toBeCloseTo(0.6, 6)
    expect(values(clipByGlobalNorm(1)(tensor([Number.NaN, 1]), []))).toEqual([Number.NaN, 1])
    expect(values(clipByGlobalNorm(1)(tensor([Number.POSITIVE_INFINITY, 1]), []))[0]).toBeNaN()
  })

  it('has a finite derivative, also at zero gradients', () => {
    const clippedTo = (x: Tensor) => globalNorm(clipByGlobalNorm(1)({ x }, {}))
    const first = grad((x: Tensor) => clipByGlobalNorm(1)(x, x) as Tensor)
    expect(first(tensor(0.5, float64)).item()).toBe(1)
    expect(first(tensor(0, float64)).item()).toBe(1)
    // Beyond the norm, only the direction is left.
    expect(grad(clippedTo)(tensor([3, 4], float64)).data[0]).toBeCloseTo(0, 12)
  })

  it('refuses norms that are none', () => {
    expect(() => clipByGlobalNorm(-1)).toThrow(
      new ValueError('clipByGlobalNorm: the norm is -1; give a finite number from 0 up'),
    )
    expect(() => clipByGlobalNorm(Number.NaN)).toThrow(ValueError)
  })
})

describe('weightDecay', () => {
  const params = {
    w: tensor(
      [
        [1, 2],
        [3, 4],
      ],
      float64,
    ),
    b: [tensor([10], float64), tensor([1])],
  }

  it('adds the gradient of half the squared norm', () => {
    expect(values(weightDecay(0.1)(gradients, params))).toEqual([3.1, 0.2, 0.30000000000000004, 0.4, 5])
  })

  it('leaves out what it is asked to, and what has no gradient', () => {
    const decay = weightDecay(0.1, { decays: (p, path) => p.rank > 1 && path !== '.b[0]' })
    const decayed = decay(gradients, params) as typeof gradients
    expect(values(decayed)).toEqual([3.1, 0.2, 0.30000000000000004, 0.4, 4])
    expect(decayed.b[1]).toBeNull()
  })

  it('composes with clipping in the order given', () => {
    const move = (transforms: Parameters<typeof sgd>[0]) => {
      const optimizer = sgd({ learningRate: 1, ...transforms })
      const start = tensor([2], float64)
      return optimizer.update(start, tensor([3], float64), optimizer.init(start))[0].item()
    }
    expect(move({ transforms: [weightDecay(0.5), clipByGlobalNorm(1)] })).toBe(2 - 1)
    expect(move({ transforms: [clipByGlobalNorm(1), weightDecay(0.5)] })).toBe(2 - 2)
  })

  it('refuses gradients without their parameters', () => {
    expect(() => weightDecay(1)({ w: tensor(1) }, {})).toThrow('weightDecay: the gradient .w has no parameter')
    expect(() => weightDecay(-1)).toThrow(ValueError)
  })
})
