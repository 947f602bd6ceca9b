import { type AnyTensor, Tensor, type Tree, treeMap } from '@cotangent/core'

/** A tensor of a tree, and what stands at its place in other trees. */
export interface Place {
  readonly leaf: AnyTensor
  /** Where it stands, as in `.hidden.w` or `[0].b`. */
  readonly path: string
  /** In each of the other trees: a tensor, `null` (also where a whole branch is `null`), or `undefined` where there is nothing. */
  readonly others: readonly unknown[]
}

/** The tensors of `tree`, in the order of `treeLeaves`, with what stands beside each in the trees `others`. */
export function placesBeside(tree: Tree, ...others: readonly Tree[]): Place[] {
  const places: Place[] = []
  walk(tree, others, '', places)
  return places
}

/** `tree` with its tensors replaced by `leaves`, which come in the order of `treeLeaves`. */
export function withLeaves<T>(tree: T, leaves: readonly unknown[]): T {
  let at = 0
  return treeMap(() => leaves[at++], tree)
}

function walk(tree: Tree, others: readonly Tree[], path: string, places: Place[]): void {
  if (tree instanceof Tensor) {
    places.push({ leaf: tree, path, others })
  } else if (Array.isArray(tree)) {
    tree.forEach((inner, index) => {
      walk(inner, childrenAt(others, index), `${path}[${index}]`, places)
    })
  } else if (isPlainObject(tree)) {
    for (const [key, inner] of Object.entries(tree)) walk(inner, childrenAt(others, key), `${path}.${key}`, places)
  }
}

const childrenAt = (others: readonly Tree[], key: string | number): Tree[] =>
  others.map((other) => {
    if (other === null) return null
    if (typeof key === 'number') return Array.isArray(other) ? other[key] : undefined
    return isPlainObject(other) ? other[key] : undefined
  })

/** What core's trees branch at, besides arrays; everything else is a leaf. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
