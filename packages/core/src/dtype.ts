/** The dtypes that gradients flow through. */
export type Float = 'float32' | 'float64'

/** What a tensor's elements are. A `key` is a random key: two 32-bit words, no arithmetic. */
export type DType = Float | 'int32' | 'uint8' | 'bool' | 'key'

/** All dtypes. */
export const DTYPES: readonly DType[] = ['float32', 'float64', 'int32', 'uint8', 'bool', 'key']

/** The typed arrays that hold tensors. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array | Uint32Array

/** A tensor's elements, row-major, to read: two words an element for `key`, 0 or 1 for `bool`. */
export interface ReadonlyData extends Iterable<number> {
  readonly length: number
  readonly [index: number]: number
  slice(begin?: number, end?: number): TypedArray
}

/** How many array elements one tensor element takes. */
export const wordsOf = (dtype: DType): number => (dtype === 'key' ? 2 : 1)

/** A new array, all zero, for `size` elements of `dtype`. */
export function allocate(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(size)
    case 'float64':
      return new Float64Array(size)
    case 'int32':
      return new Int32Array(size)
    case 'uint8':
    case 'bool':
      return new Uint8Array(size)
    case 'key':
      return new Uint32Array(2 * size)
  }
}

/** The dtype that a typed array holds unless another is asked for; `undefined` for kinds that no tensor has. */
export function dtypeOfArray(array: ArrayBufferView): DType | undefined {
  if (array instanceof Float32Array) return 'float32'
  if (array instanceof Float64Array) return 'float64'
  if (array instanceof Int32Array) return 'int32'
  if (array instanceof Uint8Array) return 'uint8'
  return undefined
}

/** True for the dtypes that gradients flow through. */
export const isFloat = (dtype: DType): dtype is Float => dtype === 'float32' || dtype === 'float64'

/** The order in which dtypes give way to each other: the later one wins. */
const WIDTH: Record<Exclude<DType, 'key'>, number> = { bool: 0, uint8: 1, int32: 2, float32: 3, float64: 4 }

/** The dtype of `a` combined with `b`, as a type. */
export type Promote<A extends DType, B extends DType> = A extends 'key'
  ? never
  : B extends 'key'
    ? never
    : 'float64' extends A | B
      ? 'float64'
      : 'float32' extends A | B
        ? 'float32'
        : 'int32' extends A | B
          ? 'int32'
          : 'uint8' extends A | B
            ? 'uint8'
            : 'bool'

/** The dtype of `a` combined with `b`: float64 over float32 over int32 over uint8 over bool; `undefined` where a key is involved. */
export function promoteDTypes(a: DType, b: DType): DType | undefined {
  if (a === b) return a === 'key' ? undefined : a
  if (a === 'key' || b === 'key') return undefined
  return WIDTH[a] > WIDTH[b] ? a : b
}

/** Whether `value` can be an element of `dtype` (floats are rounded, integers must be exact and in range). */
export function holds(dtype: DType, value: number): boolean {
  switch (dtype) {
    case 'float32':
    case 'float64':
      return true
    case 'int32':
      return value === (value | 0)
    case 'uint8':
      return value === (value & 255)
    case 'bool':
      return value === 0 || value === 1
    case 'key':
      return value === value >>> 0
  }
}
