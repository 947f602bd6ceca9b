import { full } from './create.ts'
import { type DType, holds, isFloat, promoteDTypes } from './dtype.ts'
import { DTypeError, ValueError } from './errors.ts'
import { expressionDType } from './kernel/expression.ts'
import type { Kernel, TensorType } from './kernel/kernel.ts'
import { broadcastShapes, type Shape } from './shape.ts'
import { type AnyTensor, adoptionOf, Tensor, type TensorLike } from './tensor.ts'
import { bind } from './trace.ts'

/**
 * The inputs a rule sees. There are exactly as many as the primitive was applied to; the type promises three so that rules can
 * name theirs by destructuring.
 */
export type Inputs<T> = readonly [T, T, T, ...T[]]

/**
 * One vector-Jacobian product: from the output's cotangent `g` to the cotangent of one input. Written with public operations, so
 * that it can be differentiated again, and linear in `g`, so that forward mode can be derived from it.
 */
export type VjpRule<O = undefined> = (g: Tensor, inputs: Inputs<AnyTensor>, output: Tensor, options: O) => AnyTensor

/** A composition of operations used as a kernel; recorded as one step. Made by {@link compute}. */
export interface Composition<O> {
  readonly family: 'compute'
  readonly f: (inputs: Inputs<AnyTensor>, options: O) => AnyTensor
}

/**
 * How the operands are brought together before the primitive sees them: `same` dtype (the wider one), `numeric` (the same, and
 * bool becomes int32), `float` (the same, and integers become float32), or each `given` as it is. A number adopts the dtype of
 * the tensors beside it.
 */
export type Operands = 'same' | 'numeric' | 'float' | 'given'

/** What {@link definePrimitive} takes. */
export interface PrimitiveDefinition<O = undefined> {
  readonly name: string
  /** The output's shape; throws a ShapeError for inputs that do not fit. Default: the inputs broadcast. */
  readonly shape?: (inputs: Inputs<TensorType>, options: O) => Shape
  /** The output's dtype. Default: that of the kernel's expression, else of the first input. */
  readonly dtype?: (inputs: Inputs<TensorType>, options: O) => DType
  /** One kernel family instance, one that depends on the inputs' types and options, or a composition. */
  readonly kernel: Kernel | Composition<O> | ((inputs: Inputs<TensorType>, options: O) => Kernel)
  /** One rule for each input, `null` where no gradient flows; or the rule for the input `index`, where their number varies. */
  readonly vjp: readonly (VjpRule<O> | null)[] | ((index: number) => VjpRule<O> | null)
  /** Default: `numeric` for `map` kernels, else `given`. */
  readonly operands?: Operands
}

/** An operation that the tape knows: the rules as the engine calls them. */
export interface Primitive {
  readonly name: string
  readonly type: (inputs: readonly TensorType[], options: unknown) => TensorType
  readonly kernel: (inputs: readonly TensorType[], options: unknown) => Kernel | undefined
  readonly compute?: (inputs: readonly AnyTensor[], options: unknown) => AnyTensor
  readonly vjp: (index: number) => VjpRule<unknown> | null | undefined
  /** Whether inputs broadcast to the output, so that the engine sums their cotangents back. */
  readonly broadcasts: boolean
}

/** The function that applies a primitive: its inputs, then its options if it has any. */
export interface Operation<O = undefined> {
  (...args: [O] extends [undefined] ? readonly TensorLike[] : readonly [...inputs: TensorLike[], options: O]): Tensor
  readonly primitive: Primitive
}

/**
 * A new primitive: an operation with a kernel and one vjp rule an input, which the tape, every transform and every backend then
 * treat like the built-in ones.
 *
 * @throws ValueError when it is later called with another number of inputs than it has rules.
 * @example
 * const cube = definePrimitive({
 *   name: 'cube',
 *   kernel: map((x) => x.mul(x).mul(x)),
 *   vjp: [(g, [x]) => mul(g, mul(3, mul(x, x)))],
 * })
 * grad((x: Tensor) => cube(x))(tensor(2)).item() // 12
 */
export function definePrimitive<O = undefined>(definition: PrimitiveDefinition<O>): Operation<O> {
  const primitive = primitiveOf(definition)
  const operands = definition.operands ?? (primitive.broadcasts ? 'numeric' : 'given')
  const arity = typeof definition.vjp === 'function' ? undefined : definition.vjp.length
  const apply = (...args: readonly unknown[]): Tensor => {
    const last = args[args.length - 1]
    const options = args.length > 0 && !isTensorLike(last) ? last : undefined
    const inputs = options === undefined ? args : args.slice(0, -1)
    if (arity !== undefined && inputs.length !== arity) {
      throw new ValueError(
        `${definition.name}: takes ${arity} ${arity === 1 ? 'input' : 'inputs'}, got ${inputs.length}`,
      )
    }
    // Float unless the primitive says otherwise; operations with other results state their own type.
    return bind(primitive, promoteOperands(definition.name, operands, inputs), options) as Tensor
  }
  return Object.assign(apply, { primitive })
}

/**
 * A composition of operations as the kernel of a primitive: recorded as one step, differentiated by the primitive's own rules.
 *
 * @example
 * definePrimitive({ name: 'halve', kernel: compute(([x]) => mul(x, 0.5)), vjp: [(g) => mul(g, 0.5)] })
 */
export const compute = <O = undefined>(f: Composition<O>['f']): Composition<O> => ({ family: 'compute', f })

/**
 * `f` with its own gradient: what `f` does is recorded as one step, and `rules` (one an input; a single rule for a single input)
 * give the cotangents of its inputs.
 *
 * @throws GradientError on differentiation, if `f` uses a differentiated tensor that is not among its arguments.
 * @example
 * // The identity, whose gradient is clipped to [−1, 1].
 * const clipGradient = customVjp((x) => x, (g) => clip(g, { min: -1, max: 1 }))
 */
export function customVjp(
  f: (...inputs: AnyTensor[]) => AnyTensor,
  rules: VjpRule | readonly (VjpRule | null)[],
): (...inputs: TensorLike[]) => Tensor {
  return definePrimitive<undefined>({
    name: f.name || 'customVjp',
    kernel: compute<undefined>((inputs) => f(...inputs)),
    vjp: typeof rules === 'function' ? [rules] : rules,
  })
}

function primitiveOf<O>(definition: PrimitiveDefinition<O>): Primitive {
  const { name, shape, dtype, kernel, vjp } = definition
  const isMap = typeof kernel !== 'function' && kernel.family === 'map'
  const composed = typeof kernel !== 'function' && kernel.family === 'compute' ? kernel : undefined
  const outputDType = (inputs: Inputs<TensorType>, options: O): DType => {
    if (dtype) return dtype(inputs, options)
    return isMap
      ? expressionDType(
          kernel.expression,
          inputs.map((input) => input.dtype),
        )
      : inputs[0].dtype
  }
  // The engine hands every primitive the inputs and options that its own operation was called with.
  const typed = <T>(inputs: readonly T[]) => inputs as unknown as Inputs<T>
  return {
    name,
    broadcasts: isMap,
    type: (inputs, options) => ({
      shape: shape ? shape(typed(inputs), options as O) : broadcastShapes(name, ...inputs.map((input) => input.shape)),
      dtype: outputDType(typed(inputs), options as O),
    }),
    kernel: (inputs, options) => {
      if (typeof kernel === 'function') return kernel(typed(inputs), options as O)
      return kernel.family === 'compute' ? undefined : kernel
    },
    ...(composed && {
      compute: (inputs: readonly AnyTensor[], options: unknown) => composed.f(typed(inputs), options as O),
    }),
    vjp: (typeof vjp === 'function' ? vjp : (index: number) => vjp[index]) as Primitive['vjp'],
  }
}

const isTensorLike = (value: unknown): value is TensorLike => value instanceof Tensor || typeof value === 'number'

/**
 * The operands of an operation as tensors: numbers adopt the dtype of the tensors beside them, and tensors take the dtype they
 * share, as `operands` says.
 *
 * @throws DTypeError for a random key, or a number that the dtype cannot hold; ValueError for what is neither tensor nor number.
 */
export function promoteOperands(operation: string, operands: Operands, inputs: readonly unknown[]): AnyTensor[] {
  const tensors = inputs.filter((input) => input instanceof Tensor).filter((input) => adoptionOf(input) === undefined)
  const dtype = operands === 'given' ? (tensors[0]?.dtype ?? 'float32') : commonDType(operation, operands, tensors)
  return inputs.map((input, index) => {
    if (typeof input === 'number') return adoptNumber(operation, input, dtype)
    const adoption = input instanceof Tensor ? adoptionOf(input) : undefined
    if (adoption !== undefined) return adoption(dtype, operation)
    if (input instanceof Tensor) return operands === 'given' || input.dtype === dtype ? input : castTo(input, dtype)
    throw new ValueError(`${operation}: input ${index} is ${describe(input)}; pass a tensor or a number`)
  })
}

/** The dtype that all of `tensors` are brought to. */
function commonDType(operation: string, operands: Exclude<Operands, 'given'>, tensors: readonly TensorType[]): DType {
  if (tensors.length === 0) return 'float32'
  const dtype = tensors
    .map((tensor) => tensor.dtype)
    .reduce<DType | undefined>((a, b) => a && promoteDTypes(a, b), tensors[0]!.dtype)
  if (dtype === undefined || dtype === 'key') {
    throw new DTypeError(
      `${operation}: a random key takes no part in arithmetic; draw numbers from it with uniform or normal`,
    )
  }
  if (operands === 'float' && !isFloat(dtype)) return 'float32'
  return operands === 'numeric' && dtype === 'bool' ? 'int32' : dtype
}

/**
 * A number as a scalar of the dtype that the tensors beside it have.
 *
 * @throws DTypeError for a number that the dtype cannot hold.
 */
export function adoptNumber(operation: string, value: number, dtype: DType): AnyTensor {
  if (dtype === 'key' || !holds(dtype, value)) {
    throw new DTypeError(
      `${operation}: ${value} is not a value of ${dtype}, the dtype of the tensor beside it; cast that tensor first`,
    )
  }
  return full([], value, { dtype })
}

const describe = (value: unknown): string => {
  if (Array.isArray(value)) return 'an array'
  return value === null || value === undefined ? String(value) : `a ${typeof value}`
}

const castTo = (x: AnyTensor, dtype: DType): AnyTensor => bind(castPrimitive, [x], { dtype })

interface CastOptions {
  readonly dtype: DType
}

/** Changes the dtype: floats round, integers truncate toward zero and wrap, bool is "not zero". */
export const castPrimitive: Primitive = primitiveOf<CastOptions>({
  name: 'cast',
  dtype: (_, { dtype }) => dtype,
  kernel: (_, { dtype }) => ({
    family: 'map',
    arity: 1,
    expression: { op: 'cast', dtype, x: { op: 'input', index: 0 } },
  }),
  vjp: [(g, [x]) => castTo(g, x.dtype)],
})
