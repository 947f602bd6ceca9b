import { isFloat } from '../dtype.ts'
import { CotangentError } from '../errors.ts'
import { type Shape, sameShape, shapeText } from '../shape.ts'
import { type AnyTensor, valuesOf } from '../tensor.ts'
import { type Recorder, recording, refusePromise, runningRule, type Step } from '../trace.ts'
import { type CallSite, callSiteOf, callSiteText, captureStack } from './callSite.ts'
import { numberText } from './numberText.ts'
import { multiIndex } from './problem.ts'

/** One input of the operation that went wrong. */
export interface AnomalyInput {
  readonly shape: Shape
  readonly dtype: string
  /** It held neither NaN nor an infinity. */
  readonly finite: boolean
  /** Its element at the anomaly's index, where it has the output's shape. */
  readonly value: number | null
}

/** What an {@link AnomalyError} knows. */
export interface Anomaly {
  /** The operation whose output is the first to hold NaN or an infinity. */
  readonly operation: string
  readonly value: number
  /** The first such element of the output. */
  readonly index: readonly number[]
  readonly shape: Shape
  readonly inputs: readonly AnomalyInput[]
  /** The operation inside a composed one that was the first, if it was composed. */
  readonly inside: string | null
  /** In the reverse sweep: the operation whose vjp rule was running, and for which input; `null` in the forward computation. */
  readonly rule: { readonly operation: string; readonly input: number } | null
  /** The names given to `scope` where the operation was applied; in the reverse sweep, the one whose rule it is. */
  readonly scope: string
  /** The line of user code that applied it; in the reverse sweep, the one whose rule it is. */
  readonly callSite: CallSite | null
}

/** NaN or an infinity appeared while `detectAnomalies` ran. */
export class AnomalyError extends CotangentError {
  override name = 'AnomalyError'
  readonly anomaly: Anomaly

  constructor(anomaly: Anomaly) {
    super(messageOf(anomaly))
    this.anomaly = anomaly
  }
}

/**
 * Runs `f`, which may itself take gradients, and gives what it returns; stops at the first operation, in the forward computation or
 * in a reverse sweep, whose output holds NaN or an infinity. An infinite fill value, such as max pooling pads with, is none. Looks
 * at every element of every output, so it is for finding mistakes, not for training.
 *
 * @throws AnomalyError that names the operation, its shapes, the vjp rule it ran in, and the line of code that applied it.
 * @throws TraceError if `f` returns a promise.
 * @example
 * detectAnomalies(() => grad((x: Tensor) => log(x))(tensor(-1))) // throws AnomalyError
 */
export function detectAnomalies<R>(f: () => R): R {
  const value = recording(new AnomalyRecorder(), f)
  refusePromise('detectAnomalies', value)
  return value
}

class AnomalyRecorder implements Recorder {
  /** Where the tensors of the forward computation were made: the sweep asks for it. */
  readonly #stacks = new WeakMap<AnyTensor, Error>()
  /** Tensors with infinities that were asked for, and what merely moves them. */
  readonly #padded = new WeakSet<AnyTensor>()

  record(step: Step): void {
    const stack = captureStack()
    this.#stacks.set(step.output, stack)
    const at = firstNonFinite(step.output)
    if (at === undefined) return
    if (!Number.isNaN(at.value) && this.#isPadding(step)) {
      this.#padded.add(step.output)
      return
    }
    const rule = runningRule()
    const origin = rule ? this.#stacks.get(rule.step.output) : stack
    throw new AnomalyError({
      operation: step.primitive.name,
      value: at.value,
      index: multiIndex(at.index, step.output.shape),
      shape: step.output.shape,
      inputs: step.inputs.map((input) => inputOf(input, step.output, at.index)),
      inside: firstInside(step) ?? null,
      rule: rule ? { operation: rule.step.primitive.name, input: rule.input } : null,
      scope: step.scope,
      callSite: callSiteOf(origin ?? stack) ?? null,
    })
  }

  /** The infinities come from a fill value, here or further up, and not from the data. */
  #isPadding({ primitive, inputs, options }: Step): boolean {
    const family = primitive.kernel(inputs, options)?.family
    if (family !== 'view' && family !== 'reshape') return false
    return inputs.every((input) => this.#padded.has(input) || firstNonFinite(input) === undefined)
  }
}

function inputOf(input: AnyTensor, output: AnyTensor, index: number): AnomalyInput {
  const value = sameShape(input.shape, output.shape) ? (valuesOf(input)?.[index] ?? null) : null
  return { shape: input.shape, dtype: input.dtype, finite: firstNonFinite(input) === undefined, value }
}

function firstNonFinite(tensor: AnyTensor): { index: number; value: number } | undefined {
  if (!isFloat(tensor.dtype)) return undefined
  const values = valuesOf(tensor)
  const index = values?.findIndex((value) => !Number.isFinite(value)) ?? -1
  return values === undefined || index < 0 ? undefined : { index, value: values[index]! }
}

/** The operation inside a composed step that made the first NaN or infinity. */
function firstInside(step: Step): string | undefined {
  const first = step.inside?.steps.find((inner) => firstNonFinite(inner.output) !== undefined)
  return first && (firstInside(first) ?? first.primitive.name)
}

function messageOf(anomaly: Anomaly): string {
  const { operation, value, index, shape, inside, rule, scope, callSite } = anomaly
  const made = `${inside === null ? operation : `${operation} (in its ${inside})`} gave ${Number.isNaN(value) ? 'NaN' : value}`
  const where = index.length === 0 ? '' : ` at index ${shapeText(index)} of its output, shape ${shapeText(shape)},`
  const phase = rule
    ? `in the reverse sweep, in the vjp rule of ${rule.operation} for input ${rule.input}`
    : 'in the forward computation'
  const site = callSite ? `, ${rule ? `${rule.operation} called` : 'called'} at ${callSiteText(callSite)}` : ''
  const path = scope === '' ? '' : `, in scope ${scope}`
  return `${made}${where} ${phase}${path}${site}; ${anomaly.inputs.map(inputText).join(', ')}`
}

function inputText({ dtype, shape, finite, value }: AnomalyInput, index: number): string {
  const here = value === null ? '' : ` and ${numberText(value)} there`
  return `input ${index} (${dtype} ${shapeText(shape)}) was ${finite ? 'finite' : 'not finite already'}${here}`
}
