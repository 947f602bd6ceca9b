import type { Shape } from '../shape.ts'
import { carriesGradient } from '../sweep.ts'
import type { AnyTensor } from '../tensor.ts'
import { recording, type Step } from '../trace.ts'
import { compareLeaves, type DerivativeComparison, type DerivativeMode, type Sampling } from './compare.ts'
import { gradientProblem, type Problem, pointOf, ruleProblem, stepProblem } from './problem.ts'

/** The operation whose rule does not agree with numerical differences of that operation alone. */
export interface Blame {
  /** `wrong`: the rule's values are; `cut`: the operation has no rule for this input, and that matters. */
  readonly kind: 'wrong' | 'cut'
  readonly operation: string
  /** The input whose rule it is. */
  readonly input: number
  /** 2 where the rule itself is right and its own derivative is not. */
  readonly order: 1 | 2
  /** What was moved: the same input; for order 2 any input, or the cotangent. */
  readonly by: string
  /** The element of what was moved; `null` for a random direction. */
  readonly index: readonly number[] | null
  readonly shape: Shape
  /** What was moved, before that; `null` for a random direction. */
  readonly value: number | null
  /** The cotangent of the operation's output: ones, so that this is the derivative of its sum, or seeded numbers. */
  readonly cotangent: 'ones' | 'random'
  /** What the rule gives. */
  readonly rule: number
  readonly numerical: number
  /** What all values have in common. */
  readonly pattern: Pattern | null
  /** Where the operation was applied: the names given to `scope`. */
  readonly scope: string
}

export type Pattern =
  | { readonly kind: 'negated' | 'zero' }
  | { readonly kind: 'scaled'; readonly factor: number }
  | { readonly kind: 'exchanged'; readonly with: number }

/** Long tapes repeat themselves: so many steps of one primitive are checked. */
const STEPS_OF_EACH = 20
const ELEMENTS_OF_EACH = 24
const DIRECTIONS_OF_EACH = 2

/**
 * Checks the operations that lead from the leaves of `problem` to its outputs, each step alone and in the order in which they ran,
 * and gives the first with a wrong rule; `undefined` where each of them agrees with its numerical derivatives.
 */
export function findBlame(problem: Problem, order: 1 | 2, mode: DerivativeMode, given: Sampling): Blame | undefined {
  const sampling = { ...given, maxElements: ELEMENTS_OF_EACH, directions: DIRECTIONS_OF_EACH }
  const steps = stepsOf(order === 1 ? problem : gradientProblem(problem, given.seed))
  const find = (check: (step: Step) => Blame | undefined, among: readonly Step[]): Blame | undefined => {
    for (const step of among) {
      const blame = check(step)
      if (blame) return blame
    }
    return undefined
  }
  return (
    find((step) => wrongRule(step, mode, sampling), steps) ??
    (order === 2 ? find((step) => wrongDerivativeOfRule(step, mode, sampling), stepsOf(problem)) : undefined) ??
    find((step) => cutInput(step, mode, sampling), steps)
  )
}

/** The steps that gradients flow through, and those that cut them, a few of each primitive. */
function stepsOf(problem: Problem): Step[] {
  const point = pointOf(problem)
  const dependent = new Set<AnyTensor>(point)
  const counts = new Map<unknown, number>()
  const steps: Step[] = []
  const record = (step: Step): void => {
    if (carriesGradient(step, dependent)) dependent.add(step.output)
    else if (!step.inputs.some((input) => dependent.has(input))) return
    const count = counts.get(step.primitive) ?? 0
    counts.set(step.primitive, count + 1)
    if (count < STEPS_OF_EACH) steps.push(step)
  }
  recording({ record }, () => problem.outputs(point))
  return steps
}

function wrongRule(step: Step, mode: DerivativeMode, sampling: Sampling): Blame | undefined {
  // Ones give the plain derivative; a rule that ignores its cotangent shows only by other numbers.
  for (const weights of ['ones', sampling.seed] as const) {
    const alone = stepProblem(step, weights)
    if (alone === undefined) return undefined
    const compared = compareLeaves(alone, mode, sampling)
    for (const [leaf, input] of alone.inputs.entries()) {
      const wrong = step.primitive.vjp(input) === null ? undefined : firstWrong(compared[leaf]!)
      if (wrong)
        return {
          ...blameFor(step, alone, leaf, wrong, weights),
          kind: 'wrong',
          order: 1,
          input,
          pattern: pattern(compared, alone.inputs, leaf),
        }
    }
  }
  return undefined
}

function wrongDerivativeOfRule(step: Step, mode: DerivativeMode, sampling: Sampling): Blame | undefined {
  for (const weights of ['ones', sampling.seed] as const) {
    const alone = stepProblem(step, weights)
    if (alone === undefined) return undefined
    for (const [which, input] of alone.inputs.entries()) {
      if (step.primitive.vjp(input) === null) continue
      const rule = ruleProblem(alone, which, weights)
      const compared = compareLeaves(rule, mode, sampling)
      for (const leaf of compared.keys()) {
        const wrong = firstWrong(compared[leaf]!)
        if (wrong)
          return {
            ...blameFor(step, rule, leaf, wrong, weights),
            kind: 'wrong',
            order: 2,
            input,
            pattern: pattern(compared, [], leaf),
          }
      }
    }
  }
  return undefined
}

function cutInput(step: Step, mode: DerivativeMode, sampling: Sampling): Blame | undefined {
  const alone = stepProblem(step, 'ones')
  if (alone === undefined) return undefined
  const compared = compareLeaves(alone, mode, sampling)
  for (const [leaf, input] of alone.inputs.entries()) {
    const wrong = step.primitive.vjp(input) === null ? firstWrong(compared[leaf]!) : undefined
    if (wrong) return { ...blameFor(step, alone, leaf, wrong, 'ones'), kind: 'cut', order: 1, input, pattern: null }
  }
  return undefined
}

const firstWrong = (compared: readonly DerivativeComparison[]): DerivativeComparison | undefined =>
  compared.find((one) => !one.ok && !one.kink)

function blameFor(
  step: Step,
  { leaves }: Problem,
  which: number,
  wrong: DerivativeComparison,
  weights: 'ones' | number,
) {
  const { path, tensor } = leaves[which]!
  const flat = wrong.index?.reduce((at, index, axis) => at * tensor.shape[axis]! + index, 0)
  return {
    operation: step.primitive.name,
    by: path,
    index: wrong.index,
    shape: tensor.shape,
    value: flat === undefined ? null : tensor.data[flat]!,
    cotangent: weights === 'ones' ? weights : ('random' as const),
    rule: wrong.autodiff,
    numerical: wrong.numerical,
    scope: step.scope,
  }
}

/** What is wrong with all values of a leaf in the same way. */
function pattern(
  compared: readonly DerivativeComparison[][],
  inputs: readonly number[],
  which: number,
): Pattern | null {
  const smooth = compared[which]!.filter((one) => !one.kink)
  if (smooth.every((one) => one.autodiff === 0)) return { kind: 'zero' }
  const sameAs = (others: readonly DerivativeComparison[]) =>
    others.length === smooth.length && smooth.every((one, at) => near(one.autodiff, others[at]!.numerical))
  const exchanged = inputs.find((_, other) => other !== which && sameAs(compared[other]!))
  if (exchanged !== undefined) return { kind: 'exchanged', with: exchanged }
  const telling = smooth.filter((one) => one.numerical !== 0)
  const factor = telling[0] ? telling[0].autodiff / telling[0].numerical : Number.NaN
  if (!smooth.every((one) => near(one.autodiff, factor * one.numerical))) return null
  if (near(factor, -1)) return { kind: 'negated' }
  return telling.length > 1 ? { kind: 'scaled', factor } : null
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(a), Math.abs(b))
