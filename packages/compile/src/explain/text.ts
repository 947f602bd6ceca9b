import { shapeText, type TensorType } from '@cotangent/core'
import { tensorBytes } from '../value.ts'
import type { PlanDescription, PlanNode, PlanTask } from './description.ts'

/** Columns that no line is longer than, but where one word is. */
const WIDTH = 100

/** A plan as text: what the whole program takes, then its tasks, one a row; and behind them its code, if that is given. */
export function planText(plan: PlanDescription, wat?: string): string {
  return [...heading(plan), '', ...table(plan, wat !== undefined), ...(wat === undefined ? [] : ['', wat])].join('\n')
}

function heading(plan: PlanDescription): string[] {
  const { tasks, phases, threads, meetings, microKernels, work, memory } = plan
  const entries: readonly (readonly [name: string, parts: readonly string[]])[] = [
    ['takes', argumentsOf(plan)],
    ['gives', plan.results.map(({ name, node }) => `${name} ${typeText(plan.nodes[node]!)}`)],
    [
      'runs',
      [
        `${plural(tasks.length, 'task')} in ${plural(phases, 'phase')}`,
        threadsText(threads, meetings),
        ...(microKernels ? [`${microKernels} micro-kernels`] : []),
        ...regionsText(
          'some images at a time',
          plan.regions.filter(({ depthFirst }) => depthFirst),
        ),
        ...regionsText(
          'each thread its rows',
          plan.regions.filter(({ depthFirst }) => !depthFirst),
        ),
      ],
    ],
    ['work', [`${count(work.flops)}FLOP`, `${bytes(work.bytesRead)} read`, `${bytes(work.bytesWritten)} written`]],
    ['simplified', simplifications(plan)],
    [
      'memory',
      [
        `arena ${bytes(memory.arena)} at the peak, for values of ${bytes(memory.values)}`,
        `arguments ${bytes(memory.arguments)}`,
        ...(memory.carried > 0 ? [`carried ${bytes(memory.carried)}`] : []),
        `constants ${bytes(memory.constants)}`,
        `scratch ${bytes(memory.working)}`,
      ],
    ],
  ]
  return entries.flatMap(([name, parts]) => hung(name.padEnd(12), wrapped(parts, WIDTH - 12)))
}

const threadsText = (threads: number, meetings: number): string =>
  threads === 1 ? 'one thread' : `${threads} threads that meet ${plural(meetings, 'time')}`

/** What a call is given: a tensor by its type, a tree of them by how many there are. */
function argumentsOf({ nodes }: PlanDescription): string[] {
  const groups = new Map<string, PlanNode[]>()
  for (const node of nodes) {
    if (node.origin !== 'argument') continue
    const [base] = /^(state|args\[\d+\])/.exec(node.name) ?? [node.name]
    groups.set(base, [...(groups.get(base) ?? []), node])
  }
  const texts = [...groups].map(([base, group]) => {
    const [first] = group
    if (first!.name === base) return group.length === 1 ? `${base} ${typeText(first!)}` : `${base}, a number`
    const size = group.reduce((sum, { shape, dtype }) => sum + tensorBytes(shape, dtype), 0)
    return `${base} (${plural(group.length, 'tensor')}, ${bytes(size)})`
  })
  return texts.length === 0 ? ['nothing'] : texts
}

function simplifications({ traced, removed }: PlanDescription): string[] {
  const left = removed.reduce((rest, { count }) => rest - count, traced)
  const told = removed.filter(({ count }) => count !== 0).map(({ what, count }) => `${count} ${what}`)
  return [`${traced} traced operations to ${left}${told.length > 0 ? `: ${told[0]}` : ''}`, ...told.slice(1)]
}

/** Wide enough for a tensor of six axes. */
const STORES = 26

/** A type without its blanks where it is too long with them. */
const fitted = (text: string): string => (text.length > STORES ? text.replaceAll(', ', ',') : text)

const KINDS: Readonly<Record<PlanTask['kind'], string>> = {
  loop: 'loop',
  contract: 'contract',
  winogradImages: 'winograd',
  winogradFilters: 'winograd',
  pooledFilters: 'contract',
  scatter: 'scatter',
  scan: 'scan',
  random: 'random',
}

interface Column {
  readonly title: string
  readonly width: number
  readonly cell: (task: PlanTask, at: number) => string
  readonly right?: boolean
}

const COLUMNS: readonly Column[] = [
  { title: '#', width: 3, cell: (_, at) => `${at}`, right: true },
  { title: 'task', width: 8, cell: ({ kind }) => KINDS[kind] },
  { title: 'stores', width: STORES, cell: (task) => fitted(typeText(task)) },
  { title: 'FLOP', width: 7, cell: ({ flops }) => (flops === 0 ? '' : count(flops)), right: true },
  { title: 'reads', width: 7, cell: ({ bytesRead }) => bytes(bytesRead), right: true },
  { title: 'writes', width: 7, cell: ({ bytesWritten }) => bytes(bytesWritten), right: true },
]

/** One row a task; the last column, which may take several lines, holds what it computes. */
function table(plan: PlanDescription, code: boolean): string[] {
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (COLUMNS[at]!.right ? cell.padStart(COLUMNS[at]!.width) : cell.padEnd(COLUMNS[at]!.width)))
      .join('  ')
  const title = `${row(COLUMNS.map(({ title }) => title))}  computes`
  const rows = plan.tasks.flatMap((task, at) => {
    const left = `${row(COLUMNS.map(({ cell }) => cell(task, at)))}  `
    const space = WIDTH - left.length
    return hung(left, [
      ...computations(plan, task, space),
      ...placesOf(plan, task, code).flatMap((line) => wrapped(line, space)),
    ])
  })
  return [title, ...rows]
}

/** The operations that a task fuses, by scope, as `relu1: lessEqual, where`. */
function computations({ nodes }: PlanDescription, task: PlanTask, width: number): string[] {
  const operations = task.nodes.map((place) => nodes[place]!)
  const groups: { scope: string; names: string[] }[] = []
  operations.forEach(({ name, scope }) => {
    const last = groups.at(-1)
    if (last?.scope === scope) last.names.push(name)
    else groups.push({ scope, names: [name] })
  })
  if (groups.length === 0) groups.push({ scope: task.scope, names: [task.name] })
  const lines = groups.flatMap(({ scope, names }) => {
    const [first, ...others] = repeatsCounted(names)
    return wrapped([`${scope === '' ? '' : `${scope}: `}${first}`, ...others], width)
  })
  if (task.detail === '') return lines
  // What finishes products stands behind them: the detail is not its own.
  const last = lines.at(-1)!
  const own = operations.length === 1 || task.kind === 'loop'
  if (own && last.length + 1 + task.detail.length <= width) return [...lines.slice(0, -1), `${last} ${task.detail}`]
  return [...lines, ...wrapped(task.detail.split(', '), width)]
}

/** Neighbours of one name as one, as `mul ×2`. */
function repeatsCounted(names: readonly string[]): string[] {
  const runs: { name: string; times: number }[] = []
  for (const name of names) {
    const last = runs.at(-1)
    if (last?.name === name) last.times++
    else runs.push({ name, times: 1 })
  }
  return runs.map(({ name, times }) => (times === 1 ? name : `${name} ×${times}`))
}

/** Where a task's value is known outside: the state that it replaces, the results that it is; and the names of its code. */
function placesOf({ nodes, results }: PlanDescription, task: PlanTask, code: boolean): string[][] {
  const given = results.filter(({ node }) => nodes[node]!.memory === task.writes).map(({ name }) => name)
  return [
    ...task.replaces.map((argument) => [`over ${nodes[argument]!.name}`]),
    ...(given.length === 0 ? [] : [given.map((name, at) => (at === 0 ? `is ${name}` : name))]),
    ...(code ? [task.functions.map((name) => `$${name}`)] : []),
  ]
}

function typeText({ shape, dtype }: TensorType): string {
  return `${dtype} ${shapeText(shape)}`
}

/** The lines behind a first column, which is blank from the second line on; too long ones reach into the blank. */
const hung = (first: string, lines: readonly string[]): string[] =>
  lines.map((line, at) => {
    const indent = Math.max(0, Math.min(first.length, WIDTH - line.length))
    return `${at === 0 ? first : ' '.repeat(indent)}${line}`.trimEnd()
  })

/** Parts in lines of at most `width`, with commas between them. */
function wrapped(parts: readonly string[], width: number): string[] {
  const lines: string[] = []
  parts.forEach((part, at) => {
    const text = at === parts.length - 1 ? part : `${part},`
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + text.length <= width) lines[lines.length - 1] = `${last} ${text}`
    else lines.push(text)
  })
  return lines.length === 0 ? [''] : lines
}

const plural = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** As `7.84 M`. */
const count = (number: number): string => scaled(number, ['', ' k', ' M', ' G', ' T'])

/** As `314 kB`; a kilobyte is 1000 bytes. */
const bytes = (number: number): string => scaled(number, [' B', ' kB', ' MB', ' GB', ' TB'])

function scaled(number: number, units: readonly string[]): string {
  let [value, unit] = [number, 0]
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const text = unit === 0 || value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
  return `${text}${units[unit]}`
}

const regionsText = (how: string, regions: PlanDescription['regions']): string[] =>
  regions.map(({ from, to }, at) => `${at === 0 ? `${how} in tasks ` : ''}${from}–${to - 1}`)
