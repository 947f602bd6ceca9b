import { zeros } from './create.ts'
import { allocate, type DType, isFloat } from './dtype.ts'
import { GradientError } from './errors.ts'
import { reshape } from './operations.ts'
import { definePrimitive, type Operation } from './primitive.ts'
import type { Shape } from './shape.ts'
import { type AnyTensor, type Tensor, tensorOf } from './tensor.ts'
import { grad, vjp } from './transforms.ts'
import { type GradientOf, type Tree, treeLeaves, treeMap } from './tree.ts'

/** A Jacobian: for each tensor of the value, the derivatives by each tensor of the argument. */
export type JacobianOf<T, R> =
  R extends Tensor<DType> ? GradientOf<T> : { readonly [K in keyof R]: JacobianOf<T, R[K]> }

/**
 * The function that computes all partial derivatives of `f` by its first argument: for a value of shape S and an argument of
 * shape T a tensor of shape [...S, ...T]; trees of tensors give trees. Takes one reverse sweep an element of the value.
 *
 * @throws GradientError if the argument or the value holds no float tensor.
 * @example
 * jacobian((x: Tensor) => mul(x, x))(tensor([1, 2])) // [[2. 0.] [0. 4.]]
 */
export function jacobian<T, R, Rest extends readonly unknown[]>(
  f: (x: T, ...rest: Rest) => R,
): (x: T, ...rest: Rest) => JacobianOf<T, R> {
  return (x, ...rest) => {
    const [value, pullback] = vjp((traced: T) => f(traced, ...rest), x)
    if (!treeLeaves(value).some((leaf) => isFloat(leaf.dtype))) {
      throw new GradientError('jacobian: the function must return a float tensor or a tree with one')
    }
    const rowsOf = (target: AnyTensor): Tree => {
      if (!isFloat(target.dtype)) return null
      const rows = Array.from({ length: target.size }, (_, at) => pullback(unitCotangent(value, target, at))[0])
      return stackTrees(rows, x, target.shape)
    }
    // JacobianOf says what stands in place of each tensor of the value.
    return treeMap(rowsOf, value) as unknown as JacobianOf<T, R>
  }
}

/**
 * The function that computes all second derivatives of the scalar function `f` by its first argument: for an argument of shape
 * T a tensor of shape [...T, ...T]; trees of tensors give trees of trees.
 *
 * @throws GradientError if `f` does not return a scalar.
 * @example
 * hessian((x: Tensor) => sum(mul(x, mul(x, x))))(tensor([1, 2])) // [[ 6.  0.] [ 0. 12.]]
 */
export function hessian<T, Rest extends readonly unknown[]>(
  f: (x: T, ...rest: Rest) => AnyTensor,
): (x: T, ...rest: Rest) => JacobianOf<T, GradientOf<T>> {
  return jacobian((x: T, ...rest: Rest) => grad(f as (...args: [T, ...Rest]) => AnyTensor)(x, ...rest))
}

/** A cotangent of the whole value that is 1 at one element of `target` and 0 elsewhere. */
function unitCotangent<R>(value: R, target: AnyTensor, at: number): R {
  return treeMap((leaf) => {
    if (!isFloat(leaf.dtype)) return leaf
    const array = allocate(leaf.dtype, leaf.size)
    if (leaf === target) array[at] = 1
    return tensorOf(leaf.shape, leaf.dtype, array)
  }, value)
}

function stackTrees(rows: readonly Tree[], like: Tree, lead: Shape): Tree {
  const leaves = rows.map(treeLeaves)
  let index = 0
  return treeMap((leaf) => {
    if (!isFloat(leaf.dtype)) return null
    const at = index++
    const shape = [...lead, ...leaf.shape]
    if (rows.length === 0) return zeros(shape, { dtype: leaf.dtype })
    return reshape(stack(...leaves.map((row) => reshape(row[at]!, [1, ...leaf.shape]))), shape)
  }, like)
}

/** Tensors of shape [1, ...], one after the other. */
const stack: Operation = definePrimitive({
  name: 'stack',
  shape: (inputs) => [inputs.length, ...inputs[0].shape.slice(1)],
  kernel: { family: 'concat', axis: 0 },
  vjp: (index) => (g) => pick(g, { index }),
})

/** The transpose of {@link stack} in one input: entry `index` of the first axis. */
const pick: Operation<{ index: number }> = definePrimitive<{ index: number }>({
  name: 'pick',
  shape: ([x]) => [1, ...x.shape.slice(1)],
  kernel: ([x], { index }) => ({
    family: 'view',
    view: {
      source: x.shape,
      shape: [1, ...x.shape.slice(1)],
      axes: x.shape.map((_, source) => ({ source, step: 1 })),
      start: x.shape.map((_, axis) => (axis === 0 ? index : 0)),
      fill: 0,
    },
  }),
  vjp: [
    (g, [x], _, { index }) => {
      const zero = zeros(g.shape, { dtype: g.dtype })
      return stack(...Array.from({ length: x.shape[0]! }, (_, at) => (at === index ? g : zero)))
    },
  ],
})
