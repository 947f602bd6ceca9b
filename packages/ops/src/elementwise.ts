import {
  type DType,
  definePrimitive,
  type Float,
  type Operation,
  type PrimitiveDefinition,
  type Promoted,
  promoteOperands,
  type Tensor,
  type TensorLike,
} from '@cotangent/core'

/** The dtype of one operand; a number alone makes a float32. */
type OwnDType<T extends TensorLike> = T extends Tensor<infer D> ? D : 'float32'

/** `D` if it is a float, else float32. */
type FloatOf<D extends DType> = D extends Float ? D : 'float32'

/** An elementwise function with a float result; integers and bool are cast to float32 first. */
export interface FloatFunction {
  <T extends TensorLike>(x: T): Tensor<FloatOf<OwnDType<T>>>
  readonly primitive: Operation['primitive']
}

/** An elementwise function whose result has its operand's dtype. */
export interface NumericFunction {
  <T extends TensorLike>(x: T): Tensor<OwnDType<T>>
  readonly primitive: Operation['primitive']
}

/** An elementwise function of two operands with a float result. */
export interface FloatBinary {
  <A extends TensorLike, B extends TensorLike>(a: A, b: B): Tensor<FloatOf<Promoted<A, B>>>
  readonly primitive: Operation['primitive']
}

/** An elementwise function of two operands with a bool result. */
export interface Comparison {
  (a: TensorLike, b: TensorLike): Tensor<'bool'>
  readonly primitive: Operation['primitive']
}

// The dtypes stated by the interfaces are those that `operands` and the kernels' expressions lead to.
export const floatFunction = (definition: PrimitiveDefinition): FloatFunction =>
  definePrimitive({ operands: 'float', ...definition }) as FloatFunction

export const numericFunction = (definition: PrimitiveDefinition): NumericFunction =>
  definePrimitive(definition) as unknown as NumericFunction

export const floatBinary = (definition: PrimitiveDefinition): FloatBinary =>
  definePrimitive({ operands: 'float', ...definition }) as FloatBinary

export const comparison = (definition: Pick<PrimitiveDefinition, 'name' | 'kernel'>): Comparison =>
  definePrimitive({ operands: 'same', vjp: [null, null], ...definition }) as unknown as Comparison

/** Throws, in the name of `operation`, for anything but numbers and tensors of numbers, and for numbers that the tensor's dtype cannot hold. */
export function checkNumbers(operation: string, ...operands: readonly TensorLike[]): void {
  promoteOperands(operation, 'same', operands)
}

/** `x` as a tensor of a float dtype. */
export function asFloat<T extends TensorLike>(operation: string, x: T): Tensor<FloatOf<OwnDType<T>>> {
  return promoteOperands(operation, 'float', [x])[0] as Tensor<FloatOf<OwnDType<T>>>
}
