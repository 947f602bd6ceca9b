import { type AnyTensor, type Step, shapeText } from '@cotangent/core'

/** What a tensor is drawn as: another one, and what moved its elements on the way. */
export interface Origin {
  readonly tensor: AnyTensor
  /** Such as `reshape [100, 1]`, in order. */
  readonly moves: readonly string[]
}

/**
 * The tensors that have no node of their own: the fresh leaves that derivatives make of their arguments and, where `collapse`
 * asks for it, what only shows the elements of another tensor in other places.
 */
export function originsOf(steps: readonly Step[], collapse: boolean): ReadonlyMap<AnyTensor, Origin> {
  const origins = new Map<AnyTensor, Origin>()
  for (const step of steps) {
    const [input] = step.inputs
    if (input === undefined) continue
    const { tensor, moves } = origins.get(input) ?? { tensor: input, moves: [] }
    if (isFreshLeaf(step)) origins.set(step.output, { tensor, moves })
    else if (collapse && isMovement(step))
      origins.set(step.output, { tensor, moves: [...moves, `${step.primitive.name} ${shapeText(step.output.shape)}`] })
  }
  return origins
}

/** A reshape to the same shape is recorded for no other reason than a new identity. */
const isFreshLeaf = ({ primitive, inputs: [input], output }: Step): boolean =>
  primitive.name === 'reshape' && shapeText(input?.shape ?? []) === shapeText(output.shape)

/** Sliding windows, which show elements several times over, count as an operation. */
function isMovement({ primitive, inputs, options, inside }: Step): boolean {
  if (inside !== undefined || inputs.length !== 1) return false
  const kernel = primitive.kernel(inputs, options)
  if (kernel?.family === 'reshape') return true
  if (kernel?.family !== 'view') return false
  const walked = kernel.view.axes.map(({ source }) => source).filter((source) => source >= 0)
  return new Set(walked).size === walked.length
}
