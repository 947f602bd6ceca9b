import { type AnyTensor, DTypeError, ShapeError, shapeText, type Tree, treeMap, ValueError } from '@cotangent/core'

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, AnyTensor>>

/**
 * The tensors of a tree by their dotted names: keys and list positions joined by dots. Other leaves, and branches without tensors,
 * have no name; a tree that is itself a tensor has the empty one.
 *
 * @throws ValueError where two tensors would have the same name.
 * @example
 * const named = flattenTree({ hidden: { w: ones([2]) }, layers: [zeros([1]), ones([3])] })
 * Object.keys(named) // ['hidden.w', 'layers.0', 'layers.1']
 */
export function flattenTree(tree: Tree): NamedTensors {
  const named = new Map<string, AnyTensor>()
  treeMap((leaf, path) => {
    const name = dotted(path)
    if (named.has(name)) {
      throw new ValueError(
        `flattenTree: two tensors would be named ${JSON.stringify(name)}; leave dots and brackets out of keys`,
      )
    }
    named.set(name, leaf)
  }, tree)
  return Object.fromEntries(named)
}

/**
 * The tree that dotted names describe: the opposite of {@link flattenTree}. Where the keys of a branch are 0, 1, 2, … it is a list.
 *
 * @throws ValueError where a name is also the beginning of another, as `a` and `a.b`.
 * @example
 * unflattenTree({ 'hidden.w': ones([2]), 'layers.0': zeros([1]) }) // { hidden: { w: [1. 1.] }, layers: [[0.]] }
 */
export function unflattenTree(tensors: NamedTensors): Tree {
  const whole = tensors['']
  if (whole !== undefined && Object.keys(tensors).length === 1) return whole
  return branchOf(Object.entries(tensors).map(([name, tensor]) => ({ name, keys: name.split('.'), tensor })))
}

/**
 * The tree `like` with the tensors of these names in place of its own; leaves that are no tensors stay.
 *
 * @throws ValueError for a tensor that is missing or that the tree has no place for; DTypeError and ShapeError for one that is
 * unlike the one in its place. All give the name.
 * @example
 * loadTree({ w: zeros([2]), rate: 0.1 }, { w: ones([2]) }) // { w: [1. 1.], rate: 0.1 }
 */
export function loadTree<T>(like: T, tensors: NamedTensors): T {
  const places = new Set<string>()
  const loaded = treeMap((leaf, path) => {
    const name = dotted(path)
    places.add(name)
    const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined
    if (found === undefined) {
      throw new ValueError(
        `loadTree: there is no tensor ${called(name)} among those given${listed(tensors)}; load what was saved of the same net`,
      )
    }
    if (found.dtype !== leaf.dtype) {
      throw new DTypeError(
        `loadTree: ${called(name)} has dtype ${found.dtype}, where ${leaf.dtype} is expected; load what was saved of the same net, or cast it`,
      )
    }
    if (shapeText(found.shape) !== shapeText(leaf.shape)) {
      throw new ShapeError(
        `loadTree: ${called(name)} has shape ${shapeText(found.shape)}, where ${shapeText(leaf.shape)} is expected; load what was saved of a net of the same sizes`,
      )
    }
    return found
  }, like)
  const extra = Object.keys(tensors).find((name) => !places.has(name))
  if (extra !== undefined) {
    throw new ValueError(
      `loadTree: the tree has no place for the tensor ${called(extra)}; load what was saved of the same net`,
    )
  }
  return loaded
}

/** `.layers[0].w`, as trees give paths, is the name `layers.0.w`. */
const dotted = (path: string): string => path.replaceAll(/\[(\d+)\]/g, '.$1').replace(/^\./, '')

interface Named {
  readonly name: string
  readonly keys: readonly string[]
  readonly tensor: AnyTensor
}

function branchOf(named: readonly Named[]): Tree {
  const branches = new Map<string, Named[]>()
  for (const { name, keys, tensor } of named) {
    const [first = '', ...keysWithin] = keys
    const branch = branches.get(first) ?? []
    branches.set(first, branch)
    branch.push({ name, keys: keysWithin, tensor })
  }
  const entries = [...branches].map(([key, within]) => [key, leafOf(within) ?? branchOf(within)] as const)
  const isList =
    entries.length > 0 && entries.every(([key]) => /^(0|[1-9]\d*)$/.test(key) && Number(key) < entries.length)
  if (!isList) return Object.fromEntries(entries)
  return entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, branch]) => branch)
}

function leafOf(named: readonly Named[]): AnyTensor | undefined {
  const leaf = named.find(({ keys }) => keys.length === 0)
  const other = named.find(({ keys }) => keys.length > 0)
  if (leaf !== undefined && other !== undefined) {
    throw new ValueError(
      `unflattenTree: ${leaf.name} names a tensor and, with ${other.name}, a branch; rename one of them`,
    )
  }
  return leaf?.tensor
}

const called = (name: string): string => (name === '' ? 'of the tree itself' : name)

const listed = (tensors: NamedTensors): string => {
  const names = Object.keys(tensors)
  if (names.length === 0) return ', which are none'
  return ` (${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''})`
}
