import { type Product, sizesOf } from '../product.ts'
import type { Local } from '../wasm/entities.ts'
import { i32 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'

/** A stretch of the sums that one call of the micro-kernel runs through. */
export interface Pass {
  readonly between: { readonly from: number; readonly count: number }
  /** Known beforehand, or while the code runs. */
  readonly k: { readonly from: number | Local<'i32'>; readonly count: number }
}

/** A place among the sums in bytes. */
export const times = (k: number | Local<'i32'>, step: number): number | Node<'i32'> =>
  typeof k === 'number' ? k * step : i32.mul(k, step)

/** The sums in stretches during which a panel stays in the first cache. */
export function passesOf(product: Product, mostK: number): (Pass & { readonly k: { readonly from: number } })[] {
  const { k, between } = sizesOf(product)
  const passes: ReturnType<typeof passesOf> = []
  if (k <= mostK) {
    const most = chunk(between, Math.max(1, Math.floor(mostK / k)))
    for (let from = 0; from < between; from += most) {
      passes.push({ between: { from, count: Math.min(most, between - from) }, k: { from: 0, count: k } })
    }
    return passes
  }
  const most = chunk(k, mostK)
  for (let turn = 0; turn < between; turn++) {
    for (let from = 0; from < k; from += most) {
      passes.push({ between: { from: turn, count: 1 }, k: { from, count: Math.min(most, k - from) } })
    }
  }
  return passes
}

/** The length of equal stretches of at most `most`. */
const chunk = (length: number, most: number): number => Math.ceil(length / Math.ceil(length / most))
