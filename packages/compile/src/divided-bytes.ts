import type { Value } from './value.ts'

/**
 * A byte divided by a number, in float32, as two products and a sum, which take a fraction of a division's time: the inverse is cut
 * in two parts, of which the products with the first are exact. `undefined` where that is not the quotient to the last bit for all
 * bytes, or the dividend is no byte.
 */
export function dividedByte(dividend: Value, divisor: Value): Value | undefined {
  if (divisor.op !== 'constant' || divisor.dtype !== 'float32' || !isByte(dividend)) return undefined
  const inverse = Math.fround(1 / divisor.value)
  const first = withoutLastBits(inverse)
  const second = Math.fround(1 / divisor.value - first)
  for (let byte = 0; byte < 256; byte++) {
    const got = Math.fround(Math.fround(byte * first) + Math.fround(byte * second))
    if (!Object.is(got, Math.fround(byte / divisor.value))) return undefined
  }
  const times = (value: number): Value => apply('mul', [dividend, { op: 'constant', dtype: 'float32', value }])
  return apply('add', [times(first), times(second)])
}

const apply = (name: 'mul' | 'add', operands: readonly Value[]): Value => ({
  op: 'apply',
  dtype: 'float32',
  name,
  operands,
})

/** Whether a value in float32 is made of a byte. */
const isByte = (value: Value): boolean =>
  value.op === 'apply' && value.name === 'cast' && value.dtype === 'float32' && value.operands[0]!.dtype === 'uint8'

/** A float32 with as many bits fewer as a byte has, so that products with bytes are exact. */
function withoutLastBits(value: number): number {
  const bits = new DataView(new ArrayBuffer(4))
  bits.setFloat32(0, value)
  bits.setUint32(0, bits.getUint32(0) & ~0xff)
  return bits.getFloat32(0)
}
