import { type AnyTensor, randomKey, splitKey, type Tensor, zeros } from '@cotangent/core'
import type { Net, TensorTree } from '@cotangent/models'
import type { prepareReport } from '@cotangent/report'
import { scaled, type Wanted } from './data.ts'

/** The first parameters of a net, and its state. */
type Start = readonly [params: TensorTree, netState: TensorTree]

/** What is made ready of a net while the digits are read. */
export interface Prepared {
  readonly net: Net
  readonly start: Start
  /** Describes runs of the net for their pages. */
  readonly describe?: ReturnType<typeof prepareReport>
}

/** The keys that a seed has for training steps, and for first parameters: `fit` itself splits two keys off it. */
export function keysOf(seed: number): { readonly step: Tensor<'key'>; readonly initial: Tensor<'key'> } {
  const [, step, initial] = splitKey(randomKey(seed), 3)
  return { step: step!, initial: initial! }
}

/** Draws the first parameters of a net, and begins to make ready what pages of its runs need, where there will be any. */
export function prepared(net: Net, seed: number, page: Wanted | undefined): Prepared {
  const start = net.init(keysOf(seed).initial)
  return { net, start, ...(page && { describe: describing(net, start, page) }) }
}

/**
 * Loads what pages are made with, and compiles what they show of a net: on digits like those wanted. What goes wrong is told when it
 * is needed.
 */
function describing(net: Net, [params, netState]: Start, { flatten, train, test }: Wanted): Prepared['describe'] {
  const like = (count = 10_000) => ({
    x: zeros([count, ...(flatten ? [784] : [1, 28, 28])], { dtype: 'uint8' }),
    t: zeros([count], { dtype: 'int32' }),
  })
  const describe = import('@cotangent/report').then(({ prepareReport }) =>
    prepareReport({ net, prepare: asNumbers }, { state: { params, netState }, test: like(test), train: like(train) }),
  )
  describe.catch(() => undefined)
  return describe
}

/** Digits as nets take them. */
export const asNumbers = (x: AnyTensor): AnyTensor => scaled(x as Tensor<'uint8'>)
