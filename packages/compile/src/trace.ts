import {
  type AnyTensor,
  abstractNumber,
  abstractTensor,
  type DType,
  knownValues,
  record,
  type Step,
  Tensor,
  TraceError,
  treeMapAll,
} from '@cotangent/core'
import { type Graph, graphOf } from './graph.ts'

/** A function traced for arguments of one structure: its graph, and how its results are put together again. */
export interface Traced {
  readonly graph: Graph
  /** What stood for the arguments: their structure, with abstract tensors. */
  readonly args: readonly unknown[]
  /** The numbers among the arguments: each as float32, and in other dtypes that operations had it adopt. */
  readonly numbers: readonly NumberArgument[]
  /** The function's value with a {@link Result} in place of each traced tensor. */
  readonly value: unknown
}

/** A number in one dtype. */
interface NumberArgument {
  /** Which of {@link argumentLeaves} it is, and which of the graph's arguments: those in other dtypes than float32 follow the leaves. */
  readonly leaf: number
  readonly argument: number
  readonly dtype: DType
  /** The first operation that used it so. */
  readonly operation: string
}

/** Stands in a traced value for the result of this number. */
export class Result {
  readonly index: number

  constructor(index: number) {
    this.index = index
  }
}

/** Runs `f` once, on shapes alone, for arguments like `args`, and gives the graph of what it computes. */
export function trace(f: (...args: never[]) => unknown, args: readonly unknown[]): Traced {
  const count = argumentLeaves(args).length
  const stands: AnyTensor[] = []
  const adopted: AnyTensor[] = []
  const numbers: NumberArgument[] = []
  const alike = new Map<AnyTensor, AnyTensor>()
  const standForNumber = (): AnyTensor => {
    const leaf = stands.length
    numbers.push({ leaf, argument: leaf, dtype: 'float32', operation: 'tensor' })
    const scalar = abstractTensor([], 'float32')
    const number = abstractNumber((dtype, operation) => {
      if (dtype === 'float32') return scalar
      const before = numbers.find((one) => one.leaf === leaf && one.dtype === dtype)
      if (before) return adopted[before.argument - count]!
      numbers.push({ leaf, argument: count + adopted.length, dtype, operation })
      adopted.push(abstractTensor([], dtype))
      return adopted.at(-1)!
    })
    // What was adopted is a tensor like others: it adopts no dtype any more.
    alike.set(scalar, number)
    return number
  }
  const seen = args.map((argument) =>
    treeMapAll((leaf) => {
      if (!(leaf instanceof Tensor) && typeof leaf !== 'number') return leaf
      stands.push(leaf instanceof Tensor ? abstractTensor(leaf.shape, leaf.dtype) : standForNumber())
      return stands.at(-1)
    }, argument),
  )
  // The arguments keep their structure; numbers become scalars, which operations take as well.
  const [value, tape] = record(() => f(...(seen as never[])))
  const results: AnyTensor[] = []
  const shaped = treeMapAll((leaf) => {
    if (!(leaf instanceof Tensor)) return leaf
    results.push(leaf)
    return new Result(results.length - 1)
  }, value)
  refuseFrozenKeys(tape.steps)
  return { graph: graphOf([...stands, ...adopted], tape.steps, results, alike), args: seen, numbers, value: shaped }
}

/** The tensors and numbers of the arguments, in the order in which {@link trace} numbers them. */
export function argumentLeaves(args: readonly unknown[]): (AnyTensor | number)[] {
  const leaves: (AnyTensor | number)[] = []
  treeMapAll((leaf) => {
    if (leaf instanceof Tensor || typeof leaf === 'number') leaves.push(leaf)
    return leaf
  }, args)
  return leaves
}

/** What decides whether a program fits a call: structure, shapes, dtypes, and leaves that are neither tensor nor number. */
export const signatureOf = (args: readonly unknown[]): string => JSON.stringify(treeMapAll(signatureOfLeaf, args))

/** A leaf as text that no other leaf has for which another program might be needed. */
export function signatureOfLeaf(leaf: unknown): string {
  if (leaf instanceof Tensor) return `tensor ${leaf.dtype} ${leaf.shape.join(',')}`
  switch (typeof leaf) {
    case 'number':
      return 'number'
    case 'function':
      return `object ${identityOf(leaf)}`
    case 'object':
      return leaf === null ? 'null' : `object ${identityOf(leaf)}`
    default:
      return `${typeof leaf} ${String(leaf)}`
  }
}

/** Functions, and objects that are no trees, are told apart by which they are. */
const identities = new WeakMap<object, number>()
let objects = 0

function identityOf(object: object): number {
  const known = identities.get(object)
  if (known !== undefined) return known
  identities.set(object, objects)
  return objects++
}

/** A random key that is known while `f` is traced, captured or made there, would give the same numbers in every run. */
function refuseFrozenKeys(steps: readonly Step[]): void {
  for (const { primitive, inputs, options, inside } of steps) {
    if (inside) refuseFrozenKeys(inside.steps)
    if (primitive.kernel(inputs, options)?.family !== 'random' || knownValues(inputs[0]!) === undefined) continue
    throw new TraceError(
      `compile: ${primitive.name} uses a random key that the function closes over, so every run would draw the same numbers; pass the key as an argument`,
    )
  }
}
