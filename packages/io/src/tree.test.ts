import { type Tensor, tensor, zeros } from '@cotangent/core'
import { describe, expect, it } from 'vitest'
import { flattenTree, loadTree, unflattenTree } from './tree.ts'

const tree = { hidden: { w: tensor([[1, 2]]), b: tensor(3) }, layers: [tensor(4), { w: tensor(5) }] }

describe('flattenTree', () => {
  it('names each tensor by its place', () => {
    const named = flattenTree({ ...tree, note: 'none', empty: {}, nothing: null })
    expect(Object.keys(named)).toEqual(['hidden.w', 'hidden.b', 'layers.0', 'layers.1.w'])
    expect(named['layers.1.w']).toBe(
      tree.layers[1] instanceof Object && 'w' in tree.layers[1] ? tree.layers[1].w : null,
    )
    expect(flattenTree(tensor(1))).toEqual({ '': tensor(1) })
  })
})

describe('unflattenTree', () => {
  it('is the opposite', () => {
    expect(unflattenTree(flattenTree(tree))).toEqual(tree)
    expect(unflattenTree(flattenTree(tensor(1)))).toEqual(tensor(1))
    expect(unflattenTree({})).toEqual({})
    const eleven = Array.from({ length: 11 }, (_, at) => tensor(at))
    expect(unflattenTree(flattenTree(eleven))).toEqual(eleven)
  })

  it('makes lists only of all positions from 0', () => {
    expect(unflattenTree({ 'a.0': tensor(1), 'a.2': tensor(2) })).toEqual({ a: { 0: tensor(1), 2: tensor(2) } })
  })

  it('refuses a name that is the beginning of another', () => {
    expect(() => unflattenTree({ a: tensor(1), 'a.b': tensor(2) })).toThrow('a names a tensor and, with a.b, a branch')
  })
})

describe('loadTree', () => {
  const like = { hidden: { w: zeros([1, 2]), b: zeros([]) }, rate: 0.5 }
  const named = { 'hidden.w': tensor([[1, 2]]), 'hidden.b': tensor(3) }

  it('puts the tensors in their places', () => {
    const loaded: { hidden: { w: Tensor<'float32'> }; rate: number } = loadTree(like, named)
    expect(loaded).toEqual({ hidden: { w: tensor([[1, 2]]), b: tensor(3) }, rate: 0.5 })
  })

  it.each([
    [{ 'hidden.w': named['hidden.w'] }, 'there is no tensor hidden.b among those given (hidden.w)'],
    [{}, 'there is no tensor hidden.w among those given, which are none'],
    [{ ...named, 'out.w': tensor(1) }, 'no place for the tensor out.w'],
    [{ ...named, 'hidden.w': tensor([[1, 2, 3]]) }, 'hidden.w has shape [1, 3], where [1, 2] is expected'],
    [
      { ...named, 'hidden.b': tensor(3, { dtype: 'float64' }) },
      'hidden.b has dtype float64, where float32 is expected',
    ],
  ])('refuses what is unlike the tree: %#', (tensors, message) => {
    expect(() => loadTree(like, tensors)).toThrow(message)
  })

  it('takes no inherited property for a tensor', () => {
    expect(() => loadTree({ constructor: zeros([]) }, {})).toThrow('there is no tensor constructor')
  })
})
