/**
 * The laws that every exported operation is held to: each file of operations has a `x.laws.ts` beside it that exports `laws`, one
 * {@link Law} an operation under its name, and the suite in `test` checks them all.
 */
import type { AnyTensor } from '@cotangent/core'
import type fc from 'fast-check'

/** Numbers with a shape, row-major, for definitions that must not depend on tensors. A random key is two numbers, its words. */
export interface Dense {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

/** One valid call of an operation. */
export interface Call<I extends readonly AnyTensor[] = readonly AnyTensor[], O = unknown> {
  /** float64 for what is differentiated; int32, bool or key for the rest. */
  readonly inputs: I
  readonly options: O
}

/** What an operation's gradient is where it is a convention: at a kink, at a tie, at the edge of the domain. */
export interface Convention<I extends readonly AnyTensor[] = readonly AnyTensor[], O = unknown> extends Call<I, O> {
  /** What the convention says, in words. */
  readonly says: string
  readonly value: readonly number[]
  /** The gradients of the sum of the value by the first inputs, row-major. */
  readonly gradients: readonly (readonly number[])[]
}

/** What must hold of one operation. */
export interface Law<I extends readonly AnyTensor[] = readonly AnyTensor[], O = unknown> {
  /** Valid calls: random shapes, broadcasts, options and values inside the domain, away from kinks and ties. */
  readonly calls: fc.Arbitrary<Call<I, O>>
  apply(inputs: I, options: O): AnyTensor | readonly AnyTensor[]
  /** The same by the operation's own definition: loops and `Math` alone, no operation of this project. */
  definition(inputs: DenseOf<I>, options: O): Dense | readonly Dense[]
  /** How often it can be differentiated by its float inputs: 2 unless said; 0 for results that have no gradient. */
  readonly orders?: 0 | 2
  readonly conventions?: readonly Convention<NoInfer<I>, NoInfer<O>>[]
}

type DenseOf<I extends readonly AnyTensor[]> = { readonly [K in keyof I]: Dense }

/** A {@link Law}, with the types of its inputs and options taken from its calls. */
export const law = <const I extends readonly AnyTensor[], O>(stated: Law<I, O>): Law => stated
