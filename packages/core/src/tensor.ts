import {
  allocate,
  type DType,
  dtypeOfArray,
  type Float,
  holds,
  type ReadonlyData,
  type TypedArray,
  wordsOf,
} from './dtype.ts'
import { DTypeError, ShapeError, TraceError, ValueError } from './errors.ts'
import { formatTensor } from './format.ts'
import { checkShape, type Shape, shapeText, sizeOf } from './shape.ts'

/** Nested arrays of numbers, as deep as the tensor has axes. */
export type Nested<T> = T | readonly Nested<T>[]

let values: (tensor: AnyTensor) => TypedArray | undefined
let construct: (shape: Shape, dtype: DType, array: TypedArray | undefined) => AnyTensor
let replace: (tensor: AnyTensor, array: TypedArray) => void
let refusal: string | undefined

/**
 * An immutable value: a shape, a dtype and row-major elements. Made by {@link tensor}, {@link zeros} and the operations.
 *
 * @example
 * const x = tensor([[1, 2, 3], [4, 5, 6]])
 * x.shape // [2, 3]
 * x.dtype // 'float32'
 */
export class Tensor<out D extends DType = Float> {
  readonly shape: Shape
  readonly dtype: D
  /** Another array only where {@link moveTo} put the same elements elsewhere. */
  #values: TypedArray | undefined

  private constructor(shape: Shape, dtype: D, array: TypedArray | undefined) {
    this.shape = shape
    this.dtype = dtype
    this.#values = array
  }

  static {
    values = (tensor) => tensor.#values
    replace = (tensor, array) => {
      tensor.#values = array
    }
    construct = (shape, dtype, array) => new Tensor(shape, dtype, array)
  }

  /** The number of axes. */
  get rank(): number {
    return this.shape.length
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /**
   * The elements in row-major order, to read. Writing to them is a type error.
   *
   * @throws TraceError where the tensor stands for values that are not there yet, or inside a vjp rule.
   */
  get data(): ReadonlyData {
    return owned(this, 'data')
  }

  /** The elements, as `data`, once the device has them; works on every backend. */
  async read(): Promise<ReadonlyData> {
    return owned(this, 'read()')
  }

  /** The elements as nested arrays; a scalar gives its number. Booleans come back as `true` and `false`. */
  toArray(): Nested<number> | Nested<boolean> {
    const array = readable(this, 'toArray()')
    const words = wordsOf(this.dtype)
    const read = (at: number): number | boolean | number[] =>
      words === 2 ? [array[2 * at]!, array[2 * at + 1]!] : this.dtype === 'bool' ? array[at] === 1 : array[at]!
    // The element type is one of the two for the whole tensor, which the recursion cannot express.
    return nest(this.shape, 0, 0, read) as Nested<number>
  }

  /**
   * The one element of a tensor of size 1.
   *
   * @throws ShapeError for any other size.
   */
  item(): number {
    const array = readable(this, 'item()')
    if (this.size !== 1 || this.dtype === 'key') {
      throw new ShapeError(
        `item: a tensor of shape ${shapeText(this.shape)} and dtype ${this.dtype} is not one number; use data or toArray()`,
      )
    }
    return array[0]!
  }

  /** The elements as NumPy prints them. */
  toString(): string {
    const array = this.#values
    return array
      ? formatTensor(this.shape, this.dtype, array)
      : `<${this.dtype} ${shapeText(this.shape)}, not computed yet>`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  /**
   * Text in templates and beside other text.
   *
   * @throws ValueError in JavaScript's arithmetic and comparisons; TraceError where the values are not there yet.
   */
  [Symbol.toPrimitive](hint: 'string' | 'number' | 'default'): string {
    if (hint === 'string' || (hint === 'default' && this.#values)) return this.toString()
    const what = `this ${this.dtype} tensor of shape ${shapeText(this.shape)}`
    if (this.#values)
      throw new ValueError(
        `${what} is used like a number in JavaScript's own arithmetic or comparison; use operations such as mul and less, or item() for its value`,
      )
    throw new TraceError(
      `${what} is used like a number while the function is being traced, when its value is not there; use operations such as mul, less and where`,
    )
  }
}

/** A tensor of any dtype. */
export type AnyTensor = Tensor<DType>

/** What operations take as one operand: a number adopts the dtype of the tensors beside it. */
export type TensorLike = AnyTensor | number

/** A tensor over `array`, which it owns from now on; without an array it stands for values that are not there yet. */
export function tensorOf<D extends DType>(shape: Shape, dtype: D, array: TypedArray | undefined): Tensor<D> {
  // `construct` keeps the dtype it is given.
  return construct(shape, dtype, array) as Tensor<D>
}

/**
 * A stand-in for values that are not there yet: operations on it check shapes and are recorded, reading it throws. What programs
 * are traced with.
 *
 * @example
 * const [y] = record(() => add(abstractTensor([2, 3], 'float32'), 1))
 * y.shape // [2, 3]
 */
export const abstractTensor = <D extends DType>(shape: Shape, dtype: D): Tensor<D> =>
  tensorOf([...shape], dtype, undefined)

/** What stands for a number in a dtype, once an operation (named for errors) has it adopt that. */
export type Adoption = (dtype: DType, operation: string) => AnyTensor

const adoptions = new WeakMap<AnyTensor, Adoption>()

/**
 * A stand-in for a number that is not there yet: as a number does, it adopts the dtype of the tensors beside it, where `adoption`
 * says what stands for it then. Where no tensor is beside it, it is a float32 scalar.
 */
export function abstractNumber(adoption: Adoption): Tensor<'float32'> {
  const stand = abstractTensor([], 'float32')
  adoptions.set(stand, adoption)
  return stand
}

/** How a stand-in for a number adopts a dtype; `undefined` for all other tensors. */
export const adoptionOf = (tensor: AnyTensor): Adoption | undefined => adoptions.get(tensor)

/** The array behind `tensor`, for backends; `undefined` where the tensor stands for values that are not there yet. */
export const valuesOf = (tensor: AnyTensor): TypedArray | undefined => values(tensor)

/**
 * The elements of `tensor` to check them by, where they are there already; `undefined` while a function is traced on shapes alone.
 * Never compute with them: what they lead to is not recorded.
 */
export const knownValues = (tensor: AnyTensor): ReadonlyData | undefined => values(tensor)

/**
 * Has the elements of `tensor` read from `array` from now on, which holds the same ones: for backends that keep a copy in memory of
 * their own, so that they are not there twice. An array over shared memory is copied back when the elements are asked for with
 * `data`, since many functions refuse such arrays.
 */
export const moveTo = (tensor: AnyTensor, array: TypedArray): void => replace(tensor, array)

/** Runs `f` while every read of a tensor's elements throws a TraceError that gives `reason`. */
export function refuseReads<R>(reason: string, f: () => R): R {
  const before = refusal
  refusal = reason
  try {
    return f()
  } finally {
    refusal = before
  }
}

export interface TensorOptions<D extends DType = DType> {
  /** Default: the array's own dtype; float32 for numbers, bool for booleans. */
  readonly dtype?: D
  /** Default: as deep as the nesting; one axis for a typed array. */
  readonly shape?: Shape
  /** Hand the typed array over instead of copying it; it must not be written afterwards. */
  readonly adopt?: boolean
}

/**
 * A tensor of the given elements: nested arrays, a typed array (with a `shape`), a number or a boolean.
 *
 * @throws ShapeError for ragged nesting, or elements that do not fill `shape`.
 * @throws ValueError for elements that the dtype cannot hold, such as 1.5 in int32.
 * @example
 * tensor([[1, 2], [3, 4]]) // [[1. 2.] [3. 4.]]
 * tensor(new Uint8Array([0, 255]), { shape: [2, 1] }) // [[  0] [255]]
 * tensor([1, 2], { dtype: 'int32' }) // [1 2]
 */
export function tensor(data: Float64Array, options?: TensorOptions<never>): Tensor<'float64'>
export function tensor(data: Int32Array, options?: TensorOptions<never>): Tensor<'int32'>
export function tensor(data: Uint8Array, options?: TensorOptions<never>): Tensor<'uint8'>
export function tensor(data: readonly never[], options?: TensorOptions<never>): Tensor<'float32'>
export function tensor(data: Nested<boolean>, options?: TensorOptions<never>): Tensor<'bool'>
export function tensor<D extends DType = 'float32'>(
  data: Nested<number | boolean> | TypedArray,
  options?: TensorOptions<D>,
): Tensor<D>
export function tensor(data: Nested<number | boolean> | TypedArray, options: TensorOptions = {}): AnyTensor {
  return ArrayBuffer.isView(data) ? fromTypedArray(data, options) : fromNested(data, options)
}

function fromTypedArray(array: TypedArray, options: TensorOptions): AnyTensor {
  const own = dtypeOfArray(array)
  const dtype = options.dtype ?? own
  if (dtype === undefined) {
    throw new DTypeError(
      `tensor: a ${array.constructor.name} has no dtype of its own here; pass a Float32Array, Float64Array, Int32Array or Uint8Array, or say which dtype is meant`,
    )
  }
  const words = wordsOf(dtype)
  const shape = options.shape ?? [array.length / words]
  checkFill(shape, array.length / words)
  const fits = allocate(dtype, 0).constructor === array.constructor
  if (!fits || dtype === 'bool') checkElements(dtype, array)
  if (fits && options.adopt) return tensorOf([...shape], dtype, array)
  const copy = allocate(dtype, sizeOf(shape))
  copy.set(array)
  return tensorOf([...shape], dtype, copy)
}

function fromNested(data: Nested<number | boolean>, options: TensorOptions): AnyTensor {
  const found: number[] = []
  for (let level: Nested<number | boolean> | undefined = data; Array.isArray(level); level = level[0])
    found.push(level.length)
  const flat: number[] = []
  let booleans = 0
  const walk = (level: Nested<number | boolean>, depth: number): void => {
    if (typeof level === 'number' || typeof level === 'boolean') {
      if (depth !== found.length) throw ragged(depth)
      if (typeof level === 'boolean') booleans++
      flat.push(Number(level))
    } else if (Array.isArray(level)) {
      if (level.length !== found[depth]) throw ragged(depth)
      for (const inner of level) walk(inner, depth + 1)
    } else {
      throw new ValueError(
        `tensor: ${String(level)} is not a number or a boolean; pass nested arrays of numbers or a typed array`,
      )
    }
  }
  walk(data, 0)
  const dtype = options.dtype ?? (booleans > 0 && booleans === flat.length ? 'bool' : 'float32')
  // The nesting of keys ends in their two words.
  const shape = options.shape ?? (dtype === 'key' ? found.slice(0, -1) : found)
  checkFill(shape, flat.length / wordsOf(dtype))
  checkElements(dtype, flat)
  const array = allocate(dtype, sizeOf(shape))
  array.set(flat)
  return tensorOf([...shape], dtype, array)
}

const ragged = (depth: number): ShapeError =>
  new ShapeError(
    `tensor: the nested arrays are ragged at depth ${depth}; every array of one depth needs the same length`,
  )

function checkFill(shape: Shape, count: number): void {
  checkShape('tensor', shape)
  if (sizeOf(shape) !== count) {
    throw new ShapeError(
      `tensor: ${count} elements do not fill the shape ${shapeText(shape)}, which has ${sizeOf(shape)}`,
    )
  }
}

function checkElements(dtype: DType, elements: ArrayLike<number>): void {
  if (dtype === 'float32' || dtype === 'float64') return
  for (let index = 0; index < elements.length; index++) {
    if (!holds(dtype, elements[index]!)) {
      throw new ValueError(
        `tensor: element ${index} is ${elements[index]}, which ${dtype} cannot hold; choose another dtype or round first`,
      )
    }
  }
}

function readable(tensor: AnyTensor, call: string): TypedArray {
  if (refusal !== undefined) throw new TraceError(`${call}: ${refusal}`)
  const array = valuesOf(tensor)
  if (array === undefined) {
    throw new TraceError(
      `${call}: this ${tensor.dtype} tensor of shape ${shapeText(tensor.shape)} stands for values that are not there while the function is being traced; use operations such as where instead of reading it`,
    )
  }
  return array
}

/** The elements in memory that is the tensor's own, for others to keep. */
function owned(tensor: AnyTensor, call: string): TypedArray {
  const array = readable(tensor, call)
  if (typeof SharedArrayBuffer === 'undefined' || !(array.buffer instanceof SharedArrayBuffer)) return array
  const copy = array.slice()
  moveTo(tensor, copy)
  return copy
}

function nest<T>(shape: Shape, axis: number, at: number, read: (at: number) => T): Nested<T> {
  if (axis === shape.length) return read(at)
  const inner = sizeOf(shape.slice(axis + 1))
  return Array.from({ length: shape[axis]! }, (_, index) => nest(shape, axis + 1, at + index * inner, read))
}
