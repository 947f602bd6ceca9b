import * as ops from '@cotangent/ops'
import { kindOf } from '../kind.ts'
import { type Layer, layerOf, type SameShape } from '../layer.ts'
import { numberOption } from '../option.ts'

/**
 * In training, sets each element to 0 with probability `rate` and scales the others by 1 / (1 − rate), so that inference, where
 * it does nothing, needs no scaling (Srivastava et al., 2014). "Deep Learning from Scratch" scales in inference instead; both
 * train the same net.
 *
 * @throws ValueError for a rate outside [0, 1); in training, where the net is given no random key.
 * @example
 * layer.dropout(0.5)
 */
export const dropout = (rate: number): Layer<SameShape> => layerOf(dropoutKind, { rate })

export const dropoutKind = kindOf({
  name: 'dropout',
  options: ({ rate }: { readonly rate: number }) => ({
    rate: numberOption('dropout', 'rate', rate, { low: 0, high: 1 }),
  }),
  output: (input) => input,
  apply: (x, { options: { rate }, training, key }) => (training && rate > 0 ? ops.dropout(x, key(), { rate }) : x),
})
