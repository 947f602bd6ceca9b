import { isFloat } from './dtype.ts'
import { GradientError } from './errors.ts'
import { add, sumTo } from './operations.ts'
import type { Inputs } from './primitive.ts'
import { sameShape, shapeText } from './shape.ts'
import { type AnyTensor, refuseReads, Tensor } from './tensor.ts'
import { type Recorder, type Step, withinRule } from './trace.ts'

/** Records the steps that depend on its leaves, and which tensors do. */
export class LeafRecorder implements Recorder {
  readonly steps: Step[] = []
  readonly dependent: Set<AnyTensor>

  constructor(leaves: Iterable<AnyTensor>) {
    this.dependent = new Set(leaves)
  }

  record(step: Step): void {
    if (!carriesGradient(step, this.dependent)) return
    this.dependent.add(step.output)
    this.steps.push(step)
  }
}

/** Whether a gradient can flow from the output of `step` to a tensor in `dependent`. */
export function carriesGradient(step: Step, dependent: ReadonlySet<AnyTensor>): boolean {
  if (!isFloat(step.output.dtype)) return false
  return (
    step.inputs.some((input, index) => dependent.has(input) && step.primitive.vjp(index) !== null) ||
    (step.inside?.captured.some((tensor) => dependent.has(tensor)) ?? false)
  )
}

export interface Sweep {
  readonly steps: Step[]
  /** The tensors that depend on a source, the sources included. */
  readonly dependent: Set<AnyTensor>
  /** The tensors whose cotangents are wanted. */
  readonly sources: ReadonlySet<AnyTensor>
  /** Drop each step, and what it holds, once it is done. */
  readonly consume: boolean
}

/**
 * Reverse mode: walks the steps from the last to the first, and adds up the cotangents of everything that leads to a source.
 * `seeds` are the cotangents of the targets; the sources' cotangents come back, none for a source that no target depends on.
 */
export function sweepBack(
  { steps, dependent, sources, consume }: Sweep,
  seeds: Iterable<[AnyTensor, AnyTensor]>,
): Map<AnyTensor, AnyTensor> {
  const cotangents = new Map<AnyTensor, AnyTensor>()
  const accumulate = (tensor: AnyTensor, cotangent: AnyTensor): void => {
    const before = cotangents.get(tensor)
    cotangents.set(tensor, before === undefined ? cotangent : add(before, cotangent))
  }
  for (const [target, seed] of seeds) if (dependent.has(target)) accumulate(target, seed)
  for (let at = steps.length - 1; at >= 0; at--) {
    const step = steps[at]!
    const cotangent = cotangents.get(step.output)
    if (cotangent !== undefined) {
      if (!sources.has(step.output)) cotangents.delete(step.output)
      pullBackStep(step, cotangent, dependent, accumulate)
    }
    if (consume) {
      steps.length = at
      dependent.delete(step.output)
    }
  }
  return cotangents
}

function pullBackStep(
  step: Step,
  cotangent: AnyTensor,
  dependent: ReadonlySet<AnyTensor>,
  accumulate: (tensor: AnyTensor, cotangent: AnyTensor) => void,
): void {
  const { primitive, inputs } = step
  const captured = step.inside?.captured.find((tensor) => dependent.has(tensor))
  if (captured) {
    throw new GradientError(
      `${primitive.name}: uses a differentiated tensor of shape ${shapeText(captured.shape)} that is not among its arguments, so its rules cannot give that gradient; pass the tensor as an argument`,
    )
  }
  inputs.forEach((input, index) => {
    if (!dependent.has(input)) return
    const rule = primitive.vjp(index)
    if (rule === null) return
    if (rule === undefined)
      throw new GradientError(
        `${primitive.name}: has no vjp rule for input ${index}; add one, or null if no gradient flows to it`,
      )
    // Rules destructure as many inputs as their primitive has, and see only float outputs.
    const apply = () =>
      rule(cotangent as Tensor, inputs as unknown as Inputs<AnyTensor>, step.output as Tensor, step.options)
    withinRule({ step, input: index }, () =>
      accumulate(input, checked(step, index, refuseReads(readInRule(primitive.name), apply))),
    )
  })
}

const readInRule = (name: string): string =>
  `the vjp rule of ${name} reads a tensor's elements, which would make its own derivative wrong; write the rule with operations alone`

/** The cotangent a rule gave for input `index`, with broadcasting undone, once it is what it must be. */
function checked(step: Step, index: number, given: unknown): AnyTensor {
  const { primitive, inputs, output } = step
  const input = inputs[index]!
  const where = `${primitive.name}: the vjp rule for input ${index}`
  if (!(given instanceof Tensor))
    throw new GradientError(`${where} gave ${String(given)}; it must give a tensor of shape ${shapeText(input.shape)}`)
  const cotangent = primitive.broadcasts && broadcastsBack(input, given, output) ? sumTo(given, input.shape) : given
  if (!sameShape(cotangent.shape, input.shape) || cotangent.dtype !== input.dtype) {
    throw new GradientError(
      `${where} gave a ${given.dtype} tensor of shape ${shapeText(given.shape)}, but the input is ${input.dtype} ${shapeText(input.shape)}; a cotangent has the type of its input`,
    )
  }
  return cotangent
}

const broadcastsBack = (input: AnyTensor, given: AnyTensor, output: AnyTensor): boolean =>
  !sameShape(input.shape, given.shape) && sameShape(given.shape, output.shape)
