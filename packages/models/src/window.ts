import { type Shape, shapeText } from '@cotangent/core'
import type { Pair } from './option.ts'
import type { ShapeText, SizeText, UnknownRank, WindowCount } from './shape.ts'

/**
 * What a window sliding over an image [channels, height, width] gives, as a type: `Filters` channels (or as many as before, for
 * `null`) of the places where kernel `K` fits with stride `S`, padding `P` and dilation `D`; or the sentence that says why not.
 */
export type Slid<
  Name extends string,
  Input,
  Filters,
  K extends Pair,
  S extends Pair,
  P extends Pair,
  D extends Pair,
> = Input extends readonly [infer C, infer H extends number, infer W extends number]
  ? Counts<
      WindowCount<H, Height<K>, Height<S>, Height<P>, Height<D>>,
      WindowCount<W, Width<K>, Width<S>, Width<P>, Width<D>>
    > extends readonly [infer OH, infer OW]
    ? [Filters extends null ? C : Filters, OH, OW]
    : `${Name}: kernel ${PairText<K>}${D extends 1 ? '' : ` dilated by ${PairText<D>}`} does not fit input ${ShapeText<Input>}${P extends 0 ? '' : ` padded by ${PairText<P>}`}`
  : UnknownRank<Input> extends true
    ? [Filters extends null ? number : Filters, number, number]
    : `${Name}: needs an image [channels, height, width], got ${ShapeText<Input>}`

/** Both counts, or false if not even one window fits. */
type Counts<H, W> = [H] extends [never] ? false : [W] extends [never] ? false : [H, W]
type Height<P extends Pair> = P extends readonly [infer H extends number, number] ? H : P extends number ? P : never
type Width<P extends Pair> = P extends readonly [number, infer W extends number] ? W : P extends number ? P : never
type PairText<P extends Pair> = P extends readonly number[] ? ShapeText<P> : SizeText<P>

export interface SlidingWindow {
  readonly kernel: Pair
  readonly stride: Pair
  readonly pad: Pair
  readonly dilation: Pair
}

/** {@link Slid} at run time. */
export function slide(name: string, input: Shape, filters: number | null, window: SlidingWindow): Shape | string {
  const { kernel, pad, dilation } = window
  if (input.length !== 3) return `${name}: needs an image [channels, height, width], got ${shapeText(input)}`
  const [channels = 0, height = 0, width = 0] = input
  const counts = [windowCount(height, 0, window), windowCount(width, 1, window)] as const
  if (Math.min(...counts) < 1) {
    const dilated = dilation === 1 ? '' : ` dilated by ${pairText(dilation)}`
    const padded = pad === 0 ? '' : ` padded by ${pairText(pad)}`
    return `${name}: kernel ${pairText(kernel)}${dilated} does not fit input ${shapeText(input)}${padded}`
  }
  return [filters ?? channels, ...counts]
}

/** How many windows fit: ⌊(length + 2 pad − dilation (kernel − 1) − 1) / stride⌋ + 1. */
function windowCount(length: number, axis: 0 | 1, { kernel, stride, pad, dilation }: SlidingWindow): number {
  const reach = along(dilation, axis) * (along(kernel, axis) - 1) + 1
  return Math.floor((length + 2 * along(pad, axis) - reach) / along(stride, axis)) + 1
}

/** A pair's number for the height (0) or the width (1). */
export const along = (pair: Pair, axis: 0 | 1): number => (typeof pair === 'number' ? pair : pair[axis])

const pairText = (pair: Pair): string => (typeof pair === 'number' ? String(pair) : shapeText(pair))
