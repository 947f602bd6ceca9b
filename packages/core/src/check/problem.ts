import { isFloat, type TypedArray } from '../dtype.ts'
import { DTypeError, GradientError, ValueError } from '../errors.ts'
import { add, cast, mul, sum } from '../operations.ts'
import { type Shape, sameShape, shapeText } from '../shape.ts'
import { type AnyTensor, type Tensor, tensor } from '../tensor.ts'
import { bind, refusePromise, type Step } from '../trace.ts'
import { grad } from '../transforms.ts'
import { treeLeaves } from '../tree.ts'
import { type FloatLeaf, floatLeaves, withFloatLeaves } from './float64.ts'
import { STREAM, seededWeights } from './seeded.ts'

/**
 * What a check differentiates: float64 tensors, a function of them, and the fixed cotangents that make one number of its outputs,
 * Σ ⟨cotangent, output⟩.
 */
export interface Problem {
  readonly leaves: readonly FloatLeaf[]
  readonly outputs: (leaves: readonly Tensor[]) => readonly Tensor[]
  /** One for each output. */
  readonly cotangents: readonly Tensor[]
}

export const pointOf = (problem: Problem): Tensor[] => problem.leaves.map((leaf) => leaf.tensor)

/** The one number that is differentiated, as a function of the leaves. */
export function scalarOf({ outputs, cotangents }: Problem): (leaves: readonly Tensor[]) => Tensor {
  return (leaves) =>
    outputs(leaves)
      .map((output, index): Tensor => sum(mul(output, cotangents[index]!)))
      .reduce((total, one): Tensor => add(total, one))
}

/** The function `f` at `args`: its value, or random weights over the elements of its value, by the arguments' float leaves. */
export function problemOf(f: (...args: readonly never[]) => unknown, args: readonly unknown[], seed: number): Problem {
  const leaves = floatLeaves(args)
  if (leaves.length === 0)
    throw new GradientError(
      `checkGradients: ${treeLeaves(args).length === 0 ? 'the arguments hold no tensor' : 'no argument holds a float tensor'} to differentiate by; give float32 or float64 tensors, as in checkGradients(f, [tensor([1, 2])])`,
    )
  const outputs = (at: readonly Tensor[]): Tensor[] => {
    // The rebuilt arguments have the structure that f was given.
    const value: unknown = f(...(withFloatLeaves(args, at) as readonly never[]))
    refusePromise('checkGradients', value)
    return outputsIn(value)
  }
  const first = outputs(leaves.map((leaf) => leaf.tensor))
  const second = outputs(leaves.map((leaf) => leaf.tensor))
  checkRepeats(first, second)
  checkFinite(first)
  return { leaves, outputs, cotangents: outputCotangents(first, seed) }
}

/** The float tensors of a value, in float64. */
function outputsIn(value: unknown): Tensor[] {
  const found = treeLeaves(value).filter((leaf) => isFloat(leaf.dtype))
  if (found.length === 0) {
    const kind = treeLeaves(value)[0]
    throw new GradientError(
      `checkGradients: the function returned ${kind ? `a tensor of dtype ${kind.dtype}` : typeof value}, through which no gradient flows; it must return a float tensor or a tree with one`,
    )
  }
  if (found.every((leaf) => leaf.dtype === 'float32'))
    throw new DTypeError(
      'checkGradients: the function returned float32 although its arguments are float64, and float32 is too coarse for numerical derivatives; cast to the dtype of the arguments instead of to float32',
    )
  return found.map((leaf): Tensor => cast(leaf, 'float64'))
}

function checkRepeats(first: readonly Tensor[], second: readonly Tensor[]): void {
  const same =
    first.length === second.length &&
    first.every(
      (output, at) =>
        sameShape(output.shape, second[at]!.shape) && sameBits(output.data.slice(), second[at]!.data.slice()),
    )
  if (!same)
    throw new ValueError(
      'checkGradients: two calls of the function with the same arguments gave different values; draw its random numbers from a fixed key',
    )
}

const sameBits = (a: TypedArray, b: TypedArray): boolean => a.every((value, index) => Object.is(value, b[index]))

function checkFinite(outputs: readonly Tensor[]): void {
  for (const output of outputs) {
    const infinite = output.data.slice().find((value) => !Number.isFinite(value))
    if (infinite !== undefined)
      throw new ValueError(
        `checkGradients: the function's value at this point holds ${infinite}, so it has no derivative here; move the point, or find the operation with detectAnomalies`,
      )
  }
}

function outputCotangents(outputs: readonly Tensor[], seed: number): Tensor[] {
  const isScalar = outputs.length === 1 && outputs[0]!.size === 1
  return outputs.map((output, which) =>
    isScalar
      ? constant(output.shape, Float64Array.of(1))
      : constant(output.shape, seededWeights(seed, [STREAM.outputCotangent, which], output.size)),
  )
}

const constant = (shape: Shape, values: Float64Array): Tensor => tensor(values, { shape, adopt: true })

/** The gradient of `problem`, as a function of its leaves: what a check of order 2 differentiates. */
export function gradientProblem(problem: Problem, seed: number): Problem {
  const gradient = grad(scalarOf(problem))
  return {
    leaves: problem.leaves,
    // All leaves are floats, so that each has a gradient.
    outputs: (leaves) => gradient(leaves) as readonly Tensor[],
    cotangents: problem.leaves.map(({ tensor: { shape, size } }, which) =>
      constant(shape, seededWeights(seed, [STREAM.gradientCotangent, which], size)),
    ),
  }
}

/** A step of a tape taken alone, as a function of its float inputs. */
export interface StepProblem extends Problem {
  /** The number of the step's input that each leaf is. */
  readonly inputs: readonly number[]
}

/** `step` alone, with ones or seeded weights as its cotangent; `undefined` where its value is not float64. */
export function stepProblem({ primitive, inputs, options }: Step, weights: 'ones' | number): StepProblem | undefined {
  const numbers = [...inputs.keys()].filter((index) => isFloat(inputs[index]!.dtype))
  if (numbers.length === 0) return undefined
  const leaves = floatLeaves(inputs).map(({ tensor }, at) => ({ path: `input ${numbers[at]}`, tensor }))
  const output = (at: readonly Tensor[]) => bind(primitive, withFloatLeaves(inputs, at), options)
  const value = output(leaves.map((leaf) => leaf.tensor))
  if (value.dtype !== 'float64') return undefined
  return {
    leaves,
    inputs: numbers,
    // Of the same dtype as the value above.
    outputs: (at) => [output(at) as Tensor],
    cotangents: [stepCotangent(value, weights)],
  }
}

const stepCotangent = ({ shape, size }: AnyTensor, weights: 'ones' | number): Tensor =>
  constant(
    shape,
    weights === 'ones' ? new Float64Array(size).fill(1) : seededWeights(weights, [STREAM.outputCotangent, 0], size),
  )

/**
 * The vjp rule of a step for one of its float inputs, as a function of the float inputs and the cotangent: what a check of order
 * 2 differentiates in a step alone.
 */
export function ruleProblem(step: StepProblem, which: number, weights: 'ones' | number): Problem {
  const count = step.leaves.length
  const outputs = (at: readonly Tensor[]): Tensor[] => {
    const pulled = grad((leaf: Tensor) =>
      scalarOf({ ...step, cotangents: [at[count]!] })(at.slice(0, count).with(which, leaf)),
    )
    return [pulled(at[which]!)]
  }
  return {
    leaves: [...step.leaves, { path: 'cotangent', tensor: step.cotangents[0]! }],
    outputs,
    cotangents: [stepCotangent(step.leaves[which]!.tensor, weights)],
  }
}

/** `index` of a row-major tensor as one index an axis. */
export function multiIndex(index: number, shape: Shape): number[] {
  const indices = new Array<number>(shape.length)
  let rest = index
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    indices[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return indices
}

/** The elements of the outputs one after the other; throws where their shapes are not those of the cotangents. */
export function flatOutputs(problem: Problem, leaves: readonly Tensor[]): Float64Array {
  const outputs = problem.outputs(leaves)
  const { cotangents } = problem
  outputs.forEach((output, at) => {
    if (outputs.length !== cotangents.length || !sameShape(output.shape, cotangents[at]!.shape))
      throw new ValueError(
        `checkGradients: the shape of the function's value changed from ${shapeText(cotangents[at]?.shape ?? [])} to ${shapeText(output.shape)} between neighbouring points; a function with a derivative keeps its shape`,
      )
  })
  return concatenated(outputs)
}

export function concatenated(tensors: readonly Tensor[]): Float64Array {
  const all = new Float64Array(tensors.reduce((total, one) => total + one.size, 0))
  let at = 0
  for (const one of tensors) {
    all.set(one.data.slice(), at)
    at += one.size
  }
  return all
}
