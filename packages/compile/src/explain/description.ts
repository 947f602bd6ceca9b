import { type DType, type Shape, treeMap, treeMapAll } from '@cotangent/core'
import type { EmittedProgram } from '../emit/program.ts'
import { type Graph, type GraphNode, inputsOf, scalarConstant } from '../graph.ts'
import type { MicroKernelsName } from '../panels.ts'
import { lifetimesOf, readsOf } from '../plan.ts'
import type { ProgramPlan } from '../program-plan.ts'
import { REWRITES, type SimplifyOptions } from '../simplify.ts'
import { type NamedTask, storesOf, type Task } from '../tasks.ts'
import { Result, type Traced } from '../trace.ts'
import { tensorBytes } from '../value.ts'
import { detailOf } from './detail.ts'
import { fusedIn } from './fused.ts'
import { type Work, workOf } from './work.ts'

/** A compiled program as plain data: the values of the function it was traced from, the tasks that it runs, and what they take. */
export interface PlanDescription {
  /** The values that are left after simplification, in topological order; everything else names them by their place here. */
  readonly nodes: readonly PlanNode[]
  /** What a call returns. */
  readonly results: readonly { readonly name: string; readonly node: number }[]
  /** What a run does, in order. */
  readonly tasks: readonly PlanTask[]
  /** Neighbouring tasks, from the first up to before the last, that run one after the other for some images at a time. */
  readonly regions: readonly { readonly from: number; readonly to: number; readonly depthFirst: boolean }[]
  /** How many operations were traced, and how many each simplification took away. */
  readonly traced: number
  readonly removed: readonly { readonly what: string; readonly count: number }[]
  readonly threads: number
  /** How many parts a run has, and how often its threads wait for each other in it. */
  readonly phases: number
  readonly meetings: number
  /** Which micro-kernels multiply matrices; absent where none are multiplied. */
  readonly microKernels?: MicroKernelsName
  /** Of a whole run. */
  readonly work: Work
  readonly memory: PlanMemory
}

/** One value: an argument, a captured tensor, or what an operation makes of others. */
export interface PlanNode {
  readonly origin: 'argument' | 'constant' | 'operation'
  /** The operation's name; for an argument where it stands in the call, as `args[0].w` or `state.w`. */
  readonly name: string
  /** The path of scopes that it was recorded in. */
  readonly scope: string
  /** 0 in the function itself, 1 in a reverse sweep over it, 2 in a sweep over that sweep. */
  readonly order: number
  readonly shape: Shape
  readonly dtype: DType
  readonly inputs: readonly number[]
  /** The tasks that compute it: several where that is cheaper than to store it, none where it only looks at another's memory. */
  readonly tasks: readonly number[]
  /** The node in whose memory its elements lie; absent where they are computed at their uses. */
  readonly memory?: number
  /** Of a constant with one element, what it is. */
  readonly value?: number
}

/** One step of a run: a loop nest over memory that computes one or more operations at once. */
export interface PlanTask extends Work {
  readonly kind: Task['kind']
  /** The operation whose value it stores; `carry` for a copy into carried state. */
  readonly name: string
  readonly scope: string
  /** What its kind does here, as `100×784 · 784×50`. */
  readonly detail: string
  /** The node that it writes, and the nodes in memory that it reads. */
  readonly writes: number
  readonly reads: readonly number[]
  /** All nodes that it computes, the one it writes last. */
  readonly nodes: readonly number[]
  readonly shape: Shape
  readonly dtype: DType
  /** The carried arguments that it writes over. */
  readonly replaces: readonly number[]
  /** The WebAssembly functions that it became, one a phase. */
  readonly functions: readonly string[]
}

/** Bytes of a program's memory. */
export interface PlanMemory {
  /** What values between arguments and results take at most at a time, and what they would take side by side. */
  readonly arena: number
  readonly values: number
  readonly arguments: number
  /** State that stays between runs. */
  readonly carried: number
  /** Captured tensors, which all programs of a function share. */
  readonly constants: number
  /** Scratch memory of tasks, of all threads together. */
  readonly working: number
}

/** What {@link describePlan} looks at. */
export interface PlannedFunction {
  readonly traced: Traced
  readonly plan: ProgramPlan
  readonly emitted: EmittedProgram
  readonly threads: number
  readonly options: SimplifyOptions
  /** The places of carried arguments; absent if nothing is carried between calls. */
  readonly carried?: readonly number[]
}

export function describePlan({ traced, plan, emitted, threads, options, carried }: PlannedFunction): PlanDescription {
  const { graph, tasks } = plan
  const names = argumentNames(traced, carried !== undefined)
  const fused = tasks.map((_, at) => fusedIn(plan, at))
  const functions = tasks.map((_, at) => emitted.phases.filter(({ task }) => task === at).map(({ name }) => name))
  const described = tasks.map((task, at) => taskOf(plan, task, fused[at]!, functions[at]!))
  return {
    nodes: graph.nodes.map((node, place) => nodeOf(plan, node, place, names, fused)),
    results: resultsOf(traced, graph),
    tasks: described,
    regions: plan.regions.map(({ from, to, depthFirst }) => ({ from, to, depthFirst })),
    traced: operationsIn(traced.graph),
    removed: removals(traced.graph, options),
    threads,
    phases: emitted.phases.length,
    meetings: threads > 1 ? emitted.meetings : 0,
    ...(emitted.kernels && { microKernels: emitted.kernels }),
    work: {
      flops: total(described, ({ flops }) => flops),
      bytesRead: total(described, ({ bytesRead }) => bytesRead),
      bytesWritten: total(described, ({ bytesWritten }) => bytesWritten),
    },
    memory: memoryOf(plan, threads, carried ?? []),
  }
}

const total = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0)

const operationsIn = ({ nodes }: Graph): number => nodes.filter(({ origin }) => origin.from === 'kernel').length

/** How many operations each rewrite takes away. */
function removals(traced: Graph, options: SimplifyOptions): { what: string; count: number }[] {
  let graph = traced
  const counts = new Map<string, number>()
  for (const { removes, rewrite } of REWRITES) {
    const before = operationsIn(graph)
    graph = rewrite(graph, options)
    if (removes !== undefined) counts.set(removes, (counts.get(removes) ?? 0) + before - operationsIn(graph))
  }
  return [...counts].map(([what, count]) => ({ what, count }))
}

function nodeOf(
  { placement }: ProgramPlan,
  node: GraphNode,
  place: number,
  names: readonly string[],
  fused: readonly (readonly number[])[],
): PlanNode {
  const { origin, shape, dtype } = node
  const memory = placement.bufferOf(place)
  const value = scalarConstant(node)
  const [kind, name, scope] =
    origin.from === 'kernel'
      ? (['operation', origin.name, origin.scope] as const)
      : origin.from === 'argument'
        ? (['argument', names[origin.index]!, ''] as const)
        : (['constant', 'constant', ''] as const)
  return {
    origin: kind,
    name,
    scope,
    order: origin.from === 'kernel' ? (origin.order ?? 0) : 0,
    shape,
    dtype,
    inputs: inputsOf(node),
    tasks: fused.flatMap((nodes, task) => (nodes.includes(place) ? [task] : [])),
    ...(memory !== undefined && { memory }),
    ...(value !== undefined && { value }),
  }
}

function taskOf(
  { graph, inPlace }: ProgramPlan,
  { task, name, scope }: NamedTask,
  nodes: readonly number[],
  functions: readonly string[],
): PlanTask {
  const { buffer } = task.store
  const { shape, dtype } = graph.nodes[buffer]!
  const replaces = storesOf(task).flatMap((store): number | readonly number[] =>
    graph.nodes[store.buffer]!.origin.from === 'argument' ? store.buffer : (inPlace.get(store.buffer) ?? []),
  )
  return {
    kind: task.kind,
    name,
    scope,
    detail: detailOf(task),
    writes: buffer,
    reads: [...readsOf(task)].sort((a, b) => a - b),
    nodes,
    shape,
    dtype,
    replaces,
    functions,
    ...workOf(task, graph),
  }
}

function memoryOf(plan: ProgramPlan, threads: number, carried: readonly number[]): PlanMemory {
  const { graph, placement, tasks, inPlace, constants, memory, working } = plan
  const bytesAt = (places: readonly number[]) =>
    total(places, (place) => tensorBytes(graph.nodes[place]!.shape, graph.nodes[place]!.dtype))
  const elsewhere = new Set([...carried, ...constants, ...inPlace.keys()])
  const values = lifetimesOf(graph, placement, tasks, plan.regions).filter(({ buffer }) => !elsewhere.has(buffer))
  return {
    arena: memory.arenaBytes,
    values: total(values, ({ bytes }) => bytes),
    arguments: memory.end - memory.arenaBytes,
    carried: bytesAt(carried),
    constants: bytesAt(constants),
    working: working.shared + threads * working.own,
  }
}

/** Where each argument stands in a call; the first one is the state where something is carried. */
function argumentNames({ args, numbers }: Traced, carries: boolean): readonly string[] {
  const names: string[] = []
  args.forEach((argument, at) => {
    const base = !carries ? `args[${at}]` : at === 0 ? 'state' : `args[${at - 1}]`
    treeMap((_, path) => names.push(`${base}${path}`), argument)
  })
  // A number is an argument of its own in each dtype that it is used in.
  for (const { leaf, argument } of numbers) names[argument] = names[leaf]!
  return names
}

function resultsOf({ value }: Traced, { results }: Graph): { name: string; node: number }[] {
  const named: { name: string; node: number }[] = []
  treeMapAll((leaf, path) => {
    if (leaf instanceof Result) named.push({ name: `result${path}`, node: results[leaf.index]! })
    return leaf
  }, value)
  return named
}
