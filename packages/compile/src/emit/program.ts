import { sizeOf } from '@cotangent/core'
import { WHOLE } from '../balance.ts'
import { conflicts, type Touched, together, touchedBy } from '../conflicts.ts'
import { CONTROL, LINES, STRETCHES } from '../control.ts'
import { MICRO_KERNELS, type MicroKernelsName, USUAL } from '../panels.ts'
import type { ProgramPlan } from '../program-plan.ts'
import type { Region } from '../regions.ts'
import type { Row, Rows } from '../rows.ts'
import type { Task } from '../tasks.ts'
import { LOOKS } from '../threads.ts'
import { call, doWhile, drop, ifElse, lesser, select, sequence, whileLoop } from '../wasm/control.ts'
import type { Func, Local } from '../wasm/entities.ts'
import { i32, i64, memory } from '../wasm/instructions.ts'
import { type FunctionBuilder, WasmModule } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import type { FunctionCaller } from './arithmetic.ts'
import { emitContract } from './contract.ts'
import type { Addresses } from './cursor.ts'
import { emitLoop } from './loop.ts'
import type { Phase } from './phase.ts'
import { emitPooledFilters } from './pooled-filters.ts'
import { emitRandom } from './random.ts'
import { emitScan } from './scan.ts'
import { emitScatter } from './scatter.ts'
import { defineWarmUp, type WarmUpPlace } from './warm-up.ts'
import { emitWinogradFilters } from './winograd-filters.ts'
import { emitWinogradImages } from './winograd-images.ts'

/** Where a program's code finds things in memory, besides the nodes' own addresses. */
export interface ProgramLayout {
  readonly addresses: Addresses
  /** Working memory that all threads share, and where that of each begins. */
  readonly shared: number
  readonly own: number
  readonly ownBytes: number
  readonly rows: Rows
  /** What micro-kernels are tried on before the first run; without it they are not. */
  readonly warmUp?: WarmUpPlace
}

/** Less work than this, in elements times operations, is not worth a meeting of threads. */
const ALONE = 6000

/**
 * The module of a program: a function for each phase, which runs a range of its turns, and `run`, which every thread calls and
 * which takes its share of each phase and meets the others before the next. It makes so many `steps` in a row, where `rows` is
 * the address of their arguments and results; or, where that is 0, one step in place.
 */
export function emitProgram(
  name: string,
  plan: ProgramPlan,
  layout: ProgramLayout,
  functionsOf: (module: WasmModule) => FunctionCaller,
  { maximum, shared, own: hasOwn = false, fused = false, microKernels = () => USUAL }: ProgramMemory,
): EmittedProgram {
  const module = new WasmModule(name)
  if (hasOwn) module.memory({ initial: maximum, maximum, export: true })
  else module.importMemory('env', 'memory', { initial: 1, maximum, shared })
  const meeting = shared ? defineMeeting(module) : undefined
  const own = module.global('own', 'i32', layout.own)
  const functions = functionsOf(module)
  const { tasks, regions, working } = plan
  const kernels = tasks.some(({ task }) => multiplies(task)) ? microKernels() : undefined
  const phases = tasks.flatMap(({ task, name: operation, place }, index) => {
    const alone = workOf(task) < ALONE
    const shared = layout.shared + working.places[index]!
    const context = {
      module,
      fused,
      kernels: MICRO_KERNELS[kernels ?? USUAL],
      functions,
      addresses: layout.addresses,
      own: own.get,
      shared,
    }
    return phasesOf(task, context).map((phase, at): Scheduled => {
      const func = module.func(
        `${operation}.${place}${at > 0 ? `.${at}` : ''}`,
        { params: RANGE },
        ({ begin, end }, f) => phase.build(f, begin, end),
      )
      return { task: index, phase, func, alone: alone || phase.turns === 1 }
    })
  })
  const { rows } = layout
  const take = module.func('take', { params: STEP }, ({ from, step }) =>
    rows.args.map((row) => memory.copy(row.address, inRow(row, from, step), row.bytes)),
  )
  const give = module.func('give', { params: STEP }, ({ from, step }) =>
    rows.results.map((row) => memory.copy(inRow(row, from, step), row.address, row.bytes)),
  )
  const items = itemsOf(phases, regions, (task) => touchedBy(plan, task, layout))
  const parts: number[] = []
  const shares = phases.some(({ alone }) => !alone)
  // The first thread brings the arguments of each step: the others wait for that.
  const meetFirst = shares
  const run = module.func('run', { params: RUN, export: !hasOwn }, ({ thread, threads, arrived, steps, rows }, f) => {
    const [step, looks] = [f.local('i32', 'step'), f.local('i32', 'looks')]
    const share: Share = { from: f.local('i32', 'shareFrom'), to: f.local('i32', 'shareTo') }
    const line = i32.mul(thread, LINES.bytes)
    const meet = (stretch?: number) => {
      if (meeting === undefined) return []
      const offset = LINES.waited + 4 * ((stretch ?? 0) % STRETCHES)
      const wait = call(meeting, { arrived: arrived.tee(i32.add(arrived, threads)) })
      const waited = i32.store(line, i32.add(i32.load(line, { offset }), looks), { offset })
      return [ifElse(i32.gt_u(threads, 1), stretch === undefined ? drop(wait) : [looks.set(wait), waited])]
    }
    const together: Together = {
      share,
      begin: () => {
        if (meeting === undefined) return []
        const edge = LINES.share + 4 * (parts.length % STRETCHES)
        const [from, to] = [edge, edge + LINES.bytes].map((offset) => i32.load(line, { offset }))
        return [ifElse(i32.gt_u(threads, 1), [share.from.set(from!), share.to.set(to!)])]
      },
      end: (fewest) => {
        parts.push(fewest)
        return meet(parts.length - 1)
      },
    }
    return [
      own.set(i32.add(layout.own, i32.mul(thread, layout.ownBytes))),
      share.to.set(WHOLE),
      doWhile(
        [
          ifElse(rows, [whenFirst(thread, call(take, { from: rows, step })), meetFirst ? meet() : []]),
          ...schedule(items, thread, together, f),
          ifElse(rows, whenFirst(thread, call(give, { from: rows, step }))),
        ],
        i32.lt_u(step.tee(i32.add(step, 1)), steps),
      ),
    ]
  })
  if (layout.warmUp) defineWarmUp(module, layout.warmUp)
  const meetings = parts.length
  const rowMeetings = meetings + (meetFirst ? 1 : 0)
  return {
    module,
    run,
    meetings,
    rowMeetings,
    parts,
    kernels,
    phases: phases.map(({ task, func: { name } }) => ({ task, name })),
  }
}

/** A program's memory, in pages of 65,536 bytes, and what its engine can do. */
export interface ProgramMemory {
  readonly maximum: number
  readonly shared: boolean
  /** Whether the module brings it, all of it, and exports it; `run` is then not exported. Default: false, it is imported. */
  readonly own?: boolean
  /** Whether products are added with one rounding, which takes relaxed SIMD. Default: false. */
  readonly fused?: boolean
  /** Which micro-kernels multiply matrices: asked for only where some are multiplied. Default: wide ones. */
  readonly microKernels?: () => MicroKernelsName
}

/** A program's module, and the function of each phase with the task that it is part of. */
export interface EmittedProgram {
  readonly module: WasmModule
  readonly run: Func<typeof RUN, 'none'>
  /** How often threads meet in one step: in place, and where it takes its arguments from rows. */
  readonly meetings: number
  readonly rowMeetings: number
  /** In how many parts the work before each meeting is shared out, at least; what one thread does alone has none. */
  readonly parts: readonly number[]
  /** The micro-kernels that multiply matrices in it, if any do. */
  readonly kernels: MicroKernelsName | undefined
  readonly phases: readonly { readonly task: number; readonly name: string }[]
}

const RANGE = { begin: 'i32', end: 'i32' } as const
const RUN = { thread: 'i32', threads: 'i32', arrived: 'i32', steps: 'i32', rows: 'i32' } as const
const STEP = { from: 'i32', step: 'i32' } as const

/** Where the values of a step lie. */
const inRow = ({ offset, bytes }: Row, from: Local<'i32'>, step: Local<'i32'>): Node<'i32'> =>
  i32.add(i32.add(from, offset), i32.mul(step, bytes))

interface Scheduled {
  readonly task: number
  readonly phase: Phase
  readonly func: Func<typeof RANGE, 'none'>
  /** Too little work to share: the first thread does it. */
  readonly alone: boolean
}

function phasesOf(task: Task, context: Parameters<typeof emitContract>[1]): Phase[] {
  const { addresses, functions } = context
  switch (task.kind) {
    case 'loop':
      return [emitLoop(task, addresses, functions)]
    case 'contract':
      return emitContract(task, context)
    case 'winogradImages':
      return emitWinogradImages(task, context)
    case 'winogradFilters':
      return emitWinogradFilters(task, context)
    case 'pooledFilters':
      return emitPooledFilters(task, context)
    case 'scatter':
      return emitScatter(task, addresses, functions)
    case 'scan':
      return [emitScan(task, addresses, functions)]
    case 'random':
      return [emitRandom(task, addresses)]
  }
}

/** Whether a task multiplies matrices. */
const multiplies = ({ kind }: Task): boolean =>
  kind === 'contract' || kind === 'winogradImages' || kind === 'winogradFilters'

/** What threads share out between two meetings: a phase, or images that go through several. */
interface Item {
  readonly turns: number
  readonly grain: number
  readonly alone: boolean
  readonly touched: Touched
  /** Runs the turns between two counters. */
  readonly run: (begin: Local<'i32'>, end: Local<'i32'>, f: FunctionBuilder) => readonly Node<'none'>[]
}

/** The phases as items in order; those of a region that prepare something before it. */
function itemsOf(
  phases: readonly Scheduled[],
  regions: readonly Region[],
  touchedBy: (task: number) => Touched,
): Item[] {
  const items: Item[] = []
  let at = 0
  while (at < phases.length) {
    const { task } = phases[at]!
    const region = regions.find(({ from, to }) => from <= task && task < to)
    if (region === undefined) {
      items.push(itemOf(phases[at++]!, touchedBy(task)))
      continue
    }
    const inside = phases.filter((phase) => region.from <= phase.task && phase.task < region.to)
    const isLast = ({ task }: Scheduled, index: number) => inside[index + 1]?.task !== task
    items.push(
      ...inside.filter((phase, index) => !isLast(phase, index)).map((phase) => itemOf(phase, touchedBy(phase.task))),
    )
    items.push(imageByImage(inside.filter(isLast), region, together(inside.map((phase) => touchedBy(phase.task)))))
    at += inside.length
  }
  return items
}

const itemOf = ({ phase: { turns, grain }, func, alone }: Scheduled, touched: Touched): Item => ({
  touched,
  turns,
  grain,
  alone,
  run: (begin, end) => [call(func, { begin, end })],
})

/** The phases of a region: chunk after chunk of images through all of them, or all of a thread's images through each. */
function imageByImage(phases: readonly Scheduled[], region: Region, touched: Touched): Item {
  const { images, chunk, depthFirst } = region
  return {
    touched,
    turns: Math.ceil(images / chunk),
    grain: 1,
    alone: phases.every(({ alone }) => alone),
    run: (begin, end, f) => {
      const [first, last] = [f.local('i32', 'first'), f.local('i32', 'last')]
      const calls = phases.map(({ phase, func }) => {
        const { turns, images: together = 1 } = phase
        const turnAt = (image: Node<'i32'>) =>
          together > 1 ? i32.div_u(i32.add(image, together - 1), together) : i32.mul(image, turns / images)
        return call(func, { begin: turnAt(first.get), end: turnAt(last.get) })
      })
      const edge = (at: Local<'i32'>) => atMost(i32.mul(at, chunk), images)
      if (!depthFirst) return [first.set(edge(begin)), last.set(edge(end)), ...calls]
      const at = f.local('i32', 'chunk')
      const next = [first.set(edge(at)), at.set(i32.add(at, 1)), last.set(edge(at))]
      return [at.set(begin), whileLoop(i32.lt_u(at, end), [...next, ...calls])]
    },
  }
}

/** What code is made of that several threads run together. */
interface Together {
  readonly share: Share
  /** Finds this thread's share of the stretch that begins. */
  readonly begin: () => readonly Node<'none'>[]
  /** Ends a stretch, shared out in so many parts at least, with a meeting. */
  readonly end: (parts: number) => readonly Node<'none'>[]
}

/**
 * All items in order. Threads meet only where one of them would else touch what another one may not be done with; and in the end.
 */
function schedule(
  items: readonly Item[],
  thread: Local<'i32'>,
  together: Together,
  f: FunctionBuilder,
): Node<'none'>[] {
  const { share } = together
  const [begin, end] = [f.local('i32', 'begin'), f.local('i32', 'end')]
  const whole = ({ turns, run }: Item) => whenFirst(thread, [begin.set(0), end.set(turns), ...run(begin, end, f)])
  if (items.every(({ alone }) => alone)) return items.map(whole)
  let since: Item[] = []
  const nodes = items.flatMap((item) => {
    const { turns, grain, alone, run, touched } = item
    const waits = since.some((before) => !(before.alone && alone) && conflicts(before.touched, touched))
    const meeting = waits ? together.end(fewestParts(since)) : []
    if (waits) since = []
    const begins = alone || since.some((before) => !before.alone) ? [] : together.begin()
    since.push(item)
    if (alone) return [...meeting, whole(item)]
    const edge = (of: Local<'i32'>) => atMost(i32.mul(partOf(of, partsOf(item)), grain), turns)
    const own = ifElse(i32.lt_u(begin, end), run(begin, end, f))
    return [...meeting, ...begins, begin.set(edge(share.from)), end.set(edge(share.to)), own]
  })
  return [...nodes, ...together.end(fewestParts(since))]
}

/** So many looks count as waiting at most, at one meeting. */
const MOST_LOOKS = 8 * LOOKS

/** What a thread does of each item, from 0 to `WHOLE`. */
interface Share {
  readonly from: Local<'i32'>
  readonly to: Local<'i32'>
}

const partsOf = ({ turns, grain }: Item): number => Math.ceil(turns / grain)

/** The fewest parts that any of the items is shared out in; none where one thread does all of them alone. */
function fewestParts(items: readonly Item[]): number {
  const shared = items.filter(({ alone }) => !alone)
  return shared.length === 0 ? 0 : Math.min(...shared.map(partsOf))
}

/** The part of so many that an edge between shares is nearest to; the first of two: the last one of all may be short. */
const partOf = (edge: Local<'i32'>, parts: number): Node<'i32'> => {
  const product = i64.mul(i64.extend_i32_u(edge), BigInt(parts))
  return i32.wrap_i64(i64.div_u(i64.add(product, BigInt(WHOLE / 2 - 1)), BigInt(WHOLE)))
}

const whenFirst = (thread: Local<'i32'>, work: Node<'none'> | readonly Node<'none'>[]): Node<'none'> =>
  ifElse(i32.eqz(thread), work)

const atMost = (value: Node<'i32'>, most: number): Node<'i32'> => select(value, i32.const(most), i32.lt_u(value, most))

/**
 * Waits until every thread has come here; how often it has looked for them. The count of arrivals only grows, and wraps: it is
 * compared by the difference. Threads spin, as what separates them is far shorter than a wait in the system; where a core is taken
 * away from one of them, the others give way after a while.
 */
function defineMeeting(module: WasmModule) {
  const stalled = module.importFunc('env', 'stalled', { params: { meeting: 'i32' } })
  return module.func('meet', { params: { arrived: 'i32' }, result: 'i32' }, ({ arrived }, f) => {
    const [now, rounds, looks] = [f.local('i32', 'now'), f.local('i32', 'rounds'), f.local('i32', 'looks')]
    const look = now.tee(i32.atomic.load(CONTROL.meeting))
    const missing = i32.lt_s(i32.sub(look, arrived), 0)
    const nap = [
      looks.set(i32.add(looks, rounds)),
      rounds.set(0),
      drop(i32.atomic.rmw.add(CONTROL.napping, 1)),
      call(stalled, { meeting: now }),
      drop(i32.atomic.rmw.sub(CONTROL.napping, 1)),
    ]
    const wait = [
      drop(i32.atomic.rmw.add(CONTROL.meeting, 1)),
      ifElse(i32.ne(i32.atomic.load(CONTROL.napping), 0), drop(memory.atomic.notify(CONTROL.meeting, -1))),
      whileLoop(missing, [rounds.set(i32.add(rounds, 1)), ifElse(i32.gt_u(rounds, LOOKS), nap)]),
    ]
    // Whoever waits long looks less often, if it may wait in the system.
    return sequence(wait, lesser(i32.add(looks, rounds), i32.const(MOST_LOOKS)))
  })
}

/** Elements times operations, roughly. */
function workOf(task: Task): number {
  switch (task.kind) {
    case 'random':
      return 20 * task.size
    case 'winogradImages':
      return sizeOf(task.out) * task.images[3]!
    case 'winogradFilters':
      return sizeOf(task.cotangents) * task.images[3]!
    case 'pooledFilters':
      return sizeOf(task.windows) * task.filters
    default:
      return sizeOf(task.lengths)
  }
}
