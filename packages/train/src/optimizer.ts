import {
  type AnyTensor,
  add,
  cast,
  full,
  InternalError,
  isFloat,
  ShapeError,
  scope,
  shapeText,
  Tensor,
  type TensorLike,
  type Tree,
  tensor,
  treeMap,
  ValueError,
  zeros,
} from '@cotangent/core'
import { abs, less, where } from '@cotangent/ops'
import { type Place, placesBeside, withLeaves } from './beside.ts'
import { checkFromZero } from './check.ts'
import type { Schedule } from './schedule.ts'
import type { GradientTransform } from './transform.ts'

/** A number, a scalar tensor (through which gradients flow), or a {@link Schedule}. */
export type LearningRate = TensorLike | Schedule

/** What an optimiser remembers between updates: the number of updates made, and trees like the parameters. All zero at first. */
export interface Slots {
  readonly step: Tensor<'int32'>
  readonly [name: string]: Tree
}

export interface UpdateOptions {
  /** The learning rate of this update, instead of the optimiser's own. */
  readonly learningRate?: LearningRate
}

/** A pair of pure functions over trees of parameters. */
export interface Optimizer {
  readonly name: string
  readonly learningRate: LearningRate
  /** The slots for the first update of `params`. */
  init(params: Tree): Slots
  /**
   * New parameters and slots. `gradients` is a tree like `params`, as `grad` gives it. Where it has `null`, for a tensor or a
   * whole branch, parameter and slots stay as they are; so do tensors that are not float. Parameters keep their dtype.
   *
   * @throws ValueError where a gradient or slot is missing; ShapeError where one has another shape than its parameter. Both name the path.
   */
  update<P>(params: P, gradients: Tree, slots: Slots, options?: UpdateOptions): [params: P, slots: Slots]
}

/** The options that every optimiser takes. */
export interface OptimizerOptions {
  readonly learningRate?: LearningRate
  /** Applied to the gradients one after the other, before the update: {@link weightDecay}, {@link clipByGlobalNorm}, your own. */
  readonly transforms?: readonly GradientTransform[]
}

/** What a rule knows besides the parameter, its gradient and its slots. */
export interface UpdateContext {
  /** A scalar of the parameter's dtype. */
  readonly learningRate: Tensor
  /** The number of this update, from 1: int32 []. */
  readonly step: Tensor<'int32'>
  /** Where the parameter stands in the tree, as in `.hidden.w`. */
  readonly path: string
}

export interface OptimizerDefinition<S extends string> {
  readonly name: string
  readonly learningRate: LearningRate
  readonly transforms?: readonly GradientTransform[]
  /** The names of what is kept of each parameter: tensors of its shape and dtype, zero at first, subnormal numbers kept as 0. */
  readonly keeps: readonly S[]
  /** One parameter's update, of operations alone: the new parameter, and what to keep. All tensors have the parameter's dtype. */
  readonly rule: (
    parameter: Tensor,
    gradient: Tensor,
    kept: { readonly [K in S]: Tensor },
    context: UpdateContext,
  ) => readonly [parameter: Tensor, kept: { readonly [K in S]: Tensor }]
}

/**
 * An optimiser from its rule for one parameter.
 *
 * @throws ValueError for a learning rate that is negative or not finite.
 * @example
 * // Steps of one size, by the gradient's sign.
 * const signDescent = ({ learningRate = 0.001 }) =>
 *   defineOptimizer({
 *     name: 'signDescent',
 *     learningRate,
 *     keeps: [],
 *     rule: (p, g, _, { learningRate }) => [sub(p, mul(learningRate, sign(g))), {}],
 *   })
 */
export function defineOptimizer<const S extends string>(definition: OptimizerDefinition<S>): Optimizer {
  const { name, learningRate, transforms = [], keeps } = definition
  if (typeof learningRate === 'number') checkFromZero(name, 'the learning rate', learningRate)
  return {
    name,
    learningRate,
    init: (params) => ({
      ...Object.fromEntries(keeps.map((kept) => [kept, zerosLike(params)])),
      step: tensor(0, { dtype: 'int32' }),
    }),
    update: (params, gradients, slots, options = {}) =>
      scope(name, () => {
        const changed = transforms.reduce((tree, transform) => transform(tree, params), gradients)
        const rate = options.learningRate ?? learningRate
        if (typeof rate === 'number') checkFromZero(name, 'the learning rate', rate)
        return updateTree(definition, params, changed, slots, typeof rate === 'function' ? rate(slots.step) : rate)
      }),
  }
}

const zerosLike = (params: Tree): Tree =>
  treeMap((leaf) => (isFloat(leaf.dtype) ? zeros(leaf.shape, { dtype: leaf.dtype }) : null), params)

function updateTree<P, S extends string>(
  { name, keeps, rule }: OptimizerDefinition<S>,
  params: P,
  gradients: Tree,
  slots: Slots,
  learningRate: TensorLike,
): [P, Slots] {
  const step = add(slots.step, 1)
  const updated = placesBeside(params, gradients, ...keeps.map((slot) => slots[slot])).map((place) => {
    const { leaf, path, others } = place
    const gradient = besideOf(name, 'gradient', place, others[0])
    if (gradient === null || !isFloatTensor(leaf)) return { parameter: leaf, kept: keptOf(keeps, others.slice(1)) }
    const kept = keeps.map((slot, index) => slotOf(name, slot, place, others[index + 1]))
    const context = { learningRate: rateLike(name, learningRate, leaf), step, path }
    const [parameter, next] = rule(leaf, gradient, keptOf(keeps, kept), context)
    return {
      parameter,
      kept: keptOf(
        keeps,
        keeps.map((slot) => withoutSubnormals(next[slot])),
      ),
    }
  })
  // A tree like the parameters, of what `pick` finds for each.
  const treeOf = <T>(pick: (one: (typeof updated)[number]) => unknown, like: T): T =>
    withLeaves(like, updated.map(pick))
  const trees = keeps.map((slot) => [slot, treeOf<Tree>(({ kept }) => kept[slot], params)])
  return [treeOf(({ parameter }) => parameter, params), { ...Object.fromEntries(trees), step }]
}

const isFloatTensor = (leaf: AnyTensor): leaf is Tensor => isFloat(leaf.dtype)

/** The smallest normal numbers. */
export const SMALLEST = { float32: 2 ** -126, float64: 2 ** -1022 }

/**
 * 0 in place of what is nearer to it than any normal number. An average that decays while its gradients are 0, as those of units that
 * are never active, ends at a few of the smallest subnormal numbers and stays there: in float32 after some 800 steps of Adam. Many
 * processors take a hundred times as long for arithmetic with these.
 */
function withoutSubnormals(kept: Tensor): Tensor {
  return where(less(abs(kept), SMALLEST[kept.dtype]), 0, kept)
}

/** What stands beside a parameter: a tensor of its shape, brought to its dtype, or null. */
function besideOf(name: string, what: string, { leaf, path }: Place, found: unknown): Tensor | null {
  if (found === null || !isFloatTensor(leaf)) return null
  const where = path === '' ? 'the parameter' : `the parameter ${path}`
  if (!(found instanceof Tensor)) {
    throw new ValueError(
      `${name}: ${where} has no ${what} beside it; pass gradients and slots like the parameters, null where there is no gradient`,
    )
  }
  if (shapeText(found.shape) !== shapeText(leaf.shape)) {
    throw new ShapeError(
      `${name}: ${where} has shape ${shapeText(leaf.shape)}, its ${what} ${shapeText(found.shape)}; they must agree`,
    )
  }
  return cast(found, leaf.dtype)
}

function slotOf(name: string, slot: string, place: Place, found: unknown): Tensor {
  // A float parameter that has a gradient must have its slot, so null is as good as nothing.
  const kept = besideOf(name, `slot "${slot}"`, place, found ?? undefined)
  if (kept === null) throw new InternalError('a float parameter was taken for another')
  return kept
}

// Each name in `keeps` is given what belongs to it here.
const keptOf = <S extends string, T>(keeps: readonly S[], kept: readonly T[]) =>
  Object.fromEntries(keeps.map((slot, index) => [slot, kept[index]])) as { readonly [K in S]: T }

function rateLike(name: string, rate: TensorLike, { dtype }: Tensor): Tensor {
  if (typeof rate === 'number') return full([], rate, { dtype })
  if (rate.rank !== 0)
    throw new ShapeError(
      `${name}: the learning rate has shape ${shapeText(rate.shape)}; give a number or a scalar tensor`,
    )
  return cast(rate, dtype)
}
