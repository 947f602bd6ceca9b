import type { DType, Float } from './dtype.ts'
import { ValueError } from './errors.ts'
import { type AnyTensor, Tensor } from './tensor.ts'

/** A nest of plain objects and arrays with tensors at its leaves; other leaves (numbers, strings, null, …) are carried along. */
export type Tree = unknown

/**
 * The tree of gradients for a tree of tensors: the same structure, with a gradient for each float leaf and `null` for every
 * other leaf.
 */
export type GradientOf<T> =
  T extends Tensor<infer D>
    ? GradientOfTensor<D>
    : T extends readonly unknown[] | { readonly [key: string]: unknown }
      ? { readonly [K in keyof T]: GradientOf<T[K]> }
      : T extends object
        ? { readonly [K in keyof T]: GradientOf<T[K]> }
        : null

type GradientOfTensor<D extends DType> = [D] extends [Float] ? Tensor<D> : D extends Float ? Tensor<D> : null

/** The tensors of `tree` in a fixed order: arrays by index, objects by insertion of their keys. */
export function treeLeaves(tree: Tree): AnyTensor[] {
  const leaves: AnyTensor[] = []
  visit(tree, [], (leaf) => {
    if (leaf instanceof Tensor) leaves.push(leaf)
    return leaf
  })
  return leaves
}

/**
 * A tree of the same structure with `f(tensor, path)` in place of each tensor; other leaves stay.
 *
 * @example
 * treeMap((w) => mul(w, 0.5), { w: ones([2]), b: zeros([1]) }) // { w: [0.5 0.5], b: [0.] }
 */
export function treeMap<T>(f: (leaf: AnyTensor, path: string) => unknown, tree: T): T {
  // `f` may change what the leaves are; callers that do so say which type comes out.
  return visit(tree, [], (leaf, path) => (leaf instanceof Tensor ? f(leaf, pathText(path)) : leaf)) as T
}

/**
 * Like {@link treeMap} over several trees of the same structure.
 *
 * @throws ValueError where a tree has another structure than the first, naming the path.
 * @example
 * treeZip((p, g) => sub(p, mul(0.1, g)), { w: ones([2]) }, { w: tensor([1, 2]) }) // { w: [0.9 0.8] }
 */
export function treeZip<T>(
  f: (first: AnyTensor, ...others: AnyTensor[]) => unknown,
  first: T,
  ...others: readonly Tree[]
): T {
  return visit(first, [], (leaf, path) => {
    if (!(leaf instanceof Tensor)) return leaf
    const beside = others.map((other) => {
      const found = at(other, path)
      if (!(found instanceof Tensor)) {
        throw new ValueError(
          `treeZip: the trees differ at ${pathText(path)}: a tensor in the first has no tensor beside it`,
        )
      }
      return found
    })
    return f(leaf, ...beside)
  }) as T
}

/** Like {@link treeMap}, for leaves that are no tensors as well. */
export function treeMapAll(f: (leaf: unknown, path: string) => unknown, tree: Tree): Tree {
  return visit(tree, [], (leaf, path) => f(leaf, pathText(path)))
}

type Path = readonly (string | number)[]

/** `.params.w` or `[0].b`; the tree itself is `the argument`. */
const pathText = (path: Path): string => path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')

function visit(tree: Tree, path: Path, f: (leaf: unknown, path: Path) => unknown): unknown {
  if (Array.isArray(tree)) return tree.map((inner, index) => visit(inner, [...path, index], f))
  if (isPlainObject(tree)) {
    return Object.fromEntries(Object.entries(tree).map(([key, inner]) => [key, visit(inner, [...path, key], f)]))
  }
  return f(tree, path)
}

function at(tree: Tree, path: Path): unknown {
  let here = tree
  for (const key of path) {
    if (!Array.isArray(here) && !isPlainObject(here)) return undefined
    // Arrays and plain objects are both read by key.
    here = (here as Record<string | number, unknown>)[key]
  }
  return here
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
