import {
  cast,
  type DType,
  definePrimitive,
  normalizeAxis,
  type Operation,
  type SumOf,
  type Tensor,
} from '@cotangent/core'
import { flatten } from './movement.ts'

export interface CumsumOptions {
  /** Default: all elements in row-major order, as one axis. */
  readonly axis?: number
  /** Start at the end. */
  readonly reverse?: boolean
  /** Leave the element itself out of its sum. */
  readonly exclusive?: boolean
}

/**
 * The running sums along `axis`; those of uint8 and bool are int32.
 *
 * @throws ShapeError for an axis that the tensor does not have.
 * @example
 * cumsum(tensor([1, 2, 3])) // [1. 3. 6.]
 */
export function cumsum<D extends DType>(
  x: Tensor<D>,
  { axis, reverse = false, exclusive = false }: CumsumOptions = {},
): Tensor<SumOf<D>> {
  const counted: Tensor<DType> = x.dtype === 'uint8' || x.dtype === 'bool' ? cast(x, 'int32') : x
  const along = axis === undefined ? flatten(counted) : counted
  // SumOf states the cast above.
  return scan(along, { axis: normalizeAxis('cumsum', axis ?? 0, along.rank), reverse, exclusive }) as unknown as Tensor<
    SumOf<D>
  >
}

interface ScanOptions {
  readonly axis: number
  readonly reverse: boolean
  readonly exclusive: boolean
}

const scan: Operation<ScanOptions> = definePrimitive<ScanOptions>({
  name: 'cumsum',
  shape: ([x]) => x.shape,
  operands: 'numeric',
  kernel: (_, options) => ({ family: 'scan', ...options }),
  // Each element is part of the sums behind it: running sums from the other end.
  vjp: [(g, _, __, options) => scan(g, { ...options, reverse: !options.reverse })],
})
