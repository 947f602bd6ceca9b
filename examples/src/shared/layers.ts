import { foldIn, InternalError, Tensor } from '@cotangent/core'
import type { Placed, TensorTree } from '@cotangent/models'

/** What a net's layers are applied with. */
export interface Around {
  readonly params: TensorTree
  readonly state: TensorTree
  readonly training: boolean
  readonly key: Tensor<'key'>
}

/**
 * The output of each of a net's layers from the one numbered `first` on, for what comes into that one: the net's own computation,
 * begun in the middle.
 */
export function outputsFrom(layers: readonly Placed[], first: number, x: Tensor, around: Around): Tensor[] {
  let value = x
  return layers.slice(first).map(({ name, layer: { kind, options } }, offset) => {
    const applied = kind.apply(value, {
      options,
      params: treeAt(around.params, name),
      state: treeAt(around.state, name),
      training: around.training,
      key: () => foldIn(around.key, first + offset),
    })
    value = applied instanceof Tensor ? applied : applied[0]
    return value
  })
}

/** What belongs to one layer. */
export function treeAt(tree: TensorTree, name: string): TensorTree {
  const found = tree[name]
  return found === undefined || found instanceof Tensor ? {} : found
}

/** A parameter of a layer. */
export function tensorAt(tree: TensorTree, name: string, parameter: string): Tensor {
  const found = treeAt(tree, name)[parameter]
  if (!(found instanceof Tensor)) throw new InternalError(`${name} has no tensor ${parameter}`)
  return found
}
