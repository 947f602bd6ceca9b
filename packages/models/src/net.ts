import {
  type AnyTensor,
  type Float,
  type Shape,
  ShapeError,
  scope,
  shapeText,
  type Tensor,
  ValueError,
} from '@cotangent/core'
import { type AccuracyOptions, accuracy, classificationLoss } from './classification.ts'
import { type LayerJSON, layerToJSON } from './json.ts'
import { compositeOf } from './kind.ts'
import { type Layer, layerOf, type Placed, type ShapeRule, type TensorTree } from './layer.ts'
import { layersOption, numberOption, shapeOption } from './option.ts'
import { type After, applySequence, type Fitting, initSequence, outputAfter, placeAll } from './sequence.ts'
import type { Agree, ShapeText, Writable } from './shape.ts'
import { summaryOf } from './summary.ts'

/** Where a {@link chain} begins. */
export interface Input<S> {
  readonly shape: S
}

/** The shape of an image: channels, height, width. */
export type ImageShape = readonly [channels: number, height: number, width: number]

/**
 * The shape of one sample, without the batch axis: where a {@link chain} begins.
 *
 * @throws ShapeError for sizes that are not positive integers.
 * @example
 * input([1, 28, 28])
 */
export function input<const S extends Shape>(shape: S): Input<Writable<S>> {
  // A copy has the same sizes.
  return Object.freeze({ shape: shapeOption('input', shape) as Writable<S> })
}

/**
 * A net: layers one after the other, as plain data. What each makes of a sample's shape is in its type, so that layers which do
 * not fit are compile errors that say why; where a size is known only as `number`, the same sentence is thrown.
 *
 * @throws ShapeError when a layer does not fit.
 * @example
 * const net = chain(input([784]), layer.dense(50), layer.relu(), layer.dense(10)) // Net<[784], [10]>
 * const [params, state] = net.init(randomKey(0))
 * net.predict(params, state, ones([2, 784])).shape // [2, 10]
 */
export function chain<S extends Shape, const Ls extends readonly Layer[]>(
  input: Input<S>,
  ...layers: Fitting<S, Ls>
): Net<S, After<S, Ls>> {
  // Fitting gives the layers back as they are, or does not compile.
  return netOf({ input: input.shape, layers: layers as unknown as readonly Layer[] }) as Net<S, After<S, Ls>>
}

/** A net takes a shape that agrees with its own, to its output. */
interface NetRule extends ShapeRule {
  readonly output: this['layer'] extends { readonly input: infer In; readonly output: infer Out }
    ? Agree<this['input'], In> extends true
      ? Out
      : `net: takes ${ShapeText<In>} but gets ${ShapeText<this['input']>}`
    : Shape
}

/** What applying a net may need beside its input. */
export interface ApplyOptions {
  /** Whether dropout drops and batch normalisation uses, and follows, the batch's statistics. Default: false. */
  readonly training?: boolean
  /** For layers that draw random numbers; give each step its own. */
  readonly key?: Tensor<'key'>
}

/**
 * Layers as plain data, from samples of shape `In` to samples of shape `Out`. It holds no weights: `init` makes them, and they
 * are handed to everything else. A net is also a layer, for use in another.
 *
 * All functions can be taken off the net: `valueAndGrad(net.loss, { hasAux: true })`.
 */
export interface Net<In = Shape, Out = Shape> extends Layer<NetRule> {
  readonly input: In
  readonly output: Out
  /** The layers in their places, under the names that their parameters have. */
  readonly layers: readonly Placed[]
  readonly weightDecay: number

  /** First parameters and state, drawn from `key`: the same for the same key. */
  readonly init: (
    key: Tensor<'key'>,
    options?: { /** Default: float32. */ readonly dtype?: Float },
  ) => [params: TensorTree, state: TensorTree]

  /**
   * The output for a batch `x`, [n, ...input], and the state after it.
   *
   * @throws ShapeError for a batch or parameters of another shape; ValueError for missing parameters or a missing key.
   */
  readonly apply: (
    params: TensorTree,
    state: TensorTree,
    x: AnyTensor,
    options?: ApplyOptions,
  ) => [output: Tensor, state: TensorTree]

  /** The output for a batch in inference; of a classifier, the logits. */
  readonly predict: (params: TensorTree, state: TensorTree, x: AnyTensor) => Tensor

  /**
   * The mean softmax cross-entropy over the batch, of logits [n, classes] and labels `t`: int32 classes [n] or probabilities
   * [n, classes]; plus ½ · weightDecay · Σ W² over all weights; and the state after it. For any other loss, use `apply`.
   *
   * @throws ShapeError where the net's output is not [classes].
   * @example
   * const net = twoLayerNet()
   * const [params, state] = net.init(randomKey(0))
   * const step = valueAndGrad(net.loss, { hasAux: true })
   * const [x, t] = [ones([2, 784]), tensor([3, 8], { dtype: 'int32' })]
   * const [[loss, nextState], gradients] = step(params, state, x, t, { training: true, key: randomKey(1) })
   */
  readonly loss: (
    params: TensorTree,
    state: TensorTree,
    x: AnyTensor,
    t: AnyTensor,
    options?: ApplyOptions,
  ) => [loss: Tensor, state: TensorTree]

  /** The share of samples whose largest logit is that of their label, a scalar; labels as in `loss`. */
  readonly accuracy: (
    params: TensorTree,
    state: TensorTree,
    x: AnyTensor,
    t: AnyTensor,
    options?: AccuracyOptions,
  ) => Tensor

  /** A table of the layers: output shapes, numbers of parameters, multiplications with additions for one sample. */
  readonly summary: () => string

  /** The net as JSON data; `netFromJSON` reads it. */
  readonly toJSON: () => LayerJSON

  /** The same net with another weight decay in its loss. */
  readonly withWeightDecay: (weightDecay: number) => Net<In, Out>
}

/** What a net is made of. */
export interface NetOptions {
  readonly input: Shape
  readonly layers: readonly Layer[]
  readonly weightDecay?: number
}

/**
 * A net from its options, as JSON holds them.
 *
 * @throws ShapeError when a layer does not fit; ValueError for options that are none.
 */
export function netOf(options: NetOptions): Net {
  const { input, layers, weightDecay } = completed(options)
  const placed = placeAll(input, layers)
  const layer = layerOf<NetRule>(netKind, { input, layers, weightDecay })

  const apply: Net['apply'] = (params, state, x, { training = false, key } = {}) => {
    checkBatch(x, input)
    // Layers take a batch of integers as well: their operations bring it to the dtype of the parameters.
    return applySequence(placed, x as Tensor, { params, state, training, key: keyFor(key) })
  }
  const predict: Net['predict'] = (params, state, x) => apply(params, state, x)[0]

  return Object.freeze({
    ...layer,
    input,
    output: placed.at(-1)?.output ?? input,
    layers: placed,
    weightDecay,
    init: (key, { dtype = 'float32' } = {}) => initSequence(placed, key, dtype),
    apply,
    predict,
    loss(params, state, x, t, options) {
      const [logits, after] = apply(params, state, x, options)
      return [scope('loss', () => classificationLoss(logits, t, { placed, params, weightDecay })), after]
    },
    accuracy: (params, state, x, t, options) => accuracy((part) => predict(params, state, part), x, t, options),
    summary: () => summaryOf(input, placed),
    toJSON: () => layerToJSON(layer),
    withWeightDecay: (weightDecay) => netOf({ input, layers, weightDecay }),
    [Symbol.for('nodejs.util.inspect.custom')]: () => summaryOf(input, placed),
  } satisfies Net & { [inspect: symbol]: unknown })
}

function completed({ input, layers, weightDecay = 0 }: NetOptions) {
  return {
    input: shapeOption('net', input),
    layers: layersOption('net', 'layers', layers),
    weightDecay: numberOption('net', 'weightDecay', weightDecay, { low: 0 }),
  }
}

function checkBatch(x: AnyTensor, input: Shape): void {
  if (x.rank === 0 || shapeText(x.shape.slice(1)) !== shapeText(input)) {
    throw new ShapeError(
      `net: takes batches [n${input.map((length) => `, ${length}`).join('')}], got ${shapeText(x.shape)}; reshape the samples, or add the batch axis with expandDims`,
    )
  }
}

const keyFor =
  (key: Tensor<'key'> | undefined) =>
  (asker = 'net'): Tensor<'key'> => {
    if (key === undefined) {
      throw new ValueError(
        `${asker}: draws random numbers, so the net needs a random key here; pass { training: true, key: randomKey(seed) }, another key each step`,
      )
    }
    return key
  }

export const netKind = compositeOf({
  name: 'net',
  options: completed,
  output: (given, { input, layers }) =>
    shapeText(given) === shapeText(input)
      ? outputAfter(input, layers)
      : `net: takes ${shapeText(input)} but gets ${shapeText(given)}`,
  inside: (_, { input, layers }) => placeAll(input, layers),
  apply: (x, { options: { input, layers }, ...around }) => applySequence(placeAll(input, layers), x, around),
})
