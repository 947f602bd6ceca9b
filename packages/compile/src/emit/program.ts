import { sizeOf } from '@cotangent/core'
import type { NamedTask, Task } from '../tasks.ts'
import { CONTROL } from '../threads.ts'
import { call, drop, ifElse, select, whileLoop } from '../wasm/control.ts'
import type { Func, Local } from '../wasm/entities.ts'
import { i32, memory } from '../wasm/instructions.ts'
import { type FunctionBuilder, WasmModule } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import type { FunctionCaller } from './arithmetic.ts'
import { emitContract, scratchOf } from './contract.ts'
import type { Addresses } from './cursor.ts'
import { emitLoop } from './loop.ts'
import type { Phase } from './phase.ts'
import { emitRandom } from './random.ts'
import { emitScan } from './scan.ts'
import { emitScatter } from './scatter.ts'

/** Where a program's code finds things in memory, besides the nodes' own addresses. */
export interface ProgramLayout {
  readonly addresses: Addresses
  /** Working memory that all threads share, and where that of each begins. */
  readonly shared: number
  readonly own: number
  readonly ownBytes: number
}

/** The working memory that the largest of the tasks wants; each is alone with it while it runs. */
export function workingMemory(tasks: readonly NamedTask[]): { readonly shared: number; readonly own: number } {
  let [shared, own] = [0, 0]
  for (const { task } of tasks) {
    if (task.kind !== 'contract') continue
    const wanted = scratchOf(task)
    shared = Math.max(shared, wanted.shared)
    own = Math.max(own, wanted.own)
  }
  return { shared, own }
}

/** Less work than this, in elements times operations, is not worth a meeting of threads. */
const ALONE = 6000

/**
 * The module of a program: a function for each phase, which runs a range of its turns, and `run(thread, threads)`, which every
 * thread calls and which takes its share of each phase and meets the others before the next.
 */
export function emitProgram(
  name: string,
  tasks: readonly NamedTask[],
  layout: ProgramLayout,
  functionsOf: (module: WasmModule) => FunctionCaller,
  limits: { readonly maximum: number; readonly shared: boolean },
): EmittedProgram {
  const module = new WasmModule(name)
  module.importMemory('env', 'memory', { initial: 1, maximum: limits.maximum, shared: limits.shared })
  const meeting = limits.shared ? defineMeeting(module) : undefined
  const own = module.global('own', 'i32', layout.own)
  const functions = functionsOf(module)
  const context = { module, functions, addresses: layout.addresses, own: own.get, shared: layout.shared }
  const phases = tasks.flatMap(({ task, name: operation, place }) => {
    const alone = workOf(task) < ALONE
    return phasesOf(task, context).map((phase, at): Scheduled => {
      const func = module.func(
        `${operation}.${place}${at > 0 ? `.${at}` : ''}`,
        { params: RANGE },
        ({ begin, end }, f) => phase.build(f, begin, end),
      )
      return { phase, func, alone: alone || phase.turns === 1 }
    })
  })
  const run = { thread: 'i32', threads: 'i32', arrived: 'i32' } as const
  let meetings = 0
  module.func('run', { params: run, export: true }, ({ thread, threads, arrived }, f) => {
    const meet = () => {
      meetings++
      if (meeting === undefined) return []
      return [ifElse(i32.gt_u(threads, 1), [arrived.set(i32.add(arrived, threads)), call(meeting, { arrived })])]
    }
    return [
      own.set(i32.add(layout.own, i32.mul(thread, layout.ownBytes))),
      ...schedule(phases, thread, threads, f, meet),
    ]
  })
  return { module, meetings }
}

/** A program's module, and how often its threads meet in one run. */
export interface EmittedProgram {
  readonly module: WasmModule
  readonly meetings: number
}

const RANGE = { begin: 'i32', end: 'i32' } as const

interface Scheduled {
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
    case 'scatter':
      return emitScatter(task, addresses, functions)
    case 'scan':
      return [emitScan(task, addresses, functions)]
    case 'random':
      return [emitRandom(task, addresses)]
  }
}

/** All phases in order. Neighbours that the first thread does alone need no meeting between them. */
function schedule(
  phases: readonly Scheduled[],
  thread: Local<'i32'>,
  threads: Local<'i32'>,
  f: FunctionBuilder,
  meet: () => readonly Node<'none'>[],
): Node<'none'>[] {
  const [begin, end] = [f.local('i32', 'begin'), f.local('i32', 'end')]
  if (phases.every(({ alone }) => alone)) {
    return phases.map(({ phase, func }) => whenFirst(thread, call(func, { begin: 0, end: phase.turns })))
  }
  return phases.flatMap(({ phase, func, alone }, at) => {
    const { turns, grain } = phase
    if (alone) {
      const run = whenFirst(thread, call(func, { begin: 0, end: turns }))
      return phases[at + 1]?.alone ? [run] : [run, ...meet()]
    }
    const edge = (part: Node<'i32'>) => i32.mul(i32.div_u(i32.mul(part, Math.ceil(turns / grain)), threads), grain)
    return [
      begin.set(edge(thread.get)),
      end.set(atMost(edge(i32.add(thread, 1)), turns)),
      call(func, { begin, end }),
      ...meet(),
    ]
  })
}

const whenFirst = (thread: Local<'i32'>, work: Node<'none'>): Node<'none'> => ifElse(i32.eqz(thread), work)

const atMost = (value: Node<'i32'>, most: number): Node<'i32'> => select(value, i32.const(most), i32.lt_u(value, most))

/** Rounds of looking before a thread waits in the system: some 500 µs, far longer than threads are apart on cores of their own. */
const SPINS = 200_000

/** The longest wait in the system before a thread looks again whether the others still run, in nanoseconds. */
const NAP_NS = 50_000_000n

/**
 * Waits until every thread has come here. The count of arrivals only grows, and wraps: it is compared by the difference. Threads
 * spin, as what separates them is far shorter than a wait in the system; where a core is taken away from one of them, the others
 * give way after a while.
 */
function defineMeeting(module: WasmModule) {
  const stalled = module.importFunc('env', 'stalled')
  return module.func('meet', { params: { arrived: 'i32' } }, ({ arrived }, f) => {
    const [now, rounds] = [f.local('i32', 'now'), f.local('i32', 'rounds')]
    const look = now.tee(i32.atomic.load(CONTROL.meeting))
    const missing = i32.lt_s(i32.sub(look, arrived), 0)
    const nap = [
      drop(i32.atomic.rmw.add(CONTROL.napping, 1)),
      drop(memory.atomic.wait32(CONTROL.meeting, now, NAP_NS)),
      drop(i32.atomic.rmw.sub(CONTROL.napping, 1)),
      call(stalled),
    ]
    return [
      drop(i32.atomic.rmw.add(CONTROL.meeting, 1)),
      ifElse(i32.ne(i32.atomic.load(CONTROL.napping), 0), drop(memory.atomic.notify(CONTROL.meeting, -1))),
      whileLoop(missing, [rounds.set(i32.add(rounds, 1)), ifElse(i32.gt_u(rounds, SPINS), nap)]),
    ]
  })
}

/** Elements times operations, roughly. */
function workOf(task: Task): number {
  switch (task.kind) {
    case 'contract':
      return sizeOf(task.lengths)
    case 'random':
      return 20 * task.size
    default:
      return sizeOf(task.lengths)
  }
}
