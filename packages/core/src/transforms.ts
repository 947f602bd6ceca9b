import { zeros } from './create.ts'
import { isFloat } from './dtype.ts'
import { GradientError, ValueError } from './errors.ts'
import { freshLeaf } from './operations.ts'
import { LeafRecorder, type Sweep, sweepBack } from './sweep.ts'
import { gradientTree, seedFor, unitSeed } from './tape.ts'
import { type AnyTensor, Tensor } from './tensor.ts'
import { recording, refusePromise } from './trace.ts'
import { type GradientOf, type Tree, treeLeaves, treeMap, treeMapAll } from './tree.ts'

/** Which arguments to differentiate by: one index, or several. */
export type ArgNums = number | readonly number[]

/** The gradient for `N`: of one argument, or a list of gradients of several. */
type GradientAt<A extends readonly unknown[], N extends ArgNums> = N extends number
  ? GradientOf<A[N]>
  : N extends readonly number[]
    ? { readonly [I in keyof N]: N[I] extends number ? GradientOf<A[N[I]]> : never }
    : never

export interface GradOptions<N extends ArgNums> {
  /** The argument to differentiate by, or a list of them. Default: 0, the first. */
  readonly argnums?: N
}

/**
 * The function that computes the gradient of the scalar function `f`, a tree like the argument (a tensor, or a nest of objects
 * and arrays of tensors): a gradient for each float leaf, `null` for the others.
 *
 * @throws GradientError on a call, if `f` does not return a scalar, or the argument holds no float tensor.
 * @example
 * const f = (p: { w: Tensor; b: Tensor }) => sum(add(mul(p.w, p.w), p.b))
 * grad(f)({ w: tensor([1, 2]), b: tensor(0) }) // { w: [2. 4.], b: 2.0 }
 */
export function grad<A extends readonly unknown[], const N extends ArgNums = 0>(
  f: (...args: A) => AnyTensor,
  options: GradOptions<N> = {},
): (...args: A) => GradientAt<A, N> {
  // GradientAt says what the gradient of each argument is.
  return (...args) => differentiate('grad', f, args, options.argnums)[1] as GradientAt<A, N>
}

/**
 * Like {@link grad}, for the value and the gradient at once.
 *
 * @example
 * const [loss, gradient] = valueAndGrad((x: Tensor) => mul(x, x))(tensor(3)) // 9.0, 6.0
 */
export function valueAndGrad<A extends readonly unknown[], const N extends ArgNums = 0>(
  f: (...args: A) => Tensor,
  options?: GradOptions<N> & { readonly hasAux?: false },
): (...args: A) => [Tensor, GradientAt<A, N>]
/** With `hasAux`, `f` returns `[loss, aux]`; aux (predictions, new running statistics, …) comes back beside the loss. */
export function valueAndGrad<A extends readonly unknown[], X, const N extends ArgNums = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: GradOptions<N> & { readonly hasAux: true },
): (...args: A) => [[Tensor, X], GradientAt<A, N>]
export function valueAndGrad(
  f: (...args: readonly never[]) => unknown,
  options: GradOptions<ArgNums> & { readonly hasAux?: boolean } = {},
): (...args: readonly never[]) => unknown {
  return (...args) => differentiate('valueAndGrad', f, args, options.argnums, options.hasAux)
}

function differentiate(
  operation: string,
  f: (...args: never) => unknown,
  args: readonly unknown[],
  argnums: ArgNums = 0,
  hasAux = false,
): [value: unknown, gradient: unknown] {
  const wanted = typeof argnums === 'number' ? [argnums] : argnums
  const traced = traceFrom(operation, f, args, wanted)
  const target = hasAux ? firstOf(traced.value) : traced.value
  if (!(target instanceof Tensor)) {
    throw new GradientError(
      `${operation}: the function must return a scalar tensor, it returned ${typeof target}${hasAux ? '' : '; with hasAux it may return [loss, aux]'}`,
    )
  }
  const cotangents = sweepBack({ ...traced, consume: true }, [[target, unitSeed(operation, target)]])
  const gradients = wanted.map((index) => gradientTree(traced.args[index], (leaf) => cotangents.get(leaf)))
  return [traced.value, typeof argnums === 'number' ? gradients[0] : gradients]
}

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined)

/**
 * `f` at the arguments, and the function that pulls a cotangent of its value (of the same structure) back to the arguments. The
 * pullback may be called any number of times.
 *
 * @example
 * const [y, pullback] = vjp((x: Tensor) => mul(x, x), tensor([1, 2]))
 * const [gradient] = pullback(tensor([1, 10])) // [ 2. 40.]
 */
export function vjp<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...args: A
): [R, (cotangent: R) => { readonly [K in keyof A]: GradientOf<A[K]> }] {
  const traced = traceFrom('vjp', f, args, [...args.keys()])
  const pullback = (cotangent: R) => {
    const cotangents = pullThrough(traced, traced.value, cotangent)
    return traced.args.map((arg) => gradientTree(arg, (leaf) => cotangents.get(leaf)))
  }
  return [traced.value, pullback as (cotangent: R) => { readonly [K in keyof A]: GradientOf<A[K]> }]
}

/**
 * `f` at `primals`, and its directional derivative along `tangents` (of the same structure as the primals; leaves that are no
 * float tensors are ignored). Derived from the vjp rules: pulling back is linear in the cotangent, and the vjp of that linear
 * map pushes forward (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).
 *
 * @throws ValueError when the tangents have another structure or shape than the primals.
 * @example
 * const [y, tangent] = jvp((x: Tensor) => mul(x, x), [tensor(3)], [tensor(1)]) // 9.0, 6.0
 */
export function jvp<A extends readonly unknown[], R>(f: (...args: A) => R, primals: A, tangents: Tree): [R, R] {
  const traced = traceFrom('jvp', f, primals, [...primals.keys()])
  const directions = directionsOf(traced.args, tangents)
  const stand = new Map<AnyTensor, AnyTensor>()
  for (const leaf of treeLeaves(traced.value)) {
    if (isFloat(leaf.dtype)) stand.set(leaf, freshLeaf(zeros(leaf.shape, { dtype: leaf.dtype })))
  }
  const back = new LeafRecorder(stand.values())
  const pulled = recording(back, () => sweepBack({ ...traced, consume: false }, stand))
  const seeds = [...pulled].flatMap(([leaf, cotangent]): [AnyTensor, AnyTensor][] => {
    const direction = directions.get(leaf)
    return direction ? [[cotangent, direction]] : []
  })
  const pushed = sweepBack(
    { steps: back.steps, dependent: back.dependent, sources: new Set(stand.values()), consume: true },
    seeds,
  )
  const tangent = treeMap((leaf) => {
    const from = stand.get(leaf)
    return from ? (pushed.get(from) ?? zeros(leaf.shape, { dtype: from.dtype as 'float32' })) : leaf
  }, traced.value)
  return [traced.value, tangent]
}

/** What a traced call leaves: a sweep over it, its value, and the arguments it saw, whose wanted float leaves are the sources. */
interface Traced<R> extends Omit<Sweep, 'consume'> {
  readonly value: R
  readonly args: readonly unknown[]
}

/** Calls `f` with fresh leaves in the arguments `wanted`, so that nested differentiations do not mix. */
function traceFrom<R>(
  operation: string,
  f: (...args: never) => R,
  given: readonly unknown[],
  wanted: readonly number[],
): Traced<R> {
  const sources = new Set<AnyTensor>()
  const args = given.map((arg, index) =>
    wanted.includes(index) ? treeMap((leaf) => leafFor(leaf, sources), arg) : arg,
  )
  const absent = wanted.find((index) => index < 0 || index >= given.length)
  if (absent !== undefined)
    throw new GradientError(
      `${operation}: there is no argument ${absent} to differentiate by; the call had ${given.length}`,
    )
  if (sources.size === 0) throw new GradientError(`${operation}: ${whyNoSource(given, wanted)}`)
  const recorder = new LeafRecorder(sources)
  // The arguments have the structure that f takes.
  const value = recording(recorder, () => f(...(args as never)))
  refusePromise(operation, value)
  return { value, args, sources, steps: recorder.steps, dependent: recorder.dependent }
}

function leafFor(leaf: AnyTensor, sources: Set<AnyTensor>): AnyTensor {
  if (!isFloat(leaf.dtype)) return leaf
  const fresh = freshLeaf(leaf)
  sources.add(fresh)
  return fresh
}

function whyNoSource(given: readonly unknown[], wanted: readonly number[]): string {
  const leaf = treeLeaves(wanted.map((index) => given[index]))[0]
  return leaf
    ? `the argument is ${leaf.dtype}, which has no gradient; cast it to float32 or float64`
    : 'the argument holds no tensor to differentiate by; make one with tensor(…)'
}

/** The cotangents of the sources for a cotangent of a whole tree of values. */
function pullThrough(traced: Traced<unknown>, value: Tree, cotangent: Tree): Map<AnyTensor, AnyTensor> {
  const seeds: [AnyTensor, AnyTensor][] = []
  const given = treeLeaves(cotangent)
  const targets = treeLeaves(value)
  if (given.length !== targets.length) {
    throw new ValueError(
      `vjp: the cotangent has ${given.length} tensors, the value ${targets.length}; both need the same structure`,
    )
  }
  targets.forEach((target, index) => {
    if (isFloat(target.dtype)) seeds.push([target, seedFor(target, given[index]!)])
  })
  return sweepBack({ ...traced, steps: [...traced.steps], consume: false }, seeds)
}

/** The tangent beside each float leaf of the arguments. */
function directionsOf(args: readonly unknown[], tangents: Tree): Map<AnyTensor, AnyTensor> {
  const directions = new Map<AnyTensor, AnyTensor>()
  const given = new Map<string, AnyTensor>()
  treeMapAll((leaf, path) => leaf instanceof Tensor && given.set(path, leaf), tangents)
  treeMapAll((leaf, path) => {
    if (!(leaf instanceof Tensor) || !isFloat(leaf.dtype)) return leaf
    const tangent = given.get(path)
    if (tangent === undefined)
      throw new ValueError(
        `jvp: there is no tangent for the argument at ${path}; tangents have the structure of the primals`,
      )
    directions.set(leaf, seedFor(leaf, tangent))
    return leaf
  }, args)
  return directions
}
