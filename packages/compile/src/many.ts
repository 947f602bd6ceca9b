import { type AnyTensor, abstractTensor, ShapeError, shapeText, Tensor, treeMapAll, ValueError } from '@cotangent/core'
import type { Compiled } from './explain/explained.ts'

/** The arguments of many steps: a tensor has an axis in front that counts the steps; what is no tensor is the same in all. */
export type Stacked<T> = T extends AnyTensor | ((...args: never[]) => unknown)
  ? T
  : { readonly [K in keyof T]: Stacked<T[K]> }

/** A step on carried state, or a reader of it: many of them can run in one call. */
export interface CarriedFunction<A extends readonly unknown[], R> extends Compiled<A, R> {
  /**
   * Runs once for each place along the first axis of the tensors among `args`, in order, without a return to JavaScript in
   * between: for tensors of shape [steps, …] what as many calls give, stacked to [steps, …], with the same bits. Nothing else has
   * its turn meanwhile: pass as many steps as take some 20 to 50 ms where progress is shown, or Ctrl-C is to work.
   *
   * @throws ShapeError for scalars, or tensors whose first axes differ; ValueError where there are no tensors.
   * @example
   * const counting = carry({ total: zeros([]) })
   * const count = counting.step(({ total }, x: Tensor) => [{ total: add(total, x) }, total])
   * count.many(tensor([1, 2, 3])) // [0. 1. 3.]
   */
  many(...args: Stacked<A>): R
}

/** Arguments of many steps taken apart: how many steps there are, and what stands for the arguments of one. */
export interface Steps {
  readonly count: number
  readonly one: readonly unknown[]
}

/** @throws ShapeError or ValueError as {@link CarriedFunction.many} says. */
export function stepsOf(args: readonly unknown[]): Steps {
  let count: number | undefined
  const one = args.map((argument, index) =>
    treeMapAll((leaf, path) => {
      if (!(leaf instanceof Tensor)) return leaf
      const [steps, ...shape] = leaf.shape
      if (steps === undefined) {
        throw new ShapeError(
          `many: args[${index}]${path} is a scalar; give it an axis that counts the steps, one value for each`,
        )
      }
      if (count !== undefined && steps !== count) {
        throw new ShapeError(
          `many: args[${index}]${path} of shape ${shapeText(leaf.shape)} has ${steps} steps along its first axis, those before it have ${count}; all need the same`,
        )
      }
      count = steps
      return abstractTensor(shape, leaf.dtype)
    }, argument),
  )
  if (count === undefined) {
    throw new ValueError(
      'many: the arguments hold no tensor whose first axis counts the steps; call the function once for each step',
    )
  }
  return { count, one }
}
