import { type DType, promoteDTypes } from '../dtype.ts'
import { InternalError } from '../errors.ts'

/** Functions of one number that every backend has. */
export type UnaryFunction =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'erf'
  | 'not'

/** Functions of two numbers of one dtype; division of integers truncates. */
export type BinaryFunction = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum'

/** Comparisons of two numbers of one dtype, which give a bool. */
export type Comparison = 'equal' | 'notEqual' | 'less' | 'lessEqual'

/** A scalar expression over the inputs of a `map` kernel, as plain data. */
export type Expression =
  | { readonly op: 'input'; readonly index: number }
  | { readonly op: 'constant'; readonly value: number }
  | { readonly op: UnaryFunction; readonly x: Expression }
  | { readonly op: BinaryFunction | Comparison; readonly x: Expression; readonly y: Expression }
  | { readonly op: 'select'; readonly condition: Expression; readonly x: Expression; readonly y: Expression }
  | { readonly op: 'cast'; readonly dtype: DType; readonly x: Expression }

const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(['equal', 'notEqual', 'less', 'lessEqual'])

const isComparison = (op: string): op is Comparison => COMPARISONS.has(op)

/** An {@link Expression} under construction: what the function given to `map` computes with. */
export class Scalar {
  readonly expression: Expression

  constructor(expression: Expression) {
    this.expression = expression
  }

  neg = (): Scalar => this.#unary('neg')
  abs = (): Scalar => this.#unary('abs')
  sign = (): Scalar => this.#unary('sign')
  exp = (): Scalar => this.#unary('exp')
  expm1 = (): Scalar => this.#unary('expm1')
  log = (): Scalar => this.#unary('log')
  log1p = (): Scalar => this.#unary('log1p')
  sqrt = (): Scalar => this.#unary('sqrt')
  sin = (): Scalar => this.#unary('sin')
  cos = (): Scalar => this.#unary('cos')
  tanh = (): Scalar => this.#unary('tanh')
  erf = (): Scalar => this.#unary('erf')
  not = (): Scalar => this.#unary('not')

  add = (y: Scalar | number): Scalar => this.#binary('add', y)
  sub = (y: Scalar | number): Scalar => this.#binary('sub', y)
  mul = (y: Scalar | number): Scalar => this.#binary('mul', y)
  div = (y: Scalar | number): Scalar => this.#binary('div', y)
  pow = (y: Scalar | number): Scalar => this.#binary('pow', y)
  maximum = (y: Scalar | number): Scalar => this.#binary('maximum', y)
  minimum = (y: Scalar | number): Scalar => this.#binary('minimum', y)
  equal = (y: Scalar | number): Scalar => this.#binary('equal', y)
  notEqual = (y: Scalar | number): Scalar => this.#binary('notEqual', y)
  less = (y: Scalar | number): Scalar => this.#binary('less', y)
  lessEqual = (y: Scalar | number): Scalar => this.#binary('lessEqual', y)

  /** `x` where this is true, else `y`. */
  select = (x: Scalar | number, y: Scalar | number): Scalar =>
    new Scalar({ op: 'select', condition: this.expression, x: expressionOf(x), y: expressionOf(y) })

  cast = (dtype: DType): Scalar => new Scalar({ op: 'cast', dtype, x: this.expression })

  #unary(op: UnaryFunction): Scalar {
    return new Scalar({ op, x: this.expression })
  }

  #binary(op: BinaryFunction | Comparison, y: Scalar | number): Scalar {
    return new Scalar({ op, x: this.expression, y: expressionOf(y) })
  }
}

const expressionOf = (x: Scalar | number): Expression =>
  typeof x === 'number' ? { op: 'constant', value: x } : x.expression

/** The dtype of an expression's value, given its inputs' dtypes; a constant adopts its neighbour's dtype. */
export function expressionDType(expression: Expression, inputs: readonly DType[]): DType {
  const dtype = knownDType(expression, inputs)
  if (dtype === undefined) throw new InternalError('a scalar expression has no input to take its dtype from')
  return dtype
}

function knownDType(expression: Expression, inputs: readonly DType[]): DType | undefined {
  switch (expression.op) {
    case 'input':
      return inputs[expression.index]
    case 'constant':
      return undefined
    case 'cast':
      return expression.dtype
    case 'not':
      return 'bool'
    case 'select':
      return either(knownDType(expression.x, inputs), knownDType(expression.y, inputs))
    default:
      if (isComparison(expression.op)) return 'bool'
      return 'y' in expression
        ? either(knownDType(expression.x, inputs), knownDType(expression.y, inputs))
        : knownDType(expression.x, inputs)
  }
}

function either(a: DType | undefined, b: DType | undefined): DType | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return promoteDTypes(a, b)
}
