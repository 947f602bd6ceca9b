import { ValueError } from '../errors.ts'
import { unrecorded } from '../trace.ts'
import { findBlame } from './blame.ts'
import { compareLeaves, type DerivativeMode, type Sampling } from './compare.ts'
import { gradientProblem, type Problem, problemOf } from './problem.ts'
import { GradientReport, type LeafComparison, summarize } from './report.ts'

export interface CheckGradientsOptions {
  /** 2 checks the gradient of the gradient as well. Default: 1. */
  readonly order?: 1 | 2
  /** The tape's gradients, its directional derivatives (jvp), or both. Default: `reverse`. */
  readonly mode?: DerivativeMode | 'both'
  /** The largest relative error that passes, |tape − numerical| / max(|tape|, |numerical|, scale). Default: 1e-7. */
  readonly tolerance?: number
  /**
   * The magnitude against which errors of smaller derivatives are taken. Default: a millionth of the largest derivative, and at
   * least 1e-6. Where rounding leaves the numerical derivative fewer digits than the tolerance asks for, it is raised to fit.
   */
  readonly scale?: number
  /**
   * The first step h of the numerical derivative, for an element x in units of the power of two below max(1, |x|). Default: 2^−10,
   * near the optimum of differences at h and h/2 extrapolated: the error is about h⁴/480 of the fifth derivative, and rounding
   * 10^−15/h of the function's value.
   */
  readonly epsilon?: number
  /** Leaves with more elements are checked at so many of them, chosen by the seed. Default: 1000. */
  readonly maxElements?: number
  /** Random directions in each leaf that is not checked at all of its elements. Default: 8. */
  readonly directions?: number
  /** Where the random choices come from; the same seed gives the same report. Default: 0. */
  readonly seed?: number
}

const DEFAULTS = {
  order: 1,
  mode: 'reverse',
  tolerance: 1e-7,
  scale: undefined,
  epsilon: 2 ** -10,
  maxElements: 1000,
  directions: 8,
  seed: 0,
} as const

/**
 * Compares the derivatives of `f` at `args` (a list of trees) that the tape gives with numerical ones, by each float leaf, in float64:
 * float leaves are cast to it. Where `f` returns more than one number, a fixed random combination of them is differentiated. The
 * report is plain data and prints as a table and a verdict; where a derivative disagrees, it names the first operation whose vjp
 * rule is wrong by itself. Points at a kink are marked; there every value between the one-sided derivatives passes.
 *
 * With order 2 also the gradient of the gradient is compared, with numerical differences of the gradient (of a random combination
 * of its elements).
 *
 * @throws GradientError if the arguments or the function's value hold no float tensor; DTypeError if `f` casts to float32.
 * @throws ValueError for options out of range, a function that is not repeatable, or a value that is NaN or infinite.
 * @example
 * const report = checkGradients((x: Tensor) => sum(mul(x, x)), [tensor([1, 2, 3])])
 * report.ok // true
 * console.log(report)
 */
export function checkGradients<const A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  options: CheckGradientsOptions = {},
): GradientReport {
  if (!Array.isArray(args))
    throw new ValueError(
      'checkGradients: the second argument is not a list; give all arguments of the function as one, as in checkGradients(f, [x])',
    )
  const settings = { ...DEFAULTS, ...options }
  checkSettings(settings)
  const { order, mode, seed } = settings
  const modes: readonly DerivativeMode[] = mode === 'both' ? ['reverse', 'forward'] : [mode]
  return unrecorded(() => {
    const first = problemOf(f, args, seed)
    const problems = order === 1 ? [first] : [first, gradientProblem(first, seed)]
    const leaves = problems.flatMap((problem, index) =>
      modes.flatMap((one) => compareProblem(problem, index === 0 ? 1 : 2, one, settings)),
    )
    const wrong = leaves.find((leaf) => !leaf.ok)
    const blame = wrong ? (findBlame(first, wrong.order, wrong.mode, settings) ?? null) : null
    return new GradientReport({ ...settings, leaves, blame })
  })
}

function compareProblem(problem: Problem, order: 1 | 2, mode: DerivativeMode, sampling: Sampling): LeafComparison[] {
  const compared = compareLeaves(problem, mode, sampling)
  return problem.leaves.map(({ path, tensor: { shape, size } }, which) =>
    summarize({ path, shape, order, mode, size }, compared[which]!),
  )
}

type Settings = Required<Omit<CheckGradientsOptions, 'scale'>> & Sampling

function checkSettings(settings: Settings): void {
  const refuse = (option: keyof Settings, must: string): never => {
    throw new ValueError(`checkGradients: ${option} is ${String(settings[option])}; it must be ${must}`)
  }
  const positive = (value: number): boolean => value > 0 && Number.isFinite(value)
  const count = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
  const unknown = Object.keys(settings).find((option) => !(option in DEFAULTS))
  if (unknown !== undefined)
    throw new ValueError(
      `checkGradients: there is no option ${unknown}; the options are ${Object.keys(DEFAULTS).join(', ')}`,
    )
  if (settings.order !== 1 && settings.order !== 2) refuse('order', '1 or 2')
  if (!['reverse', 'forward', 'both'].includes(settings.mode)) refuse('mode', "'reverse', 'forward' or 'both'")
  if (!positive(settings.tolerance)) refuse('tolerance', 'a positive number such as 1e-7')
  if (!positive(settings.epsilon)) refuse('epsilon', 'a positive number such as 1e-3')
  if (settings.scale !== undefined && !positive(settings.scale)) refuse('scale', 'a positive number such as 1e-3')
  if (!count(settings.maxElements)) refuse('maxElements', 'an integer from 0 up')
  if (!count(settings.directions)) refuse('directions', 'an integer from 0 up')
  if (settings.maxElements === 0 && settings.directions === 0)
    refuse('directions', 'at least 1 where maxElements is 0, or nothing would be checked')
  if (!count(settings.seed)) refuse('seed', 'an integer from 0 to 2^53 − 1')
}
