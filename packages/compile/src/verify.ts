import { type AnyTensor, knownValues, shapeText, treeMapAll } from '@cotangent/core'
import { type GraphNode, inputsOf } from './graph.ts'
import { Result, signatureOf, signatureOfLeaf, type Traced } from './trace.ts'

/** In which way a function, traced again, is another than it was: a closed-over value, an operation, what it returns. */
export function differenceBetween(before: Traced, now: Traced): string | undefined {
  const [was, is] = [before.graph.nodes, now.graph.nodes]
  for (let at = 0; at < Math.max(was.length, is.length); at++) {
    const [old, next] = [was[at], is[at]]
    if (old !== undefined && next !== undefined && sameNode(old, next)) continue
    // A constant stands right before the operation that is the first to use it.
    const user = is.slice(at).find(({ origin }) => origin.from === 'kernel')
    if (old?.origin.from === 'constant' && next?.origin.from === 'constant')
      return `${userText(user)} ${constantsText(old.origin.tensor, next.origin.tensor)}, which it closes over; pass it as an argument`
    return `operation ${countOperations(was.slice(0, at)) + 1} was ${nodeText(was, at)}, now ${nodeText(is, at)}`
  }
  if (before.graph.results.join() !== now.graph.results.join()) return 'it returns other values'
  if (structureOf(before.value) !== structureOf(now.value)) return 'what it returns beside tensors has changed'
  return undefined
}

function sameNode(a: GraphNode, b: GraphNode): boolean {
  if (a.dtype !== b.dtype || shapeText(a.shape) !== shapeText(b.shape) || a.origin.from !== b.origin.from) return false
  if (a.origin.from === 'constant' && b.origin.from === 'constant') return sameValues(a.origin.tensor, b.origin.tensor)
  if (a.origin.from !== 'kernel' || b.origin.from !== 'kernel') return true
  return (
    a.origin.name === b.origin.name &&
    inputsOf(a).join() === inputsOf(b).join() &&
    JSON.stringify(a.origin.kernel, spelled) === JSON.stringify(b.origin.kernel, spelled)
  )
}

/** Infinities, NaN and −0 are no JSON. */
const spelled = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? `${Object.is(value, -0) ? '-0' : value}` : value

function sameValues(a: AnyTensor, b: AnyTensor): boolean {
  if (a === b) return true
  const [x, y] = [knownValues(a), knownValues(b)]
  if (x === undefined || y === undefined || x.length !== y.length) return false
  for (let at = 0; at < x.length; at++) if (!Object.is(x[at], y[at])) return false
  return true
}

const countOperations = (nodes: readonly GraphNode[]): number =>
  nodes.filter(({ origin }) => origin.from === 'kernel').length

function nodeText(nodes: readonly GraphNode[], at: number): string {
  const node = nodes.slice(at).find(({ origin }) => origin.from === 'kernel')
  if (node?.origin.from !== 'kernel') return 'missing'
  return `${node.origin.name} to ${node.dtype} ${shapeText(node.shape)}`
}

const userText = (user: GraphNode | undefined): string =>
  user?.origin.from === 'kernel' ? `${user.origin.name} used` : 'it returned'

function constantsText(was: AnyTensor, is: AnyTensor): string {
  const text = ({ dtype, shape }: AnyTensor): string => `a ${dtype} tensor of shape ${shapeText(shape)}`
  if (text(was) !== text(is)) return `${text(was)}, now ${text(is)}`
  if (was.size > 1 || was.dtype === 'key') return `other elements in ${text(was)}`
  return `${knownValues(was)?.[0]}, now ${knownValues(is)?.[0]}`
}

const structureOf = (value: unknown): string =>
  signatureOf([treeMapAll((leaf) => (leaf instanceof Result ? `result ${leaf.index}` : signatureOfLeaf(leaf)), value)])
