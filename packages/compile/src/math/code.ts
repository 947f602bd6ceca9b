import { call, sequence } from '../wasm/control.ts'
import type { Func, Local, Params } from '../wasm/entities.ts'
import { i32, v128 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node, ValueType } from '../wasm/node.ts'
import type { Operand } from '../wasm/operand.ts'
import { four, type Lanes, two } from './lanes.ts'
import type { Definition, Library } from './library.ts'

export type Vector = Local<'v128'>
export type UnaryFunc = Func<{ readonly x: 'v128' }, 'v128'>
export type BinaryFunc = Func<{ readonly x: 'v128'; readonly y: 'v128' }, 'v128'>

/** One function, for vectors of either shape. */
export interface ByShape<F extends Func> {
  readonly f32x4: Definition<F>
  readonly f64x2: Definition<F>
}

/** Defines a function of one vector by the value that it builds. */
export const unary =
  (name: string, lanes: Lanes, value: (x: Vector, code: Code) => Node<'v128'>): Definition<UnaryFunc> =>
  (library) =>
    library.module.func(`${name}.${lanes.shape}`, { params: { x: 'v128' }, result: 'v128' }, ({ x }, f) => {
      const code = new Code(lanes, library, f)
      return code.end(value(x, code))
    })

/** Defines a function of two vectors by the value that it builds. */
export const binary =
  (name: string, lanes: Lanes, value: (x: Vector, y: Vector, code: Code) => Node<'v128'>): Definition<BinaryFunc> =>
  (library) =>
    library.module.func(
      `${name}.${lanes.shape}`,
      { params: { x: 'v128', y: 'v128' }, result: 'v128' },
      ({ x, y }, f) => {
        const code = new Code(lanes, library, f)
        return code.end(value(x, y, code))
      },
    )

/** The same definition for both shapes. */
export const byShape = <F extends Func>(define: (lanes: Lanes) => Definition<F>): ByShape<F> => ({
  f32x4: define(four),
  f64x2: define(two),
})

/**
 * The code of a function under construction: assignments in order, so that a value that is used twice is computed once.
 */
export class Code {
  readonly lanes: Lanes
  readonly #library: Library
  readonly #f: FunctionBuilder
  readonly #steps: Node<'none'>[]

  constructor(lanes: Lanes, library: Library, f: FunctionBuilder, steps: Node<'none'>[] = []) {
    this.lanes = lanes
    this.#library = library
    this.#f = f
    this.#steps = steps
  }

  /** A new local that holds the value. */
  let<T extends ValueType>(name: string, value: Node<T>): Local<T> {
    const local = this.#f.local<T>(value.type, name)
    this.#steps.push(local.set(value))
    return local
  }

  /** The number, rounded to nearest, in every lane. */
  splat(value: number): Node<'v128'> {
    return this.#library.constant(`${this.lanes.shape}:${value}`, this.lanes.splat(value))
  }

  /** These bits in every lane. */
  splatBits(bits: bigint): Node<'v128'> {
    return this.#library.constant(`${this.lanes.shape}:bits:${bits}`, this.lanes.splatBits(bits))
  }

  /** c₀ + c₁ x + c₂ x² + …, by Horner's rule. */
  polynomial(x: Vector, coefficients: readonly number[]): Node<'v128'> {
    const { add, mul } = this.lanes.float
    return coefficients.map((c) => this.splat(c)).reduceRight((higher, c) => add(mul(higher, x), c))
  }

  /** The result with the sign of x where it lacks that, being an unsigned zero or magnitude. */
  withSign(result: Operand<'v128'>, x: Vector): Node<'v128'> {
    return v128.or(result, v128.and(x, this.splat(-0)))
  }

  /** Whether a mask is true in every lane. */
  every(mask: Operand<'v128'>): Node<'i32'> {
    return i32.eq(this.lanes.int.bitmask(mask), this.lanes.everyLane)
  }

  call<P extends Params, R extends ValueType>(
    definition: Definition<Func<P, R>>,
    operands: { readonly [K in keyof P]: Operand<P[K]> },
  ): Node<R> {
    return call(this.#library.get(definition), operands)
  }

  /** A value with steps of its own, which run only where it is evaluated: in one branch of a condition. */
  block<T extends ValueType>(build: (code: Code) => Node<T>): Node<T> {
    const code = new Code(this.lanes, this.#library, this.#f)
    return code.end(build(code))
  }

  /** The same code, going on with vectors of another shape. */
  as(lanes: Lanes): Code {
    return new Code(lanes, this.#library, this.#f, this.#steps)
  }

  /** The value, after all steps. */
  end<T extends ValueType>(value: Node<T>): Node<T> {
    return sequence(this.#steps, value)
  }
}
