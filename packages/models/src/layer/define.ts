import { type Shape, ValueError } from '@cotangent/core'
import { kindOf } from '../kind.ts'
import {
  type Layer,
  type LayerKind,
  layerOf,
  type Parameters,
  type Rules,
  type SameShape,
  type ShapeRule,
} from '../layer.ts'
import type { Writable } from '../shape.ts'
import { builtInKinds } from './kinds.ts'

/** A layer of the user's own: the rules of its kind, of which only `name` and `apply` are needed. */
export interface LayerDefinition<G, O, P, S, Out> extends Omit<Rules<G, O, P, S>, 'options' | 'output' | 'inside'> {
  /** The options with their defaults filled in; throw for what is no option. They must be JSON data. Default: no options. */
  options?(given: G): O
  /** The output's shape for one sample, or a sentence that says what does not fit. Default: the input's shape. */
  output?(input: Shape, options: O): Out
}

/** Makes layers of the user's own kind from their options. */
export interface LayerMaker<G, Out> {
  (...options: undefined extends G ? [options?: G] : [options: G]): Layer<DefinedRule<Out>>
  readonly kind: LayerKind
}

type DefinedRule<Out> = [Out] extends [never] ? SameShape : FixedShape<Writable<Extract<Out, Shape>>>

/** Any shape to `S`. */
export interface FixedShape<S> extends ShapeRule {
  readonly output: S
}

/**
 * A kind of layer of the user's own. The gradient comes from the operations that `apply` uses. What `output` returns is the
 * shape in types: `(input) => [input[0]!, 10]` is checked where a size is a literal, and at run time elsewhere.
 *
 * @returns the function that makes such layers from their options; give it to `netFromJSON` to load nets with them.
 * @throws ValueError for a name that is not made of letters and digits with a letter at both ends, or is a built-in layer's.
 * @example
 * const swish = layer.define({
 *   name: 'swish',
 *   options: ({ beta = 1 }: { beta?: number } = {}) => ({ beta }),
 *   apply: (x, { options: { beta } }) => mul(x, sigmoid(mul(x, beta))),
 * })
 * const net = chain(input([784]), layer.dense(50), swish({ beta: 2 }), layer.dense(10))
 */
export function define<
  G = undefined,
  O extends object = Record<never, never>,
  P extends Parameters = Parameters,
  S extends Parameters = Parameters,
  const Out extends Shape | string = never,
>(definition: LayerDefinition<G, O, P, S, Out>): LayerMaker<G, Out> {
  if (builtInKinds.some(({ name }) => name === definition.name)) {
    throw new ValueError(`layer.define: "${definition.name}" is the name of a built-in layer; choose another`)
  }
  const kind = kindOf<G, O, P, S>({
    // Without `options` there are none, which is what O is then.
    options: () => ({}) as O,
    output: (input) => input,
    ...definition,
  })
  return Object.assign((options?: G) => layerOf<DefinedRule<Out>>(kind, options), { kind })
}
