import { type Float, foldIn, type Shape, ShapeError, scope, shapeText, Tensor, ValueError } from '@cotangent/core'
import { initialize } from './initializer.ts'
import type { Layer, LayerContext, OutputOf, Parameters, Placed, TensorTree } from './layer.ts'

/** The shape after the layers `Ls`, one after the other, from `S`; or the sentence of the first that does not fit. */
export type After<S, Ls extends readonly unknown[]> = S extends string
  ? S
  : Ls extends readonly [infer L, ...infer Rest]
    ? After<OutputOf<L, S>, Rest>
    : Ls extends readonly []
      ? S
      : // A list of unknown length: what its last layer makes of any shape.
        Ls extends readonly [...unknown[], infer L]
        ? OutputOf<L, Shape>
        : Shape

/** The layers `Ls`, with the first that does not fit replaced by its sentence, which no layer can be: the compiler shows both. */
export type Fitting<S, Ls extends readonly unknown[], Outputs = OutputsOf<S, Ls>> = {
  readonly [I in keyof Ls]: I extends keyof Outputs ? (Outputs[I] extends string ? Outputs[I] : Ls[I]) : Ls[I]
}

/** What each layer gives, up to the first that does not fit, which gives its sentence. */
type OutputsOf<S, Ls extends readonly unknown[], Out extends readonly unknown[] = []> = S extends string
  ? Out
  : Ls extends readonly [infer L, ...infer Rest]
    ? OutputsOf<OutputOf<L, S>, Rest, [...Out, OutputOf<L, S>]>
    : Ls extends readonly []
      ? Out
      : unknown

/** The layers in their places, one after the other; or the sentence that says which does not fit. */
export function place(input: Shape, layers: readonly Layer[]): readonly Placed[] | string {
  const counts = new Map<string, number>()
  const placed: Placed[] = []
  let shape = input
  for (const layer of layers) {
    const output = layer.kind.output(shape, layer.options)
    if (typeof output === 'string') return output
    checkSizes(layer.kind.name, output)
    // conv2d and maxPool2d are numbered conv1 and maxPool1.
    const label = layer.kind.name.replace(/2d$/, '')
    const count = (counts.get(label) ?? 0) + 1
    counts.set(label, count)
    placed.push(Object.freeze({ name: `${label}${count}`, layer, input: shape, output }))
    shape = output
  }
  return Object.freeze(placed)
}

/**
 * {@link place} for layers that must fit.
 *
 * @throws ShapeError with the sentence of the first that does not.
 */
export function placeAll(input: Shape, layers: readonly Layer[]): readonly Placed[] {
  const placed = place(input, layers)
  if (typeof placed === 'string') throw new ShapeError(placed)
  return placed
}

/** The shape after the layers, or the sentence that says which does not fit. */
export function outputAfter(input: Shape, layers: readonly Layer[]): Shape | string {
  const placed = place(input, layers)
  return typeof placed === 'string' ? placed : (placed.at(-1)?.output ?? input)
}

/** First parameters and state, by the names of the layers that have any. */
export function initSequence(placed: readonly Placed[], key: Tensor<'key'>, dtype: Float): [TensorTree, TensorTree] {
  const both = placed.map(({ name, layer, input }, index) => {
    const own = foldIn(key, index)
    const inside = layer.kind.inside?.(input, layer.options)
    const [params, state] = inside
      ? initSequence(inside, own, dtype)
      : [
          draw(layer.kind.parameters?.(input, layer.options), own, dtype),
          draw(layer.kind.state?.(input, layer.options), own, dtype),
        ]
    return { name, params, state }
  })
  const named = (pick: 'params' | 'state'): TensorTree =>
    Object.fromEntries(both.filter((one) => Object.keys(one[pick]).length > 0).map((one) => [one.name, one[pick]]))
  return [named('params'), named('state')]
}

function draw(parameters: Parameters = {}, key: Tensor<'key'>, dtype: Float): TensorTree {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter], index) => [
      name,
      initialize(parameter, foldIn(key, index), dtype),
    ]),
  )
}

/** What layers are applied with beside their input. */
export type Surroundings = Omit<LayerContext, 'options'>

/** The layers applied one after the other: the output, and the state with what changed in it. */
export function applySequence(placed: readonly Placed[], x: Tensor, around: Surroundings): [Tensor, TensorTree] {
  let value = x
  let state = around.state
  placed.forEach((one, index) => {
    const [output, changed] = applyPlaced(one, index, value, around)
    value = output
    state = withState(state, one.name, changed)
  })
  return [value, state]
}

/** One layer applied in its place, the `index`th: the output, and the layer's own state. */
export function applyPlaced(
  { name, layer: { kind, options }, input, output: promised }: Placed,
  index: number,
  x: Tensor,
  { params, state, training, key }: Surroundings,
): [Tensor, TensorTree] {
  const own = { options, params: subtree(params, name), state: subtree(state, name) }
  checkTensors('params', name, kind.parameters?.(input, options), own.params)
  checkTensors('state', name, kind.state?.(input, options), own.state)
  const context = { ...own, training, key: (asker = kind.name) => foldIn(key(asker), index) }
  const applied = scope(name, () => kind.apply(x, context))
  const [output, changed] = applied instanceof Tensor ? [applied, own.state] : applied
  if (shapeText(output.shape) !== shapeText([x.shape[0]!, ...promised])) {
    throw new ShapeError(
      `${name}: its apply turned ${shapeText(x.shape)} into ${shapeText(output.shape)}, where its output rule promises ${shapeText(promised)} for each sample; make the two agree`,
    )
  }
  return [output, changed]
}

/** `state` with the state of the layer `name` in it; itself where that is what it holds already. */
export function withState(state: TensorTree, name: string, changed: TensorTree): TensorTree {
  return changed === subtree(state, name) ? state : { ...state, [name]: changed }
}

function subtree(tree: TensorTree, name: string): TensorTree {
  const found = tree[name]
  return found === undefined || found instanceof Tensor ? NOTHING : found
}

const NOTHING: TensorTree = Object.freeze({})

/** Layers of the user's own may give anything. */
function checkSizes(name: string, output: Shape): void {
  if (!Array.isArray(output) || !output.every((length) => Number.isSafeInteger(length) && length >= 1)) {
    throw new ShapeError(
      `${name}: its output rule gave ${JSON.stringify(output)}; it must give sizes from 1 up, or a sentence that says what does not fit`,
    )
  }
}

function checkTensors(what: string, layer: string, parameters: Parameters = {}, tree: TensorTree): void {
  for (const [name, { shape }] of Object.entries(parameters)) {
    const found = tree[name]
    if (!(found instanceof Tensor)) {
      throw new ValueError(
        `${layer}: there is no ${name} in its ${what}; pass what the net's init gave, or a checkpoint of the same net`,
      )
    }
    if (shapeText(found.shape) !== shapeText(shape)) {
      throw new ShapeError(
        `${layer}: ${name} has shape ${shapeText(found.shape)}, this net needs ${shapeText(shape)}; pass the ${what} of the same net`,
      )
    }
  }
}
