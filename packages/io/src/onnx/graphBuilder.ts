import { type AnyTensor, cast, type Float, InternalError, isFloat, type Shape, tensor } from '@cotangent/core'
import type { ElementType, Graph, GraphNode, Initializer, OnnxAttribute, ValueInfo } from './model.ts'

/** The first axis of every value on the way, whose length is known only when the model runs. */
const BATCH = 'batch'

/** Puts a graph together, value by value; values are known by their names. */
export class GraphBuilder {
  /** Of all floating-point values: operators take no two kinds at once. */
  readonly dtype: Float
  readonly #nodes: GraphNode[] = []
  readonly #initializers: Initializer[] = []
  readonly #described = new Map<string, ValueInfo>()
  readonly #constants = new Map<AnyTensor, string>()
  readonly #names: Set<string>

  /** A graph that has the `inputs` already; `outputs` are names to keep free. */
  constructor(
    dtype: Float,
    { inputs, outputs }: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
  ) {
    this.dtype = dtype
    this.#names = new Set([...inputs, ...outputs])
  }

  /** Adds a node with one output, and gives the name of both: `wanted`, if it is free. */
  node(
    wanted: string,
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    const name = this.#unique(wanted)
    this.#nodes.push({ name, operator, inputs, outputs: [name], attributes })
    return name
  }

  /** The value of a constant; floating-point numbers get the graph's own dtype. */
  constant(wanted: string, value: AnyTensor | number): string {
    const given = typeof value === 'number' ? tensor(value) : value
    const before = this.#constants.get(given)
    if (before !== undefined) return before
    const { dtype, shape, data } = isFloat(given.dtype) ? cast(given, this.dtype) : given
    if (dtype === 'key') throw new InternalError('a random key in inference')
    const name = this.#initializer(wanted, dtype, shape, data.slice())
    this.#constants.set(given, name)
    return name
  }

  /** The value of a list of int64, as operators take axes and shapes. */
  integers(wanted: string, values: readonly number[]): string {
    return this.#initializer(wanted, 'int64', [values.length], BigInt64Array.from(values, BigInt))
  }

  /** Whether there is a value of this name. */
  has(name: string): boolean {
    return this.#names.has(name)
  }

  /** Says what shape a value has for one sample, to those who look at the graph. */
  describe(name: string, sample: Shape): void {
    this.#described.set(name, this.valueInfo(name, sample))
  }

  /** A value of the graph's dtype, for batches of samples of this shape. */
  valueInfo(name: string, sample: Shape, about?: string): ValueInfo {
    return { name, type: this.dtype, shape: [BATCH, ...sample], ...(about !== undefined && { about }) }
  }

  /** The graph with one output, which `result` becomes. */
  graph(name: string, input: ValueInfo, output: ValueInfo, result: string): Graph {
    if (!this.#nodes.some(({ outputs }) => outputs.includes(result)))
      result = this.node('identity', 'Identity', [result])
    const renamed = (value: string): string => (value === result ? output.name : value)
    const nodes = this.#nodes.map(({ inputs, outputs, ...node }) => ({
      ...node,
      inputs: inputs.map(renamed),
      outputs: outputs.map(renamed),
    }))
    const values = [...this.#described.values()].filter((one) => one.name !== input.name && one.name !== result)
    return { name, nodes, initializers: this.#initializers, inputs: [input], outputs: [output], values }
  }

  #initializer(wanted: string, type: ElementType, shape: Shape, values: ArrayBufferView): string {
    const name = this.#unique(wanted)
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.#initializers.push({ name, type, shape, bytes })
    return name
  }

  #unique(wanted: string): string {
    let name = wanted
    for (let i = 2; this.#names.has(name); i++) name = `${wanted}.${i}`
    this.#names.add(name)
    return name
  }
}
