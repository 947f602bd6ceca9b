import { describe, expect, expectTypeOf, test } from 'vitest'
import { ValueError } from './errors.ts'
import { mul } from './operations.ts'
import { type Tensor, tensor } from './tensor.ts'
import { type GradientOf, treeLeaves, treeMap, treeMapAll, treeZip } from './tree.ts'

const parameters = {
  layers: [{ w: tensor([1, 2]), b: tensor(3) }, { w: tensor([4]) }],
  rate: 0.1,
  name: 'net',
  none: null,
  scale: tensor(5),
}

describe('treeLeaves', () => {
  test('gives the tensors in order: arrays by index, objects as their keys were put in', () => {
    expect(treeLeaves(parameters).map(String)).toEqual(['[1. 2.]', '3.0', '[4.]', '5.0'])
    expect(treeLeaves({ b: tensor(1), a: tensor(2) }).map((leaf) => leaf.data[0])).toEqual([1, 2])
  })

  test('a tensor is a tree of itself; other values have none', () => {
    const x = tensor(1)
    expect(treeLeaves(x)).toEqual([x])
    expect(treeLeaves([1, 'a', null, undefined, {}])).toEqual([])
  })

  test('does not look into class instances, maps and arrays of numbers', () => {
    class Box {
      inside = tensor(1)
    }
    expect(treeLeaves([new Box(), new Map([['a', tensor(1)]]), Float32Array.of(1)])).toEqual([])
    expect(treeLeaves(Object.assign(Object.create(null), { a: tensor(1) }))).toHaveLength(1)
  })
})

describe('treeMap', () => {
  test('keeps the structure and the leaves that are no tensors, and leaves the tree alone', () => {
    const doubled = treeMap((leaf) => mul(leaf, 2), parameters)
    expect(doubled.layers[0]!.w.toArray()).toEqual([2, 4])
    expect(doubled.scale.item()).toBe(10)
    expect([doubled.rate, doubled.name, doubled.none]).toEqual([0.1, 'net', null])
    expect(parameters.scale.item()).toBe(5)
    expect(Object.keys(doubled)).toEqual(Object.keys(parameters))
    expectTypeOf(doubled).toEqualTypeOf(parameters)
  })

  test('tells the path of each tensor', () => {
    const paths: string[] = []
    treeMap((leaf, path) => {
      paths.push(path)
      return leaf
    }, parameters)
    expect(paths).toEqual(['.layers[0].w', '.layers[0].b', '.layers[1].w', '.scale'])
  })

  test('treeMapAll sees the other leaves as well', () => {
    const seen: unknown[] = []
    treeMapAll(
      (leaf, path) => {
        seen.push([path, typeof leaf])
        return leaf
      },
      { a: 1, b: ['x', tensor(2)] },
    )
    expect(seen).toEqual([
      ['.a', 'number'],
      ['.b[0]', 'string'],
      ['.b[1]', 'object'],
    ])
  })
})

describe('treeZip', () => {
  test('combines trees of one structure', () => {
    const summed = treeZip(
      (a, b, c) => tensor(a.data[0]! + b!.data[0]! + c!.data[0]!),
      { x: [tensor(1)], n: 7 },
      { x: [tensor(10)], n: 8 },
      { x: [tensor(100)] },
    )
    expect(summed.x[0]!.item()).toBe(111)
    expect(summed.n).toBe(7)
  })

  test.each([{ x: [] }, { y: [tensor(1)] }, { x: [1] }, null, { x: tensor(1) }])(
    'another structure is refused, naming the place: %o',
    (other) => {
      const zip = () => treeZip((a) => a, { x: [tensor(1)] }, other)
      expect(zip).toThrow(ValueError)
      expect(zip).toThrow(/the trees differ at \.x\[0\]/)
    },
  )
})

test('GradientOf: floats keep their type, everything else is null', () => {
  type Parameters = {
    w: Tensor<'float32'>
    list: readonly Tensor[]
    labels: Tensor<'int32'>
    either: Tensor<'float32' | 'int32'>
    rate: number
    name?: string
  }
  type Gradient = GradientOf<Parameters>
  expectTypeOf<Gradient['w']>().toEqualTypeOf<Tensor<'float32'>>()
  expectTypeOf<Gradient['list']>().toEqualTypeOf<readonly Tensor[]>()
  expectTypeOf<Gradient['labels']>().toEqualTypeOf<null>()
  expectTypeOf<Gradient['either']>().toEqualTypeOf<Tensor<'float32'> | null>()
  expectTypeOf<Gradient['rate']>().toEqualTypeOf<null>()
  expectTypeOf<GradientOf<[Tensor, { b: Tensor }]>>().toEqualTypeOf<readonly [Tensor, { readonly b: Tensor }]>()
})
