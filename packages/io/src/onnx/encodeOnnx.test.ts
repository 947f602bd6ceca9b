import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { cast, randomKey, ShapeError, treeMap, ValueError } from '@cotangent/core'
import { chain, init, input, layer, type Net } from '@cotangent/models'
import { add, mul, sigmoid } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { flattenTree } from '../tree.ts'
import { encodeOnnx, type OnnxOptions } from './encodeOnnx.ts'

const encoded = (net: Net, options?: OnnxOptions) => encodeOnnx(net, ...net.init(randomKey(0)), options)

test('nodes, names, shapes and the versions of operators and file format', () => {
  const net = chain(
    input([2, 6, 5]),
    layer.conv2d({ filters: 4, kernel: [3, 2], stride: [2, 1], pad: [1, 0], dilation: [1, 2], groups: 2 }),
    layer.relu(),
    layer.avgPool2d(2, { pad: 1 }),
    layer.residual(layer.conv2d({ filters: 4, kernel: 1, bias: false }), layer.leakyRelu({ slope: 0.25 })),
    layer.flatten(),
    layer.dense(3),
    layer.dropout(0.5),
  )
  const [params, state] = net.init(randomKey(0))
  const model = fieldsOf(encodeOnnx(net, params, state, { name: 'example' }))
  expect(model[1]).toEqual([8])
  expect(model[2]!.map(textOf)).toEqual(['cotangent'])
  expect(model[8]!.map(fieldsOf).map((set) => [textOf(set[1]![0]!), set[2]![0]])).toEqual([['', 17]])

  const graph = fieldsOf(model[7]![0]!)
  expect(graph[2]!.map(textOf)).toEqual(['example'])
  expect(graph[1]!.map(nodeOf)).toEqual([
    {
      operator: 'Conv',
      inputs: ['input', 'conv1.W', 'conv1.b'],
      outputs: ['conv1.Conv'],
      attributes: { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 0], dilations: [1, 2], group: 2 },
    },
    { operator: 'Relu', inputs: ['conv1.Conv'], outputs: ['relu1.Relu'], attributes: {} },
    {
      operator: 'AveragePool',
      inputs: ['relu1.Relu'],
      outputs: ['avgPool1.AveragePool'],
      attributes: { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
    },
    {
      operator: 'Conv',
      inputs: ['avgPool1.AveragePool', 'residual1.conv1.W'],
      outputs: ['residual1.conv1.Conv'],
      attributes: { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
    },
    {
      operator: 'LeakyRelu',
      inputs: ['residual1.conv1.Conv'],
      outputs: ['residual1.leakyRelu1.LeakyRelu'],
      attributes: { alpha: 0.25 },
    },
    {
      operator: 'Add',
      inputs: ['avgPool1.AveragePool', 'residual1.leakyRelu1.LeakyRelu'],
      outputs: ['residual1.Add'],
      attributes: {},
    },
    { operator: 'Flatten', inputs: ['residual1.Add'], outputs: ['flatten1.Flatten'], attributes: { axis: 1 } },
    {
      operator: 'Gemm',
      inputs: ['flatten1.Flatten', 'dense1.W', 'dense1.b'],
      outputs: ['output'],
      attributes: {},
    },
  ])
  expect(graph[11]!.map(valueInfoOf)).toEqual([{ name: 'input', type: 1, shape: ['batch', 2, 6, 5] }])
  expect(graph[12]!.map(valueInfoOf)).toEqual([{ name: 'output', type: 1, shape: ['batch', 3] }])
  expect(graph[13]!.map(valueInfoOf)).toEqual([
    { name: 'conv1.Conv', type: 1, shape: ['batch', 4, 3, 3] },
    { name: 'relu1.Relu', type: 1, shape: ['batch', 4, 3, 3] },
    { name: 'avgPool1.AveragePool', type: 1, shape: ['batch', 4, 2, 2] },
    { name: 'residual1.conv1.Conv', type: 1, shape: ['batch', 4, 2, 2] },
    { name: 'residual1.leakyRelu1.LeakyRelu', type: 1, shape: ['batch', 4, 2, 2] },
    { name: 'residual1.Add', type: 1, shape: ['batch', 4, 2, 2] },
    { name: 'flatten1.Flatten', type: 1, shape: ['batch', 16] },
  ])
  const weights = graph[5]!.map(fieldsOf)
  expect(weights.map((one) => [textOf(one[8]![0]!), one[2]![0], one[1]])).toEqual([
    ['conv1.W', 1, [4, 1, 3, 2]],
    ['conv1.b', 1, [4]],
    ['residual1.conv1.W', 1, [4, 4, 1, 1]],
    ['dense1.W', 1, [16, 3]],
    ['dense1.b', 1, [3]],
  ])
  const written = bytesOf(weights[3]![9]![0]!).slice()
  expect(new Float32Array(written.buffer)).toEqual(flattenTree(params)['dense1.W']!.data)
})

test('a net that does nothing hands its input on', () => {
  for (const net of [chain(input([3])), chain(input([3]), layer.dropout(0.5))]) {
    const graph = fieldsOf(fieldsOf(encoded(net))[7]![0]!)
    expect(graph[1]!.map(nodeOf)).toEqual([
      { operator: 'Identity', inputs: ['input'], outputs: ['output'], attributes: {} },
    ])
  }
})

test('numbers are float64 where a parameter is', () => {
  const net = chain(input([2]), layer.gelu(), layer.dense(1))
  const [params, state] = net.init(randomKey(0))
  const wide = treeMap((leaf) => cast(leaf, 'float64'), params)
  const graph = fieldsOf(fieldsOf(encodeOnnx(net, wide, state))[7]![0]!)
  expect([...graph[11]!, ...graph[12]!].map((one) => valueInfoOf(one).type)).toEqual([11, 11])
  expect(new Set(graph[5]!.map((one) => fieldsOf(one)[2]![0]))).toEqual(new Set([11]))
})

test('a layer of the user’s own is written by its rule', () => {
  const scaled = layer.define({
    name: 'scaled',
    options: ({ by }: { by: number }) => ({ by }),
    parameters: (shape) => ({ shift: { shape, initializer: init.ones() } }),
    apply: (x, { options: { by }, params: { shift } }) => add(mul(x, by), shift),
  })
  const net = chain(input([3]), scaled({ by: 2 }), scaled({ by: 3 }))
  const rules: OnnxOptions['rules'] = {
    scaled: (x, { node, constant, parameter, options, input, integers }) => {
      const flat = node('Reshape', [x, integers([-1, ...input])], { allowzero: { int: 0 } })
      return node('Add', [node('Mul', [flat, constant(Number(options.by))]), parameter('shift')])
    },
  }
  const graph = fieldsOf(fieldsOf(encoded(net, { rules }))[7]![0]!)
  expect(graph[1]!.map((node) => nodeOf(node).inputs.join(' '))).toEqual([
    'input scaled1.integers',
    'scaled1.Reshape scaled1.constant',
    'scaled1.Mul scaled1.shift',
    'scaled1.Add scaled2.integers',
    'scaled2.Reshape scaled2.constant',
    'scaled2.Mul scaled2.shift',
  ])
})

test('what cannot be written is refused in one sentence', () => {
  const swish = layer.define({ name: 'swish', apply: (x) => mul(x, sigmoid(x)) })
  const net = chain(input([3]), layer.residual(layer.dense(3), swish()), layer.dense(2))
  expect(() => encoded(net)).toThrow(
    new ValueError(
      'encodeOnnx: the layer residual1.swish1 has no rule for ONNX; pass one, as { rules: { swish: (x, { node }) => … } }',
    ),
  )
  expect(() => encoded(net, { rules: { swish: () => 'nowhere' } })).toThrow(
    new ValueError('encodeOnnx: the rule of swish gave "nowhere", which is no value; return what node gave'),
  )
  expect(() => encoded(net, { rules: { swish: (_, { parameter }) => parameter('beta') } })).toThrow(
    new ValueError(
      'encodeOnnx: the rule of swish asks for beta, which is not among the parameters of residual1.swish1',
    ),
  )
  const [params, state] = net.init(randomKey(0))
  expect(() => encodeOnnx(net, {}, state)).toThrow(/there is no W in its params/)
  const other = chain(input([3]), layer.residual(layer.dense(3)), layer.dense(4)).init(randomKey(0))[0]
  expect(() => encodeOnnx(net, { ...params, dense1: other.dense1! }, state)).toThrow(ShapeError)
})

type Field = number | Uint8Array

/** A message of the protobuf wire format, its values by field number. */
function fieldsOf(message: Field): Readonly<Record<number, Field[]>> {
  const reader = new BinaryReader(bytesOf(message))
  const fields: Record<number, Field[]> = {}
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    const read = () => {
      if (type === WireType.Varint) return Number(reader.int64())
      return type === WireType.Bit32 ? reader.float() : reader.bytes()
    }
    fields[field] = [...(fields[field] ?? []), read()]
  }
  return fields
}

function bytesOf(value: Field): Uint8Array {
  if (typeof value === 'number') throw new Error('a number where bytes were expected')
  return value
}

const textOf = (value: Field): string => new TextDecoder().decode(bytesOf(value))

function nodeOf(message: Field) {
  const { 1: inputs = [], 2: outputs = [], 4: operator = [], 5: attributes = [] } = fieldsOf(message)
  return {
    operator: operator.map(textOf).join(),
    inputs: inputs.map(textOf),
    outputs: outputs.map(textOf),
    attributes: Object.fromEntries(attributes.map(attributeOf)),
  }
}

/** By AttributeProto.type: 1 a float, 2 an integer, 7 integers. */
function attributeOf(message: Field): [string, unknown] {
  const fields = fieldsOf(message)
  const places: Readonly<Record<number, unknown>> = { 1: fields[2]?.[0], 2: fields[3]?.[0], 7: fields[8] }
  return [textOf(fields[1]![0]!), places[Number(fields[20]![0])]]
}

function valueInfoOf(message: Field) {
  const fields = fieldsOf(message)
  const tensor = fieldsOf(fieldsOf(fields[2]![0]!)[1]![0]!)
  const lengths = fieldsOf(tensor[2]![0]!)[1] ?? []
  const shape = lengths.map((one) => fieldsOf(one)).map((one) => one[1]?.[0] ?? textOf(one[2]![0]!))
  return { name: textOf(fields[1]![0]!), type: tensor[1]![0], shape }
}
