import { InternalError, TraceError } from './errors.ts'
import type { Kernel, TensorType } from './kernel/kernel.ts'
import type { Primitive } from './primitive.ts'
import { evaluate } from './reference/evaluate.ts'
import { type AnyTensor, tensorOf, valuesOf } from './tensor.ts'

/** One application of a primitive, as a tape holds it. */
export interface Step {
  readonly primitive: Primitive
  readonly inputs: readonly AnyTensor[]
  readonly options: unknown
  readonly output: AnyTensor
  /** Where it was recorded: the names given to {@link scope}, joined by `/`; in a reverse sweep, those of the step whose rule it is. */
  readonly scope: string
  /** How many sweeps deep: 0 in the function itself, 1 in the reverse sweep over it, 2 in a sweep over that sweep. */
  readonly order: number
  /** What a composed primitive did inside. */
  readonly inside?: Inside
}

/** The steps inside a composed primitive, from the outer step's inputs to `result`. */
interface Inside {
  readonly steps: readonly Step[]
  readonly result: AnyTensor
  /** Tensors used inside that are neither inputs nor made inside. */
  readonly captured: readonly AnyTensor[]
}

/** Something that is told of every step while it is active. */
export interface Recorder {
  record(step: Step): void
}

/** The vjp rule that a reverse sweep is calling: of which step, for which of its inputs. */
export interface RunningRule {
  readonly step: Step
  readonly input: number
}

let recorders: readonly Recorder[] = []
let path = ''
let rule: RunningRule | undefined

/**
 * Applies a primitive: the one way that every operation takes. Checks the inputs by the primitive's rules, computes the output
 * on the reference backend (unless an input has no values yet) and tells the active recorders.
 */
export function bind(primitive: Primitive, inputs: readonly AnyTensor[], options: unknown): AnyTensor {
  if (primitive.compute !== undefined) return bindComposed(primitive, primitive.compute, inputs, options)
  const { shape, dtype } = primitive.type(inputs, options)
  const output = tensorOf(shape, dtype, run(primitive, inputs, options, { shape, dtype }))
  tell(primitive, inputs, options, output)
  return output
}

/** Runs `f` with `recorder` active, beside those that are already. */
export const recording = <R>(recorder: Recorder, f: () => R): R => withRecorders([...recorders, recorder], f)

/** Whether steps are recorded now: within `record`, a derivative, or the trace of a program. */
export const isRecording = (): boolean => recorders.length > 0

/** Runs `f` with no recorder active: nothing that it does reaches a tape. */
export const unrecorded = <R>(f: () => R): R => withRecorders([], f)

/** The innermost vjp rule that is being called; `undefined` outside reverse sweeps. */
export const runningRule = (): RunningRule | undefined => rule

/** Runs `f` as the vjp rule of a step for one of its inputs: what it records belongs where the step does. */
export function withinRule<R>(running: RunningRule, f: () => R): R {
  const before = { rule, path }
  rule = running
  path = running.step.scope
  try {
    return f()
  } finally {
    rule = before.rule
    path = before.path
  }
}

/**
 * Runs `f` and gives the steps recorded meanwhile the name `name` as part of their path, so that graphs, exports and reports
 * speak of layers.
 *
 * @example
 * scope('hidden', () => relu(matmul(ones([8, 3]), ones([3, 4])))).shape // [8, 4]
 */
export function scope<R>(name: string, f: () => R): R {
  const before = path
  path = before === '' ? name : `${before}/${name}`
  try {
    return f()
  } finally {
    path = before
  }
}

/** Throws where a traced function returned a promise: its steps would come too late. */
export function refusePromise(operation: string, value: unknown): void {
  if (value instanceof Promise) {
    throw new TraceError(
      `${operation}: the function returned a promise; only what it does before its first await could be recorded, so make it synchronous`,
    )
  }
}

function run(primitive: Primitive, inputs: readonly AnyTensor[], options: unknown, output: TensorType) {
  const arrays = inputs.map(valuesOf)
  if (arrays.some((array) => array === undefined)) return undefined
  const kernel: Kernel | undefined = primitive.kernel(inputs, options)
  if (kernel === undefined) throw new InternalError(`${primitive.name} has neither a kernel nor a composition`)
  return evaluate(primitive.name, kernel, inputs, output)
}

function bindComposed(
  primitive: Primitive,
  compute: NonNullable<Primitive['compute']>,
  inputs: readonly AnyTensor[],
  options: unknown,
): AnyTensor {
  if (recorders.length === 0) return compute(inputs, options)
  const steps: Step[] = []
  const result = withRecorders([{ record: (step) => steps.push(step) }], () => compute(inputs, options))
  // A new tensor even where the composition hands an input through: a step's output is never its own input.
  const output = tensorOf(result.shape, result.dtype, valuesOf(result))
  tell(primitive, inputs, options, output, { steps, result, captured: capturedBy(steps, inputs) })
  return output
}

function capturedBy(steps: readonly Step[], inputs: readonly AnyTensor[]): AnyTensor[] {
  const known = new Set(inputs)
  const captured = new Set<AnyTensor>()
  for (const step of steps) {
    for (const input of step.inputs) if (!known.has(input)) captured.add(input)
    for (const input of step.inside?.captured ?? []) if (!known.has(input)) captured.add(input)
    known.add(step.output)
  }
  return [...captured]
}

function tell(
  primitive: Primitive,
  inputs: readonly AnyTensor[],
  options: unknown,
  output: AnyTensor,
  inside?: Inside,
): void {
  if (recorders.length === 0) return
  const order = rule === undefined ? 0 : rule.step.order + 1
  const step: Step = { primitive, inputs, options, output, scope: path, order, ...(inside && { inside }) }
  for (const recorder of recorders) recorder.record(step)
}

function withRecorders<R>(active: readonly Recorder[], f: () => R): R {
  const before = recorders
  recorders = active
  try {
    return f()
  } finally {
    recorders = before
  }
}
