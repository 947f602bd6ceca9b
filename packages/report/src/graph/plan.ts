import type { PlanDescription, PlanNode, PlanTask } from '@cotangent/compile'
import { InternalError } from '@cotangent/core'
import { dotOf } from './dot.ts'
import { type Drawing, legendOf, type Role } from './drawing.ts'
import { type Place, Sketch } from './sketch.ts'
import { typeText } from './text.ts'

/** How a plan is drawn. */
export interface PlanGraphOptions {
  /** Default: `plan`. */
  readonly title?: string
  /** What an argument or result is called in the drawing. Default: as the plan calls it, `args[0].w` or `result`. */
  readonly nameOf?: (name: string) => string
  /** Default: `down`. */
  readonly direction?: Drawing['direction']
}

/**
 * What a compiled function's program does as a drawing in Graphviz' DOT language: its tasks are nodes, each with the operations
 * that are fused in it, and what they leave in memory for each other are edges. Tasks of reverse sweeps have another colour and
 * flow back up. The same plan and options give the same text.
 *
 * @example
 * const f = compile((x: Tensor, w: Tensor) => relu(matmul(x, w)))
 * const svg = await renderSvg(planToDot(f.plan({ args: [ones([100, 784]), ones([784, 50])] })))
 */
export const planToDot = (plan: PlanDescription, options: PlanGraphOptions = {}): string =>
  dotOf(drawPlan(plan, options))

function drawPlan(plan: PlanDescription, options: PlanGraphOptions): Drawing {
  const { title = 'plan', direction = 'down', nameOf = (name) => name } = options
  const { nodes, tasks, results } = plan
  const roles = rolesOf(plan)
  const sketch = new Sketch()
  // Who made what lies in each node's memory: a task, or an argument or constant that was there before.
  const makers = new Map<number, Place>()

  const leaf = (node: number, user: Place): Place => {
    const { origin, name, value } = nodes[node]!
    if (origin === 'operation') throw new InternalError(`a task that reads ${name}, which no task before it wrote`)
    const place = sketch.put({
      role: name.startsWith('state') ? 'parameter' : 'data',
      shape: 'tab',
      lines: [origin === 'argument' ? nameOf(name) : (value?.toString() ?? 'constant')],
      scope: origin === 'argument' ? '' : user.scope,
      order: user.order,
    })
    makers.set(node, place)
    return place
  }
  tasks.forEach((task, at) => {
    const order = orderOf(task, nodes)
    const place = sketch.put({
      role: roles[at]!,
      shape: 'box',
      lines: taskLines(task, nodes),
      scope: task.scope,
      order,
    })
    for (const read of task.reads) {
      // Pieces of one value, such as those of a concatenation, are written one after the other.
      if (read === task.writes) continue
      sketch.connect(makers.get(read) ?? leaf(read, place), place, [lineFor(nodes[read]!, makers.get(read)!.role)])
    }
    for (const stored of storedBy(task, nodes)) makers.set(stored, place)
  })
  for (const { name, node } of results) {
    const maker = makers.get(nodes[node]!.memory ?? node)
    if (maker === undefined) continue
    const { role, scope, order } = maker
    const place = sketch.put({ role, shape: 'plain', lines: [nameOf(name)], scope, order })
    sketch.connect(maker, place, [lineFor(nodes[node]!, role)])
  }
  return { title, legend: legendOf(sketch.nodes), direction, nodes: sketch.nodes, edges: sketch.edges }
}

const lineFor = (node: PlanNode, role: Role) => ({ text: typeText(node), role })

/** The nodes that a task leaves in memory: the one that it writes, and others that it has on the way and that are needed again. */
const storedBy = ({ writes, nodes: computed }: PlanTask, nodes: readonly PlanNode[]): readonly number[] => [
  ...new Set([...computed.filter((node) => nodes[node]!.memory === node), writes]),
]

/** What computes a value of the function is a part of the function, whatever it prepares for the sweep. */
const orderOf = (task: PlanTask, nodes: readonly PlanNode[]): number =>
  Math.min(...storedBy(task, nodes).map((node) => nodes[node]!.order))

/** What each task is a part of. */
function rolesOf({ nodes, tasks }: PlanDescription): readonly Role[] {
  const made = new Map<number, Role>()
  return tasks.map((task) => {
    const follows = task.reads.some((read) => made.get(read) === 'backward' || made.get(read) === 'update')
    const role = orderOf(task, nodes) > 0 ? 'backward' : follows || task.replaces.length > 0 ? 'update' : 'forward'
    for (const stored of storedBy(task, nodes)) made.set(stored, role)
    return role
  })
}

/** The operations that a task does at once, in their order: those of one scope in a line of their own. */
function taskLines(task: PlanTask, nodes: readonly PlanNode[]): string[] {
  const { kind, name, detail, writes, replaces, nodes: computed } = task
  const carried = replaces.map((argument) => `replaces ${nodes[argument]!.name}`)
  if (computed.length === 0) return [name, ...carried]
  // The detail is that of the loops, which are those of the contraction where something else is fused into its end.
  const detailed = computed.find((node) => nodes[node]!.name === kind) ?? writes
  const scopes = [...new Set(computed.map((node) => nodes[node]!.scope))]
  const lines = scopes.flatMap((scope) => {
    const words = computed
      .filter((node) => nodes[node]!.scope === scope)
      .map((node) => (node === detailed && detail !== '' ? `${nodes[node]!.name} ${detail}` : nodes[node]!.name))
    return wrapped(counted(words), scopes.length > 1 && scope !== '' ? `${scope}: ` : '')
  })
  return [...lines, ...carried]
}

/** Words that follow each other are counted: `mul ×2`. */
function counted(words: readonly string[]): string[] {
  const runs: { readonly word: string; count: number }[] = []
  for (const word of words) {
    const last = runs.at(-1)
    if (last?.word === word) last.count++
    else runs.push({ word, count: 1 })
  }
  return runs.map(({ word, count }) => (count === 1 ? word : `${word} ×${count}`))
}

/** In characters. */
const LINE = 34

/** Words joined by commas, in lines of about one length. */
function wrapped(words: readonly string[], head: string): string[] {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last === undefined) lines.push(`${head}${word}`)
    else if (last.length + word.length > LINE) lines.push(word)
    else lines[lines.length - 1] = `${last}, ${word}`
  }
  return lines
}
