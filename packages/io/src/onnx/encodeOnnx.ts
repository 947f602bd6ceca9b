import { abstractTensor, type Float, record, Tensor, treeLeaves, ValueError } from '@cotangent/core'
import type { Net, Placed, TensorTree } from '@cotangent/models'
import { GraphBuilder } from './graphBuilder.ts'
import { encodeModel } from './model.ts'
import { BUILT_IN, type OnnxComposite, type OnnxRule, OPSET } from './rules.ts'

export interface OnnxOptions {
  /** Rules for layers of the user's own, by the names given to `layer.define`. */
  readonly rules?: Readonly<Record<string, OnnxRule>>
  /** What viewers call the graph. Default: `net`. */
  readonly name?: string
}

/** The version of the file format that came with {@link OPSET}: that of ONNX 1.12. */
const IR_VERSION = 8

/**
 * A net's inference as an ONNX model, the bytes of an `.onnx` file: the input `input`, [batch, ...net.input], and the output
 * `output`, [batch, ...net.output], of a classifier the logits; the batch may have any length. Operators are those of set 17;
 * weights are initialisers under the names that they have in the net, such as `dense1.W`. All numbers are float32, or float64 where
 * a parameter is.
 *
 * @throws ValueError for a layer of the user's own without a rule, or missing parameters; ShapeError for those of another net.
 * @example
 * const swish = layer.define({ name: 'swish', apply: (x) => mul(x, sigmoid(x)) })
 * const net = chain(input([784]), layer.dense(50), swish(), layer.dense(10))
 * const bytes = encodeOnnx(net, ...net.init(randomKey(0)), {
 *   rules: { swish: (x, { node }) => node('Mul', [x, node('Sigmoid', [x])]) },
 * })
 */
export function encodeOnnx(
  net: Net,
  params: TensorTree,
  state: TensorTree,
  { rules = {}, name = 'net' }: OnnxOptions = {},
): Uint8Array<ArrayBuffer> {
  const dtype: Float = treeLeaves([params, state]).some((leaf) => leaf.dtype === 'float64') ? 'float64' : 'float32'
  // On shapes alone: whatever does not fit is refused here, in the net's own words.
  record(() => net.predict(params, state, abstractTensor([1, ...net.input], dtype)))
  const builder = new GraphBuilder(dtype, { inputs: ['input'], outputs: ['output'] })
  const result = addSequence(builder, rules, 'input', net.layers, { path: '', params, state })
  const input = builder.valueInfo('input', net.input, 'a batch of samples, scaled as in training')
  const output = builder.valueInfo(
    'output',
    net.output,
    'what the net makes of each sample; of a classifier the logits',
  )
  const graph = builder.graph(name, input, output, result)
  return encodeModel({ graph, opset: OPSET, irVersion: IR_VERSION, producer: 'cotangent' })
}

/** Where layers stand: what is before their names, and their tensors. */
interface Surroundings {
  readonly path: string
  readonly params: TensorTree
  readonly state: TensorTree
}

function addSequence(
  builder: GraphBuilder,
  rules: NonNullable<OnnxOptions['rules']>,
  x: string,
  layers: readonly Placed[],
  around: Surroundings,
): string {
  return layers.reduce((value, placed) => {
    const result = addLayer(builder, rules, value, placed, around)
    builder.describe(result, placed.output)
    return result
  }, x)
}

function addLayer(
  builder: GraphBuilder,
  rules: NonNullable<OnnxOptions['rules']>,
  x: string,
  { name, layer: { kind, options }, input, output }: Placed,
  around: Surroundings,
): string {
  const rule = own(BUILT_IN, kind.name) ?? own(rules, kind.name)
  if (rule === undefined) {
    throw new ValueError(
      `encodeOnnx: the layer ${around.path}${name} has no rule for ONNX; pass one, as { rules: { ${kind.name}: (x, { node }) => … } }`,
    )
  }
  const inner = {
    path: `${around.path}${name}.`,
    params: treeAt(around.params, name),
    state: treeAt(around.state, name),
  }
  const layer: OnnxComposite = {
    options,
    input,
    output,
    inside: kind.inside?.(input, options) ?? [],
    node: (operator, inputs, attributes) => builder.node(inner.path + operator, operator, inputs, attributes),
    parameter(parameter) {
      const found = inner.params[parameter] ?? inner.state[parameter]
      if (found instanceof Tensor) return builder.constant(inner.path + parameter, found)
      throw new ValueError(
        `encodeOnnx: the rule of ${kind.name} asks for ${parameter}, which is not among the parameters of ${around.path}${name}`,
      )
    },
    constant: (value) => builder.constant(`${inner.path}constant`, value),
    integers: (values) => builder.integers(`${inner.path}integers`, values),
    sequence: (value, layers) => addSequence(builder, rules, value, layers, inner),
  }
  const result = rule(x, layer)
  if (builder.has(result)) return result
  throw new ValueError(
    `encodeOnnx: the rule of ${kind.name} gave ${JSON.stringify(result)}, which is no value; return what node gave`,
  )
}

const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined

function treeAt(tree: TensorTree, name: string): TensorTree {
  const found = tree[name]
  return found === undefined || found instanceof Tensor ? {} : found
}
