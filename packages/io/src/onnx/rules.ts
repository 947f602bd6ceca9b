import type { Shape, Tensor } from '@cotangent/core'
import type { Placed } from '@cotangent/models'
import type { OnnxAttribute } from './model.ts'

/**
 * How a layer reads in ONNX: adds nodes for it, and gives the value that they make of `x`. Values are known by their names.
 *
 * @example
 * const swish: OnnxRule = (x, { node }) => node('Mul', [x, node('Sigmoid', [x])])
 */
export type OnnxRule = (x: string, layer: OnnxLayer) => string

/** What a rule knows of a layer, and the functions that build its part of the graph; they can be taken off it. */
export interface OnnxLayer {
  /** What the layer was made with. */
  readonly options: Readonly<Record<string, unknown>>
  /** The shapes of one sample, without the batch axis. */
  readonly input: Shape
  readonly output: Shape
  /** Adds a node of ONNX's own operators with one output, and gives that. */
  readonly node: (
    operator: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ) => string
  /** The value of one of the layer's parameters, or of its state, by the name that it has there. */
  readonly parameter: (name: string) => string
  /** The value of a number, or of a tensor. */
  readonly constant: (value: Tensor | number) => string
  /** The value of a list of int64, as operators take axes and shapes. */
  readonly integers: (values: readonly number[]) => string
}

/** What the rule of a layer that is made of others may use beside. */
export interface OnnxComposite extends OnnxLayer {
  readonly inside: readonly Placed[]
  /** The value that layers in their places, one after the other, make of `x`. */
  readonly sequence: (x: string, layers: readonly Placed[]) => string
}

/** The rules of the built-in layers, by the names of their kinds, with the operators of {@link OPSET}. */
export const BUILT_IN: Readonly<Record<string, (x: string, layer: OnnxComposite) => string>> = {
  dense: (x, { node, parameter, options }) =>
    node('Gemm', [x, parameter('W'), ...(options.bias ? [parameter('b')] : [])]),
  conv2d: (x, { node, parameter, options }) =>
    node('Conv', [x, parameter('W'), ...(options.bias ? [parameter('b')] : [])], {
      ...windowOf(options),
      dilations: { ints: pairOf(options.dilation) },
      group: { int: Number(options.groups) },
    }),
  maxPool2d: (x, { node, options }) => node('MaxPool', [x], windowOf(options)),
  // Padding counts as zeros, which are part of the mean.
  avgPool2d: (x, { node, options }) =>
    node('AveragePool', [x], { ...windowOf(options), count_include_pad: { int: 1 } }),
  globalAvgPool: (x, { node }) => node('Flatten', [node('GlobalAveragePool', [x])], { axis: { int: 1 } }),
  flatten: (x, { node }) => node('Flatten', [x], { axis: { int: 1 } }),
  relu: (x, { node }) => node('Relu', [x]),
  sigmoid: (x, { node }) => node('Sigmoid', [x]),
  tanh: (x, { node }) => node('Tanh', [x]),
  // An operator of its own only from set 20 on.
  gelu(x, { node, constant }) {
    const erf = node('Erf', [node('Mul', [x, constant(Math.SQRT1_2)])])
    return node('Mul', [node('Mul', [x, constant(0.5)]), node('Add', [erf, constant(1)])])
  },
  elu: (x, { node }) => node('Elu', [x], { alpha: { float: 1 } }),
  silu: (x, { node }) => node('Mul', [x, node('Sigmoid', [x])]),
  softplus: (x, { node }) => node('Softplus', [x]),
  leakyRelu: (x, { node, options }) => node('LeakyRelu', [x], { alpha: { float: Number(options.slope) } }),
  // In inference it does nothing.
  dropout: (x) => x,
  batchNorm: (x, { node, parameter, options }) =>
    node('BatchNormalization', [x, ...['gamma', 'beta', 'mean', 'variance'].map(parameter)], {
      epsilon: { float: Number(options.epsilon) },
    }),
  layerNorm: (x, { node, parameter, options }) =>
    node('LayerNormalization', [x, parameter('gamma'), parameter('beta')], {
      axis: { int: 1 },
      epsilon: { float: Number(options.epsilon) },
    }),
  residual: (x, { node, sequence, inside }) => node('Add', [x, sequence(x, inside)]),
  branches(x, { node, sequence, inside, options }) {
    const outputs = inside.map((branch) => sequence(x, [branch]))
    return options.merge === 'concat'
      ? node('Concat', outputs, { axis: { int: 1 } })
      : outputs.reduce((a, b) => node('Add', [a, b]))
  },
  branch: (x, { sequence, inside }) => sequence(x, inside),
  net: (x, { sequence, inside }) => sequence(x, inside),
}

/** The version of ONNX's operators: the first with LayerNormalization, so that the model opens in old runtimes as well. */
export const OPSET = 17

function windowOf({ kernel, stride, pad }: OnnxLayer['options']) {
  // The padding before rows and columns, then that after them.
  const around = [...pairOf(pad), ...pairOf(pad)]
  return { kernel_shape: { ints: pairOf(kernel) }, strides: { ints: pairOf(stride) }, pads: { ints: around } }
}

/** An option that is one number for both axes, or one for each. */
const pairOf = (option: unknown): number[] =>
  Array.isArray(option) ? option.map(Number) : [Number(option), Number(option)]
