import { knownValues, sizeOf, type View } from '@cotangent/core'
import { type GraphNode, scalarConstant } from '../graph.ts'
import type { PlanKernel } from '../plan-kernels.ts'
import type { Rewriting } from './rewriting.ts'
import { isTiling, leavesSource } from './window.ts'

/**
 * The gradient of max-pooling with windows side by side, as the tape has it: each window's cotangent at its first maximum, 0
 * elsewhere, put together to a tensor of the images' shape.
 */
export interface PoolingGradient {
  /** The scattered node, and the chosen values of all windows that it puts together. */
  readonly scattered: number
  readonly chosen: number
  readonly images: number
  /** The cotangents, one a window, and the nodes through which they are repeated for its elements, from the last one on. */
  readonly cotangents: number
  readonly repeats: readonly number[]
  /** The numbers of the first maxima, one a window. */
  readonly numbers: number
  /** The view of the windows, and the axes of their elements. */
  readonly windows: number
  readonly view: View
  readonly axes: readonly number[]
}

/**
 * Where a mask y ≤ c is laid over the gradient of max-pooling y, only maxima pass it: the mask of the maxima, laid over the
 * cotangents of the windows, does the same to a fraction of the elements.
 */
export function maskedPooling(node: GraphNode, rewriting: Rewriting): number | undefined {
  const choice = selection(node)
  if (choice === undefined || node.origin.from !== 'kernel') return undefined
  const { condition, x: zero, y: scattered } = choice
  const gradient = poolingGradient(scattered, rewriting)
  const mask = rewriting.nodes[condition]!
  const compared = mapOf(mask)
  if (gradient === undefined || compared?.expression.op !== 'lessEqual' || mask.origin.from !== 'kernel')
    return undefined
  const { inputs } = compared
  const bound = inputs.find((input) => input !== gradient.images)
  if (!inputs.includes(gradient.images) || bound === undefined || scalarConstant(rewriting.nodes[zero]!) !== 0)
    return undefined
  const maxima = maximaOf(gradient, rewriting)
  if (scalarConstant(rewriting.nodes[bound]!) === undefined || maxima === undefined) return undefined
  // What broadcasts may bring more axes.
  if (node.shape.length !== rewriting.nodes[scattered]!.shape.length) return undefined

  const { shape } = rewriting.nodes[maxima]!
  const ofMaxima = rewriting.put({
    shape,
    dtype: 'bool',
    origin: { ...mask.origin, inputs: mask.origin.inputs.map((input) => (input === gradient.images ? maxima : input)) },
  })
  const inPlaceOf = new Map([
    [condition, ofMaxima],
    [scattered, gradient.cotangents],
  ])
  let masked = rewriting.put({
    shape,
    dtype: node.dtype,
    origin: { ...node.origin, inputs: node.origin.inputs.map((input) => inPlaceOf.get(input) ?? input) },
  })
  let before = gradient.cotangents
  for (const place of [...gradient.repeats].reverse()) {
    masked = again(place, before, masked, rewriting)
    before = place
  }
  const chosen = again(gradient.chosen, before, masked, rewriting)
  return again(gradient.scattered, gradient.chosen, chosen, rewriting)
}

/** The sum of a gradient of max-pooling over images and places is that of the windows' cotangents, of which each is there once. */
export function summedPooling(node: GraphNode, rewriting: Rewriting): number | undefined {
  const { origin } = node
  if (origin.from !== 'kernel' || origin.kernel.family !== 'reduce' || origin.kernel.op !== 'sum') return undefined
  const gradient = poolingGradient(origin.inputs[0]!, rewriting)
  const { axes } = origin.kernel
  // Images are [n, c, h, w], windows [n, c, rows, columns, …]: what is summed over places of the one is over those of the other.
  if (gradient === undefined || axes.join() !== '0,2,3' || rewriting.nodes[gradient.cotangents]!.shape.length !== 4) {
    return undefined
  }
  return again(node, origin.inputs[0]!, gradient.cotangents, rewriting)
}

export function poolingGradient(scattered: number, { nodes }: Rewriting): PoolingGradient | undefined {
  const node = (place: number) => nodes[place]!
  const tiles = kernelOf(node(scattered), 'scatterView')
  if (tiles === undefined || !isTiling(tiles.kernel.view)) return undefined
  const chosen = tiles.inputs[0]!
  const choice = selection(node(chosen))
  if (choice === undefined || scalarConstant(node(choice.y)) !== 0) return undefined
  const first = mapOf(node(choice.condition))
  if (first?.expression.op !== 'equal' || first.inputs.length !== 2) return undefined
  // One side is the number of the first maximum, the other counts the elements of a window.
  const [number, count] = first.inputs as [number, number]
  const numbers = kernelOf(node(number), 'reshape')
  const search = numbers && kernelOf(node(numbers.inputs[0]!), 'reduce')
  if (search === undefined || search.kernel.op !== 'argMax' || !countsElements(node(count))) return undefined
  const windows = search.inputs[0]!
  const looked = kernelOf(node(windows), 'view')
  if (looked === undefined || JSON.stringify(looked.kernel.view) !== JSON.stringify(tiles.kernel.view)) return undefined
  if (search.kernel.axes.join() !== '4,5' || tiles.kernel.view.shape.length !== 6) return undefined
  // The cotangents are repeated as the numbers are.
  const repeated = kernelOf(node(choice.x), 'view')
  const reshaped = repeated && kernelOf(node(repeated.inputs[0]!), 'reshape')
  if (repeated === undefined || reshaped === undefined) return undefined
  const cotangents = reshaped.inputs[0]!
  const alike =
    node(repeated.inputs[0]!).shape.join() === node(number).shape.join() &&
    node(cotangents).shape.join() === node(numbers!.inputs[0]!).shape.join()
  if (!alike || !repeats(repeated.kernel.view)) return undefined
  return {
    scattered,
    chosen,
    images: looked.inputs[0]!,
    cotangents,
    repeats: [choice.x, repeated.inputs[0]!],
    numbers: numbers!.inputs[0]!,
    windows,
    view: tiles.kernel.view,
    axes: search.kernel.axes,
  }
}

/** Whether a view shows everything as it is, but for axes of length 1 that it may repeat. */
const repeats = (view: View): boolean =>
  !leavesSource(view) &&
  view.axes.every(({ source, step }, axis) => (source < 0 ? view.source[axis] === 1 : source === axis && step === 1))

/** The node of the windows' maxima. */
function maximaOf({ windows, axes }: PoolingGradient, { nodes }: Rewriting): number | undefined {
  const place = nodes.findIndex((node) => {
    const maximum = kernelOf(node, 'reduce')
    return maximum?.kernel.op === 'max' && maximum.inputs[0] === windows && maximum.kernel.axes.join() === axes.join()
  })
  return place < 0 ? undefined : place
}

/** Whether a constant is 0, 1, 2, … */
function countsElements({ origin, shape }: GraphNode): boolean {
  if (origin.from !== 'constant' || sizeOf(shape) < 2) return false
  const values = knownValues(origin.tensor)
  return values !== undefined && Array.from(values).every((value, at) => value === at)
}

/** A node once more, with another input. */
function again(node: number | GraphNode, input: number, better: number, rewriting: Rewriting): number {
  const old = typeof node === 'number' ? rewriting.nodes[node]! : node
  const { origin } = old
  if (origin.from !== 'kernel') return rewriting.put(old)
  return rewriting.put({
    ...old,
    origin: { ...origin, inputs: origin.inputs.map((one) => (one === input ? better : one)) },
  })
}

function kernelOf<F extends PlanKernel['family']>({ origin }: GraphNode, family: F) {
  if (origin.from !== 'kernel' || origin.kernel.family !== family) return undefined
  return { kernel: origin.kernel as Extract<PlanKernel, { family: F }>, inputs: origin.inputs }
}

const mapOf = (node: GraphNode) => {
  const found = kernelOf(node, 'map')
  return found && { expression: found.kernel.expression, inputs: found.inputs }
}

/** The three inputs of a plain choice. */
function selection(node: GraphNode): { condition: number; x: number; y: number } | undefined {
  const found = mapOf(node)
  if (found?.expression.op !== 'select') return undefined
  const [condition, x, y] = [found.expression.condition, found.expression.x, found.expression.y].map((part) =>
    part.op === 'input' ? found.inputs[part.index] : undefined,
  )
  return condition === undefined || x === undefined || y === undefined ? undefined : { condition, x, y }
}
