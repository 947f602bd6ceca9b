import type { DType } from '@cotangent/core'

/** NumPy's names of the dtypes. A random key is two `<u4` along one more axis, the last, of length 2. */
export const DESCRIPTIONS: Readonly<Record<DType, string>> = {
  float32: '<f4',
  float64: '<f8',
  int32: '<i4',
  uint8: '|u1',
  bool: '|b1',
  key: '<u4',
}

/** What the file begins with: `\x93NUMPY`. */
export const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const
