/** Graphs before and after rules, run node by node by the reference backend. */
import {
  type AnyTensor,
  type DType,
  definePrimitive,
  type Operation,
  type Shape,
  sizeOf,
  stridesOf,
  type Tensor,
  tensor,
} from '@cotangent/core'
import { type Graph, type GraphNode, inputsOf } from '../graph.ts'
import { turnsOf } from '../memory.fixtures.ts'
import type { ImageAxes, PlanKernel, PooledFilters } from '../plan-kernels.ts'
import { REWRITES } from '../simplify.ts'
import { trace } from '../trace.ts'
import { maskOfOutput } from './maskOfOutput.ts'
import { maskedPooling, summedPooling } from './maxPool.ts'
import { paddedFirst } from './paddedFirst.ts'
import { pooledFilters } from './pooledFilters.ts'
import { type Rule, rewrite } from './rewriting.ts'
import { transposedWindow } from './transposedWindow.ts'
import { winogradFilters, winogradImages } from './winograd.ts'

/** The rules of the first pass, of the second and of the third. */
const FIRST: readonly Rule[] = [maskOfOutput, maskedPooling, summedPooling, transposedWindow]
const SECOND: readonly Rule[] = [winogradImages, winogradFilters, paddedFirst]
const THIRD: readonly Rule[] = [pooledFilters]

// biome-ignore lint/suspicious/noExplicitAny: functions of whatever tensors a test has.
export type TensorFunction = (...args: any[]) => unknown

/** The graph of `f` with equal computations made once, as rules meet it. */
export const tracedGraph = (f: TensorFunction, args: readonly AnyTensor[]): Graph =>
  REWRITES[0]!.rewrite(trace(f, args).graph, {})

/** The graph after the rules alone, without what is no longer needed. */
export const afterRules = (graph: Graph, ...passes: readonly (readonly Rule[])[]): Graph =>
  withoutDead(passes.reduce((rewritten, rules) => rewrite(rewritten, rules), graph))

const withoutDead = (graph: Graph): Graph => REWRITES.at(-1)!.rewrite(graph, {})

/** Runs with some of the rules left out. */
export function without<R>(left: readonly Rule[], run: () => R): R {
  // Only this fixture changes the list of rewrites.
  const rewrites = REWRITES as { rewrite: (typeof REWRITES)[number]['rewrite'] }[]
  const saved = [...rewrites]
  const among = (rules: readonly Rule[]) => rules.filter((rule) => !left.includes(rule))
  rewrites[1] = { rewrite: (graph) => rewrite(graph, among(FIRST)) }
  rewrites[2] = { rewrite: (graph) => rewrite(graph, among(SECOND)) }
  rewrites[3] = { rewrite: (graph) => rewrite(graph, among(THIRD)) }
  try {
    return run()
  } finally {
    rewrites.splice(0, rewrites.length, ...saved)
  }
}

/** The kernel families of a graph's nodes, in order. */
export const familiesIn = ({ nodes }: Graph): string[] =>
  nodes.flatMap(({ origin }) => (origin.from === 'kernel' ? [origin.kernel.family] : []))

/** The nodes of one kernel family. */
export const nodesOf = ({ nodes }: Graph, family: PlanKernel['family']): GraphNode[] =>
  nodes.filter(({ origin }) => origin.from === 'kernel' && origin.kernel.family === family)

/** The nodes that `place` is computed from, itself included. */
export function ancestorsOf({ nodes }: Graph, place: number): ReadonlySet<number> {
  const found = new Set<number>()
  const visit = (at: number): void => {
    if (found.has(at)) return
    found.add(at)
    inputsOf(nodes[at]!).forEach(visit)
  }
  visit(place)
  return found
}

/** What a graph gives for arguments. */
export function evaluateGraph({ nodes, results }: Graph, args: readonly AnyTensor[]): AnyTensor[] {
  const values: AnyTensor[] = []
  for (const { shape, dtype, origin } of nodes) {
    if (origin.from === 'argument') values.push(args[origin.index]!)
    else if (origin.from === 'constant') values.push(origin.tensor)
    else
      values.push(
        evaluateKernel(
          origin.kernel,
          origin.inputs.map((input) => values[input]!),
          shape,
          dtype,
        ),
      )
  }
  return results.map((place) => values[place]!)
}

interface Applied {
  readonly kernel: Exclude<PlanKernel, { family: 'winogradImages' | 'winogradFilters' | 'pooledFilters' }>
  readonly shape: Shape
  readonly dtype: DType
}

/** Any kernel as an operation. */
const applied: Operation<Applied> = definePrimitive<Applied>({
  name: 'applied',
  shape: (_, { shape }) => shape,
  dtype: (_, { dtype }) => dtype,
  kernel: (_, { kernel }) => kernel,
  operands: 'given',
  vjp: () => null,
})

function evaluateKernel(kernel: PlanKernel, inputs: readonly AnyTensor[], shape: Shape, dtype: DType): AnyTensor {
  const apply = (kernel: Applied['kernel'], inputs: readonly AnyTensor[], shape: Shape): AnyTensor =>
    applied(...(inputs as [Tensor]), { kernel, shape, dtype })
  const windowsOf = (x: AnyTensor, { n, c, h, w }: ImageAxes, start: readonly number[], count: readonly number[]) => {
    const seen = [x.shape[n]!, x.shape[c]!, ...count, 3, 3]
    const axes = [n, c, h, w, h, w].map((source) => ({ source, step: 1 }))
    const starts = x.shape.map((_, axis) => (axis === h ? start[0]! : axis === w ? start[1]! : 0))
    return apply({ family: 'view', view: { source: x.shape, shape: seen, axes, start: starts, fill: 0 } }, [x], seen)
  }
  const labels = ({ n, c, h, w }: ImageAxes, [one, two, three, four]: readonly [number, number, number, number]) => {
    const list: number[] = []
    list[n] = one
    list[c] = two
    list[h] = three
    list[w] = four
    return list
  }
  const [x, y] = inputs
  const [N, C, H, W, KH, KW, F] = [0, 1, 2, 3, 4, 5, 6]
  switch (kernel.family) {
    case 'winogradImages': {
      const { images, filters, out, start } = kernel
      const windows = windowsOf(x!, images, start, [shape[out.h]!, shape[out.w]!])
      const contract = {
        family: 'contract',
        a: [N, C, H, W, KH, KW],
        b: labels(filters, [F, C, KH, KW]),
        out: labels(out, [N, F, H, W]),
      } as const
      return apply(contract, [windows, y!], shape)
    }
    case 'winogradFilters': {
      const { images, cotangents, out, start } = kernel
      const windows = windowsOf(x!, images, start, [y!.shape[cotangents.h]!, y!.shape[cotangents.w]!])
      const contract = {
        family: 'contract',
        a: [N, C, H, W, KH, KW],
        b: labels(cotangents, [N, F, H, W]),
        out: labels(out, [F, C, KH, KW]),
      } as const
      return apply(contract, [windows, y!], shape)
    }
    case 'pooledFilters':
      return pooledGradient(kernel, inputs, shape)
    default:
      return apply(kernel, inputs, shape)
  }
}

/** The gradient by filters as it is defined, one cotangent after the other. */
function pooledGradient(
  { windows: { n, c, places, taps }, pool, out }: PooledFilters,
  [windows, numbers, cotangents]: readonly AnyTensor[],
  shape: Shape,
): AnyTensor {
  const sums = new Float64Array(sizeOf(shape))
  const place = (one: Shape, indices: readonly (readonly [axis: number, index: number])[]): number =>
    indices.reduce((sum, [axis, index]) => sum + index * stridesOf(one)[axis]!, 0)
  const pooled = numbers!.shape
  for (const turn of turnsOf([...pooled, ...[c, ...taps].map((axis) => windows!.shape[axis]!)])) {
    const [image, filter, row, column, channel, y, x] = turn as [number, number, number, number, number, number, number]
    const one = place(pooled, [...turn.slice(0, 4).entries()])
    const number = numbers!.data[one]!
    const looked = place(windows!.shape, [
      [n, image],
      [c, channel],
      [places[0], row * pool[0] + Math.floor(number / pool[1])],
      [places[1], column * pool[1] + (number % pool[1])],
      [taps[0], y],
      [taps[1], x],
    ])
    const to = place(shape, [
      [out.n, filter],
      [out.c, channel],
      [out.h, y],
      [out.w, x],
    ])
    sums[to]! += cotangents!.data[one]! * windows!.data[looked]!
  }
  return tensor(sums, { shape, dtype: cotangents!.dtype })
}

/** A graph of arguments, and nodes over them, of which the last one is the result. */
export function handMade(
  args: readonly (readonly number[])[],
  kernels: readonly { readonly kernel: PlanKernel; readonly inputs: readonly number[]; readonly shape: Shape }[],
  dtype: DType = 'float32',
): Graph {
  const given = args.map((shape, index): GraphNode => ({ shape, dtype, origin: { from: 'argument', index } }))
  const made = kernels.map(
    ({ kernel, inputs, shape }): GraphNode => ({
      shape,
      dtype,
      origin: { from: 'kernel', kernel, inputs, name: kernel.family, scope: '' },
    }),
  )
  const nodes = [...given, ...made]
  return { nodes, results: [nodes.length - 1] }
}
