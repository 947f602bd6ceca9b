import { type Float, isFloat } from '../dtype.ts'
import { cast } from '../operations.ts'
import type { AnyTensor, Tensor } from '../tensor.ts'
import { treeMap } from '../tree.ts'

/** Numerical derivatives of a tree: a float64 tensor for each float leaf and `null` for every other leaf. */
export type NumericalGradientOf<T> =
  T extends Tensor<infer D>
    ? [D] extends [Float]
      ? Tensor<'float64'>
      : D extends Float
        ? Tensor<'float64'>
        : null
    : T extends object
      ? { readonly [K in keyof T]: NumericalGradientOf<T[K]> }
      : null

/** The float leaf of a tree, in float64, and where it stands: `[0].w`. */
export interface FloatLeaf {
  readonly path: string
  readonly tensor: Tensor
}

/** The float leaves of `tree`, cast to float64. */
export function floatLeaves(tree: unknown): FloatLeaf[] {
  const leaves: FloatLeaf[] = []
  treeMap((leaf, path) => {
    if (isFloat(leaf.dtype)) leaves.push({ path, tensor: cast(leaf, 'float64') })
    return leaf
  }, tree)
  return leaves
}

/** `tree` with its float leaves replaced, in the order of {@link floatLeaves}. */
export function withFloatLeaves<T>(tree: T, leaves: readonly AnyTensor[]): T {
  let next = 0
  return treeMap((leaf) => (isFloat(leaf.dtype) ? leaves[next++] : leaf), tree)
}
