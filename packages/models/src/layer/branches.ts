import { type Shape, shapeText, type Tensor, ValueError } from '@cotangent/core'
import { add, concat } from '@cotangent/ops'
import { compositeOf } from '../kind.ts'
import { type Layer, layerOf, type Placed, type ShapeRule } from '../layer.ts'
import { layersOption } from '../option.ts'
import { type After, applyPlaced, applySequence, outputAfter, placeAll, withState } from '../sequence.ts'
import type { Agree, ShapeText, Sum, UnknownRank } from '../shape.ts'

type Layers = readonly Layer[]

/** A shape to itself, by layers that leave it as it is. */
export interface Residual<Ls extends Layers> extends ShapeRule {
  readonly output: ResidualShape<this['input'], After<this['input'], Ls>>
}

type ResidualShape<S, Out> = Out extends string
  ? `residual: ${Out}`
  : Agree<S, Out> extends true
    ? S
    : `residual: its layers turn ${ShapeText<S>} into ${ShapeText<Out>}, which cannot be added; use layer.branches`

/**
 * The input added to what the layers make of it (He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015).
 *
 * @example
 * layer.residual(layer.conv2d({ filters: 8, kernel: 3, pad: 1 }), layer.batchNorm(), layer.relu())
 */
export const residual = <const Ls extends Layers>(...layers: Ls): Layer<Residual<Ls>> =>
  layerOf(residualKind, { layers })

export const residualKind = compositeOf({
  name: 'residual',
  options: ({ layers }: { readonly layers: Layers }) => ({ layers: layersOption('residual', 'layers', layers) }),
  output(input, { layers }) {
    const output = outputAfter(input, layers)
    if (typeof output === 'string') return `residual: ${output}`
    const shapes = [shapeText(input), shapeText(output)] as const
    return shapes[0] === shapes[1]
      ? input
      : `residual: its layers turn ${shapes[0]} into ${shapes[1]}, which cannot be added; use layer.branches`
  },
  inside: (input, { layers }) => placeAll(input, layers),
  apply(x, { options: { layers }, ...around }) {
    const [output, state] = applySequence(placeAll(x.shape.slice(1), layers), x, around)
    return [add(x, output), state]
  },
})

/** How branches come together: element by element, or one after the other along the first axis of a sample (the channels). */
export type Merge = 'add' | 'concat'

/** A shape to what its branches make of it, merged. */
export interface Branches<M extends Merge, Bs extends readonly Layers[]> extends ShapeRule {
  readonly output: BranchesShape<M, { readonly [I in keyof Bs]: After<this['input'], Bs[I]> }>
}

type BranchesShape<M, Outs> = Outs extends readonly [infer First, ...infer Rest]
  ? MergedAll<M, First, Rest> extends infer Out
    ? Out extends string
      ? `branches: ${Out}`
      : Out
    : never
  : Shape

type MergedAll<M, Out, Rest extends readonly unknown[]> = Out extends string
  ? Out
  : Rest extends readonly [infer Next, ...infer More]
    ? MergedAll<M, Next extends string ? Next : Merged<M, Out, Next>, More>
    : Out

type Merged<M, A, B> = true extends UnknownRank<A> | UnknownRank<B>
  ? Shape
  : M extends 'add'
    ? Agree<A, B> extends true
      ? A
      : `add needs equal shapes, got ${ShapeText<A>} and ${ShapeText<B>}`
    : [A, B] extends [
          readonly [infer First extends number, ...infer RestA],
          readonly [infer Second extends number, ...infer RestB],
        ]
      ? Agree<RestA, RestB> extends true
        ? [Sum<First, Second>, ...RestA]
        : `concat needs shapes equal after the first axis, got ${ShapeText<A>} and ${ShapeText<B>}`
      : `concat needs shapes equal after the first axis, got ${ShapeText<A>} and ${ShapeText<B>}`

/**
 * Several lists of layers side by side on the same input, their outputs merged: `add` sums them, `concat` joins them along the
 * first axis (the channels). An empty list hands the input through.
 *
 * @throws ValueError for another way to merge, or no branch at all.
 * @example
 * // A residual block that halves the image, with a 1×1 convolution as its shortcut.
 * layer.branches(
 *   'add',
 *   [layer.conv2d({ filters: 16, kernel: 3, stride: 2, pad: 1 }), layer.batchNorm(), layer.relu()],
 *   [layer.conv2d({ filters: 16, kernel: 1, stride: 2 })],
 * )
 */
export const branches = <const M extends Merge, const Bs extends readonly Layers[]>(
  merge: M,
  ...branches: Bs
): Layer<Branches<M, Bs>> => layerOf(branchesKind, { merge, branches })

export const branchesKind = compositeOf({
  name: 'branches',
  options({ merge, branches }: { readonly merge: Merge; readonly branches: readonly Layers[] }) {
    if (merge !== 'add' && merge !== 'concat')
      throw new ValueError(`branches: cannot merge by ${JSON.stringify(merge)}; use 'add' or 'concat'`)
    if (!Array.isArray(branches) || branches.length === 0)
      throw new ValueError('branches: there is no branch; give at least one list of layers')
    return { merge, branches: Object.freeze(branches.map((layers) => layersOption('branches', 'a branch', layers))) }
  },
  output(input, { merge, branches }) {
    const outputs = branches.map((layers) => outputAfter(input, layers))
    const output = outputs.reduce((before, next) => merged(merge, before, next))
    return typeof output === 'string' ? `branches: ${output}` : output
  },
  inside: (input, options) => branchesInPlace(input, options),
  apply(x, { options, state, ...around }) {
    const outputs: Tensor[] = []
    let after = state
    branchesInPlace(x.shape.slice(1), options).forEach((branch, index) => {
      const [output, changed] = applyPlaced(branch, index, x, { ...around, state })
      outputs.push(output)
      after = withState(after, branch.name, changed)
    })
    const merged = options.merge === 'add' ? outputs.reduce((a, b) => add(a, b)) : concat(outputs, { axis: 1 })
    return [merged, after]
  },
})

/** The shape of two outputs merged, or the sentence that says why they cannot be; a sentence before stays. */
function merged(merge: Merge, a: Shape | string, b: Shape | string): Shape | string {
  if (typeof a === 'string') return a
  if (typeof b === 'string') return b
  const [first, ...rest] = a
  const [second, ...others] = b
  if (merge === 'add')
    return shapeText(a) === shapeText(b) ? a : `add needs equal shapes, got ${shapeText(a)} and ${shapeText(b)}`
  return first !== undefined && second !== undefined && shapeText(rest) === shapeText(others)
    ? [first + second, ...rest]
    : `concat needs shapes equal after the first axis, got ${shapeText(a)} and ${shapeText(b)}`
}

/** Each branch as a layer of its own: branch1, branch2, … */
function branchesInPlace(input: Shape, { branches }: { readonly branches: readonly Layers[] }): readonly Placed[] {
  return branches.map((layers, index) => {
    const [branch] = placeAll(input, [layerOf(branchKind, { layers })])
    return { ...branch!, name: `branch${index + 1}` }
  })
}

const branchKind = compositeOf({
  name: 'branch',
  options: ({ layers }: { readonly layers: Layers }) => ({ layers }),
  output: (input, { layers }) => outputAfter(input, layers),
  inside: (input, { layers }) => placeAll(input, layers),
  apply: (x, { options: { layers }, ...around }) => applySequence(placeAll(x.shape.slice(1), layers), x, around),
})
