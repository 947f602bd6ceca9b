import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Shape } from '@cotangent/core'

/** The parts of an ONNX model that a net's inference needs, as onnx.proto of the ONNX project defines them. */
export interface Model {
  readonly graph: Graph
  /** The version of ONNX's main set of operators. */
  readonly opset: number
  /** The version of the file format that came with that set. */
  readonly irVersion: number
  readonly producer: string
}

export interface Graph {
  readonly name: string
  readonly nodes: readonly GraphNode[]
  readonly initializers: readonly Initializer[]
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  /** Shapes of values on the way, for those who look at the graph. */
  readonly values: readonly ValueInfo[]
}

export interface GraphNode {
  readonly name: string
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
}

/** An operator's attribute, by the type that the operator's specification gives for it. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }

export type ElementType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool'

/** A constant: little-endian elements in row-major order. */
export interface Initializer {
  readonly name: string
  readonly type: ElementType
  readonly shape: Shape
  readonly bytes: Uint8Array
}

export interface ValueInfo {
  readonly name: string
  readonly type: ElementType
  /** A text names a length that is known only when the model runs. */
  readonly shape: readonly (number | string)[]
  readonly about?: string
}

/** TensorProto.DataType */
const ELEMENT_TYPES: Record<ElementType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float64: 11 }

/** The model in the protobuf wire format. Fields and their numbers are those of onnx.proto. */
export function encodeModel({ graph, opset, irVersion, producer }: Model): Uint8Array<ArrayBuffer> {
  const out = new BinaryWriter()
  integer(out, 1, irVersion)
  text(out, 2, producer)
  message(out, 7, () => writeGraph(out, graph))
  // An empty domain is ONNX's own set of operators.
  message(out, 8, () => integer(text(out, 1, ''), 2, opset))
  return out.finish()
}

function writeGraph(out: BinaryWriter, { name, nodes, initializers, inputs, outputs, values }: Graph): void {
  for (const node of nodes) message(out, 1, () => writeNode(out, node))
  text(out, 2, name)
  for (const one of initializers) message(out, 5, () => writeInitializer(out, one))
  for (const one of inputs) message(out, 11, () => writeValueInfo(out, one))
  for (const one of outputs) message(out, 12, () => writeValueInfo(out, one))
  for (const one of values) message(out, 13, () => writeValueInfo(out, one))
}

function writeNode(out: BinaryWriter, { name, operator, inputs, outputs, attributes }: GraphNode): void {
  for (const input of inputs) text(out, 1, input)
  for (const output of outputs) text(out, 2, output)
  text(out, 3, name)
  text(out, 4, operator)
  for (const [key, value] of Object.entries(attributes)) message(out, 5, () => writeAttribute(out, key, value))
}

/** AttributeProto; field 20 says which of its fields holds the value. */
function writeAttribute(out: BinaryWriter, name: string, value: OnnxAttribute): void {
  text(out, 1, name)
  if ('float' in value) {
    integer(float(out, 2, value.float), 20, 1)
  } else if ('int' in value) {
    integer(integer(out, 3, value.int), 20, 2)
  } else if ('text' in value) {
    integer(text(out, 4, value.text), 20, 3)
  } else if ('floats' in value) {
    for (const one of value.floats) float(out, 7, one)
    integer(out, 20, 6)
  } else {
    for (const one of value.ints) integer(out, 8, one)
    integer(out, 20, 7)
  }
}

function writeInitializer(out: BinaryWriter, { name, type, shape, bytes }: Initializer): void {
  for (const length of shape) integer(out, 1, length)
  integer(out, 2, ELEMENT_TYPES[type])
  text(out, 8, name)
  out.tag(9, WireType.LengthDelimited).bytes(bytes)
}

function writeValueInfo(out: BinaryWriter, { name, type, shape, about }: ValueInfo): void {
  text(out, 1, name)
  message(out, 2, () =>
    message(out, 1, () => {
      integer(out, 1, ELEMENT_TYPES[type])
      message(out, 2, () => {
        for (const length of shape) {
          message(out, 1, () => (typeof length === 'number' ? integer(out, 1, length) : text(out, 2, length)))
        }
      })
    }),
  )
  if (about !== undefined) text(out, 3, about)
}

const integer = (out: BinaryWriter, field: number, value: number): BinaryWriter =>
  out.tag(field, WireType.Varint).int64(value)

const float = (out: BinaryWriter, field: number, value: number): BinaryWriter =>
  out.tag(field, WireType.Bit32).float(value)

const text = (out: BinaryWriter, field: number, value: string): BinaryWriter =>
  out.tag(field, WireType.LengthDelimited).string(value)

function message(out: BinaryWriter, field: number, write: () => void): BinaryWriter {
  out.tag(field, WireType.LengthDelimited).fork()
  write()
  return out.join()
}
