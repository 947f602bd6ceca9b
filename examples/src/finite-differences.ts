import { setImmediate } from 'node:timers/promises'
import { foldIn, grad, type Tensor, tensor, treeLeaves, treeMap } from '@cotangent/core'
import type { Net, TensorTree } from '@cotangent/models'
import { normal, permutation, softmaxCrossEntropy } from '@cotangent/ops'
import { type Choices, sameChoices, withChoices } from './shared/choices.ts'
import { outputsFrom, tensorAt, treeAt } from './shared/layers.ts'

/** A net, and where its gradient is compared with numerical ones; all floats are float64. */
export interface Point {
  readonly net: Net
  readonly params: TensorTree
  readonly state: TensorTree
  readonly images: Tensor
  readonly labels: Tensor<'int32'>
  /** For dropout: each evaluation drops the same units. */
  readonly key: Tensor<'key'>
}

export interface Extent {
  /** A parameter with more elements is compared at so many of them, drawn by `key`. */
  readonly elements: number
  /** How many random directions of length 1, each through all parameters at once. */
  readonly directions: number
  /** How far a step goes to either side. */
  readonly epsilon: number
  readonly key: Tensor<'key'>
  readonly signal: AbortSignal
  /** Is told of each step, by the name of what it compares. */
  readonly onStep: (name: string) => void
}

/** How the derivatives by one parameter, or along the random directions, compare. */
export interface Comparison {
  /** The parameter, as in `dense1.W`; or `random`, for the directions. */
  readonly name: string
  readonly steps: number
  /** How many of the steps crossed a kink of relu or max pooling; they are not compared. */
  readonly kinks: number
  /** max |tape − numerical| / max(max |tape|, max |numerical|). */
  readonly relativeError: number
  /** The mean of |tape − numerical|, which the book's `gradient_check.py` prints. */
  readonly meanError: number
}

/**
 * Compares the tape's gradient of a net's loss with central differences, (L(+ε) − L(−ε)) / 2ε. What the layers before a changed one
 * give is kept, so that each evaluation is as short as it can be.
 */
export async function* compareGradients(point: Point, extent: Extent): AsyncGenerator<Comparison, void> {
  const { net, params, state, images, labels, key } = point
  const loss = (p: TensorTree): Tensor => net.loss(p, state, images, labels, { training: true, key })[0]
  // All parameters are floats, and each has its gradient.
  const gradient = grad(loss)(params) as TensorTree
  const evaluate = evaluatorOf(point)
  for (const [from, { name }] of net.layers.entries()) {
    for (const parameter of Object.keys(treeAt(params, name))) {
      const lines = elementLines({ params, gradient, from, name, parameter }, extent)
      yield compare(`${name}.${parameter}`, lines, evaluate, extent)
    }
  }
  if (extent.directions > 0) yield compare('random', directionLines(params, gradient, extent), evaluate, extent)
}

/** A line through the parameters. */
interface Line {
  /** The first layer that sees a change. */
  readonly from: number
  /** The parameters at a distance. */
  readonly at: (distance: number) => TensorTree
  /** The tape's derivative of the loss along it, at distance 0. */
  readonly derivative: number
}

type Evaluate = (from: number, params: TensorTree) => { readonly loss: number; readonly choices: Choices }

/** The loss for parameters that differ from the point's only from the layer `from` on, and which way its kinks were passed. */
function evaluatorOf({ net, params, state, images, labels, key }: Point): Evaluate {
  const around = { state, training: true, key }
  const inputs = [images, ...outputsFrom(net.layers, 0, images, { ...around, params })]
  return (from, params) => {
    // There is an input for each layer, and an output of the last.
    const forward = () => outputsFrom(net.layers, from, inputs[from]!, { ...around, params }).at(-1)!
    const [logits, choices] = withChoices(forward)
    return { loss: softmaxCrossEntropy(logits, labels).item(), choices }
  }
}

async function compare(
  name: string,
  lines: Iterable<Line>,
  evaluate: Evaluate,
  { epsilon, signal, onStep }: Extent,
): Promise<Comparison> {
  let [steps, kinks, largest, scale, total] = [0, 0, 0, 0, 0]
  let turn = performance.now()
  for (const { from, at, derivative } of lines) {
    if (performance.now() - turn > 50) {
      // Ctrl-C and the progress bar have their turn.
      await setImmediate()
      turn = performance.now()
    }
    signal.throwIfAborted()
    onStep(name)
    steps++
    const above = evaluate(from, at(epsilon))
    const below = evaluate(from, at(-epsilon))
    if (!sameChoices(above.choices, below.choices)) {
      kinks++
      continue
    }
    const numerical = (above.loss - below.loss) / (2 * epsilon)
    const error = Math.abs(derivative - numerical)
    largest = Math.max(largest, error)
    scale = Math.max(scale, Math.abs(derivative), Math.abs(numerical))
    total += error
  }
  const relativeError = largest === 0 ? 0 : largest / scale
  return { name, steps, kinks, relativeError, meanError: total / Math.max(1, steps - kinks) }
}

interface Place {
  readonly params: TensorTree
  readonly gradient: TensorTree
  readonly from: number
  readonly name: string
  readonly parameter: string
}

/** One line for each element of a parameter, or for so many of them. */
function* elementLines({ params, gradient, from, name, parameter }: Place, { elements, key }: Extent): Iterable<Line> {
  const values = tensorAt(params, name, parameter)
  const derivatives = tensorAt(gradient, name, parameter).data
  const chosen = permutation(foldIn(key, from), values.size).data
  for (const index of chosen.slice(0, elements)) {
    const at = (distance: number): TensorTree => {
      const data = Float64Array.from(values.data)
      data[index]! += distance
      const moved = tensor(data, { shape: values.shape, adopt: true })
      return { ...params, [name]: { ...treeAt(params, name), [parameter]: moved } }
    }
    yield { from, at, derivative: derivatives[index]! }
  }
}

/** Lines in random directions of length 1. */
function* directionLines(params: TensorTree, gradient: TensorTree, { directions, key }: Extent): Iterable<Line> {
  const gradients = treeLeaves(gradient)
  const values = treeLeaves(params)
  for (let which = 0; which < directions; which++) {
    const drawn = values.map(
      ({ shape }, leaf) => normal(foldIn(foldIn(key, -1 - which), leaf), shape, { dtype: 'float64' }).data,
    )
    const length = Math.sqrt(drawn.reduce((total, numbers) => total + dot(numbers, numbers), 0))
    const at = (distance: number): TensorTree => {
      let leaf = 0
      return treeMap((one) => {
        const direction = drawn[leaf++]!
        const data = Float64Array.from(one.data, (value, index) => value + (distance / length) * direction[index]!)
        return tensor(data, { shape: one.shape, adopt: true })
      }, params)
    }
    const along = drawn.reduce((total, numbers, leaf) => total + dot(numbers, gradients[leaf]!.data), 0)
    yield { from: 0, at, derivative: along / length }
  }
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let total = 0
  for (let index = 0; index < a.length; index++) total += a[index]! * b[index]!
  return total
}
