import {
  type AnyTensor,
  cast,
  definePrimitive,
  InternalError,
  type Operation,
  promoteOperands,
  type Shape,
  type TensorType,
} from '@cotangent/core'

export interface ContractOptions {
  readonly a: readonly number[]
  readonly b: readonly number[]
  readonly out: readonly number[]
}

/**
 * The sum of products of two tensors whose axes are labelled: axes with the same label walk together, labels missing in `out`
 * are summed over. A label of one operand alone must be in `out`. Closed under differentiation: the gradient of a contraction is
 * the contraction of the cotangent with the other operand.
 */
export function contract(operation: string, a: AnyTensor, b: AnyTensor, labels: ContractOptions): AnyTensor {
  const [x, y] = promoteOperands(operation, 'numeric', [a, b]).map((operand) =>
    operand.dtype === 'uint8' ? cast(operand, 'int32') : operand,
  )
  return product(x!, y!, labels)
}

const product: Operation<ContractOptions> = definePrimitive<ContractOptions>({
  name: 'contract',
  shape: contractedShape,
  kernel: (_, labels) => ({ family: 'contract', ...labels }),
  vjp: [
    (g, [, y], _, { a, b, out }) => product(g, y, { a: out, b, out: a }),
    (g, [x], _, { a, b, out }) => product(g, x, { a: out, b: a, out: b }),
  ],
})

function contractedShape(
  [x, y]: readonly [TensorType, TensorType, ...TensorType[]],
  { a, b, out }: ContractOptions,
): Shape {
  const lengths = new Map<number, number>()
  for (const [labels, { shape }] of [
    [a, x],
    [b, y],
  ] as const) {
    labels.forEach((label, axis) => {
      const before = lengths.get(label) ?? shape[axis]!
      if (before !== shape[axis])
        throw new InternalError(`a contraction of lengths ${before} and ${shape[axis]} under one label`)
      lengths.set(label, before)
    })
  }
  return out.map((label) => {
    const length = lengths.get(label)
    if (length === undefined) throw new InternalError('a contraction with an output label that no operand has')
    return length
  })
}
