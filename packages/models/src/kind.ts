import { type Shape, ValueError } from '@cotangent/core'
import type { LayerKind, Parameters, Placed, Rules, TensorTree } from './layer.ts'

/**
 * A kind of layer from its rules, written with their own types.
 *
 * @throws ValueError for a name that could not be part of parameters' names.
 */
export function kindOf<G, O extends object, P extends Parameters, S extends Parameters>(
  rules: Rules<G, O, P, S>,
): LayerKind {
  return checked(rules)
}

/** The rules of a layer that is made of other layers. */
export interface CompositeRules<G, O> extends Rules<G, O, Parameters, Parameters, TensorTree, TensorTree> {
  inside(input: Shape, options: O): readonly Placed[]
}

/** A kind of layer that is made of other layers, whose parameters and state are theirs. */
export const compositeOf = <G, O extends object>(rules: CompositeRules<G, O>): LayerKind => checked(rules)

function checked(rules: object & { readonly name: string }): LayerKind {
  // Layers are numbered by what their kind is called, so a digit at its end would make two names alike.
  if (!/^[a-z]([a-z0-9]*[a-z])?$/i.test(rules.name)) {
    throw new ValueError(
      `layer.define: the name ${JSON.stringify(rules.name)} is not made of letters and digits with a letter at both ends; choose one like "swish"`,
    )
  }
  // Outside their own rules, options and tensors are read by name alone.
  return Object.freeze(rules as LayerKind)
}
