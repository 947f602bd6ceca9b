import type { DType } from '@cotangent/core'

interface StoredDType {
  readonly dtype: DType
  /** As the header names it. */
  readonly name: string
}

/**
 * In the order in which the format's own library lays out tensors: wide ones first, so that each is aligned.
 *
 * A random key has no dtype of its own in the format: it is two U32 along one more axis, the last, of length 2. No other tensor is
 * stored as U32.
 */
export const STORED: readonly StoredDType[] = [
  { dtype: 'float64', name: 'F64' },
  { dtype: 'float32', name: 'F32' },
  { dtype: 'key', name: 'U32' },
  { dtype: 'int32', name: 'I32' },
  { dtype: 'uint8', name: 'U8' },
  { dtype: 'bool', name: 'BOOL' },
]

/** What the header calls the strings about the file. */
export const METADATA = '__metadata__'

/** The longest header that the format's own library reads, in bytes. */
export const LONGEST_HEADER = 100_000_000
