import type { Shape, Tensor } from '@cotangent/core'
import type { Parameter } from './initializer.ts'

declare const rule: unique symbol

/**
 * A layer as plain data: what kind it is, and its options. It holds no weights; they are in a tree beside the net.
 *
 * `Rule` says in types what the layer makes of a shape.
 */
export interface Layer<Rule extends ShapeRule = ShapeRule> {
  readonly kind: LayerKind
  readonly options: LayerOptions
  /** Only in types. */
  readonly [rule]?: Rule
}

/** What a layer was made with: plain JSON data, and layers where it holds some. */
type LayerOptions = Readonly<Record<string, unknown>>

/**
 * A function from shapes to shapes, for types: `output` is written in terms of `this['input']`, the shape of one sample, and
 * is the shape that comes out, or a sentence that says what does not fit. `this['layer']` is the layer itself.
 */
export interface ShapeRule {
  readonly layer: unknown
  readonly input: unknown
  readonly output: unknown
}

/** What the layer `L` makes of the shape `S`; any shape where its rule is not known. */
export type OutputOf<L, S> =
  L extends Layer<infer R> ? Known<(R & { readonly layer: L; readonly input: S })['output']> : Shape
type Known<S> = unknown extends S ? Shape : S

/** The rule of layers that leave the shape as it is. */
export interface SameShape extends ShapeRule {
  readonly output: this['input']
}

/** A nest of tensors by layer and parameter, such as `{ dense1: { W, b }, dense2: { W, b } }`. */
export interface TensorTree {
  readonly [name: string]: Tensor | TensorTree
}

/** What all layers of one kind share: their rules. Shapes are those of one sample, without the batch axis. */
export interface LayerKind extends Rules<unknown, LayerOptions, Parameters, Parameters, TensorTree, TensorTree> {}

/** A layer in its place in a net: under a name that no other layer there has, with the shapes of one sample before and after it. */
export interface Placed {
  readonly name: string
  readonly layer: Layer
  readonly input: Shape
  readonly output: Shape
}

/** Tensors that are learnt or kept, by name. */
export type Parameters = Readonly<Record<string, Parameter>>

/** A tensor in the place of each parameter. */
type TensorsOf<P> = { readonly [K in keyof P]: Tensor | Extract<P[K], undefined> }

/** The rules of a kind of layer: `G` is what its options are given as, `O` what they become, `P` and `S` its parameters and state. */
export interface Rules<G, O, P, S, PT = TensorsOf<P>, ST = TensorsOf<S>> {
  /** Names the kind in JSON, in the names of parameters and in messages: a letter, then letters and digits, then a letter. */
  readonly name: string
  /** The options with their defaults filled in; throws a ValueError for what is no option. They must be JSON data, or layers. */
  options(given: G): O
  /** The output's shape, or a sentence that says what does not fit. */
  output(input: Shape, options: O): Shape | string
  /** What the layer learns. Default: nothing. */
  parameters?(input: Shape, options: O): P
  /** What the layer keeps without learning it, such as running statistics. Default: nothing. */
  state?(input: Shape, options: O): S
  /** The layers that it is made of, in their places, for an input that fits; parameters and state are then theirs. */
  inside?(input: Shape, options: O): readonly Placed[]
  /** The output for a batch, or the output and the new state. */
  apply(x: Tensor, context: LayerContext<O, PT, ST>): Tensor | readonly [Tensor, ST]
  /** Multiplications, each with its addition, in matrix products and convolutions for one sample. Default: 0. */
  multiplyAdds?(input: Shape, output: Shape, options: O): number
}

/** What a layer may use beside its input when it is applied. */
export interface LayerContext<O = LayerOptions, P = TensorTree, S = TensorTree> {
  readonly options: O
  readonly params: P
  readonly state: S
  readonly training: boolean
  /**
   * The layer's own random key: another for each layer of a net.
   *
   * @param asker whom the error names; default: this layer's kind.
   * @throws ValueError where the net was applied without a key.
   */
  key(asker?: string): Tensor<'key'>
}

/** A layer of the given kind, its options checked and completed. */
export function layerOf<R extends ShapeRule>(kind: LayerKind, options: unknown): Layer<R> {
  return Object.freeze({ kind, options: Object.freeze(kind.options(options)) })
}

/** Whether `value` is a layer. */
export const isLayer = (value: unknown): value is Layer =>
  typeof value === 'object' && value !== null && 'kind' in value && 'options' in value
