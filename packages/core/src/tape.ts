import { ones, zeros } from './create.ts'
import { type DType, isFloat } from './dtype.ts'
import { GradientError } from './errors.ts'
import { sameShape, shapeText } from './shape.ts'
import { carriesGradient, sweepBack } from './sweep.ts'
import type { AnyTensor, Tensor } from './tensor.ts'
import { recording, refusePromise, type Step } from './trace.ts'
import { type GradientOf, treeLeaves, treeMap } from './tree.ts'

/**
 * The operations that a function applied, in order: plain data that gradients, graph drawings and programs are made from.
 */
export class Tape {
  readonly steps: readonly Step[]

  constructor(steps: readonly Step[]) {
    this.steps = steps
  }

  /**
   * The gradient of `target` with respect to `sources` (a tensor or a tree of tensors, also ones computed on the way), shaped
   * and named like them; zeros where the target does not depend on a source.
   *
   * @param cotangent what to pull back; needed unless the target is a scalar, for which it is 1.
   * @throws GradientError for a target or source that is no float, or a cotangent of another shape.
   * @example
   * const x = tensor(3)
   * const [y, tape] = record(() => mul(x, x))
   * tape.gradient(y, x).item() // 6
   */
  gradient<T>(
    target: Tensor<DType>,
    sources: T,
    { cotangent }: { readonly cotangent?: AnyTensor } = {},
  ): GradientOf<T> {
    const leaves = new Set(treeLeaves(sources).filter((leaf) => isFloat(leaf.dtype)))
    if (leaves.size === 0)
      throw new GradientError(
        'gradient: the sources hold no float tensor to differentiate by; cast them to float32 or float64',
      )
    const dependent = new Set(leaves)
    for (const step of this.steps) if (carriesGradient(step, dependent)) dependent.add(step.output)
    const sweep = { steps: [...this.steps], dependent, sources: leaves, consume: false }
    const cotangents = sweepBack(sweep, [
      [target, cotangent ? seedFor(target, cotangent) : unitSeed('gradient', target)],
    ])
    return gradientTree(sources, (leaf) => cotangents.get(leaf))
  }
}

/**
 * Runs `f` and gives what it returned together with the tape of the operations it applied. The tape keeps every value until it
 * is itself unreachable.
 *
 * @throws TraceError if `f` returns a promise.
 * @example
 * const w = tensor([1, 2])
 * const [loss, tape] = record(() => sum(mul(w, w)))
 * tape.gradient(loss, w) // [2. 4.]
 */
export function record<R>(f: () => R): [R, Tape] {
  const steps: Step[] = []
  const value = recording({ record: (step) => steps.push(step) }, f)
  refusePromise('record', value)
  return [value, new Tape(steps)]
}

/** The cotangent 1 of a scalar target. */
export function unitSeed(operation: string, target: AnyTensor): AnyTensor {
  if (!isFloat(target.dtype)) {
    throw new GradientError(
      `${operation}: the function's result is ${target.dtype}, through which no gradient flows; it must be float32 or float64`,
    )
  }
  if (target.size !== 1) {
    throw new GradientError(
      `${operation}: the function must return a scalar, it returned shape ${shapeText(target.shape)}; reduce it with sum or mean, or use jacobian or vjp`,
    )
  }
  return ones(target.shape, { dtype: target.dtype })
}

/** `cotangent`, once it has the type of `target`. */
export function seedFor(target: AnyTensor, cotangent: AnyTensor): AnyTensor {
  if (!sameShape(target.shape, cotangent.shape) || target.dtype !== cotangent.dtype) {
    throw new GradientError(
      `a cotangent of ${cotangent.dtype} ${shapeText(cotangent.shape)} does not fit the value ${target.dtype} ${shapeText(target.shape)}; it needs the same shape and dtype`,
    )
  }
  return cotangent
}

/** The tree of gradients for `tree`: what `find` gives for a float leaf, or zeros; `null` for other leaves. */
export function gradientTree<T>(tree: T, find: (leaf: AnyTensor) => AnyTensor | undefined): GradientOf<T> {
  const gradients = treeMap(
    (leaf) => (isFloat(leaf.dtype) ? (find(leaf) ?? zeros(leaf.shape, { dtype: leaf.dtype })) : null),
    tree,
  )
  // treeMap keeps the structure, and GradientOf says what the leaves become.
  return gradients as unknown as GradientOf<T>
}
