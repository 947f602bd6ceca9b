import { CotangentError } from '@cotangent/core'
import { Balance } from './balance.ts'
import { CONTROL, controlEnd } from './control.ts'
import { PAGE_BYTES } from './fresh-memory.ts'
import { SharedWork } from './shared-work.ts'
import { doWhile, sequence } from './wasm/control.ts'
import { type WebAssemblyMemory, type WebAssemblyModule, webAssembly } from './wasm/engine.ts'
import { i32 } from './wasm/instructions.ts'
import { WasmModule } from './wasm/module.ts'
import { environmentVariable, type HostWorker, mayWait, startWorker } from './workers/host.ts'

/** A thread of a program stopped working. */
export class ThreadError extends CotangentError {
  override name = 'ThreadError'
}

/** How often a worker looks for the next program, or a thread for the others at a meeting, before it looks at the clock: 3 to 30 µs. */
export const LOOKS = 10_000

/**
 * How long threads look for each other before they wait in the system, from which they come back late: longer than what one thread
 * does alone, or a loop of single steps between them. With 25 µs some processes made their steps of 0.27 ms in 0.6 ms. Whoever looks
 * on keeps others from the core, though: with 500 µs, steps on a busy machine took ten times as long.
 */
const LOOKING_MS = 0.25

/**
 * What each worker runs. It sits in one message after another: to be given a program that it does not have it must leave the
 * loop, as only its event loop brings messages.
 */
const WORKER = `
let memory, control, thread, threads, spin, CONTROL, LOOKS, imports
const programs = []
let held = 0
let seen = 0
const at = (address) => address / 4
const load = (address) => Atomics.load(control, at(address))
const start = (module) => new WebAssembly.Instance(module, imports).exports
const patience = (ms) => {
  let what, since
  return (seen) => {
    const now = performance.now()
    if (seen !== what) [what, since] = [seen, now]
    return now - since < ms
  }
}
let looksOn, looksOnForOthers
function serve() {
  while (load(CONTROL.added) === held) {
    let now = spin(CONTROL.generation, seen, LOOKS)
    if (now === seen && looksOn(seen)) continue
    if (now === seen) {
      Atomics.add(control, at(CONTROL.sleeping), 1)
      Atomics.wait(control, at(CONTROL.generation), seen)
      Atomics.sub(control, at(CONTROL.sleeping), 1)
      now = load(CONTROL.generation)
    }
    if (now === seen || load(CONTROL.added) !== held) continue
    seen = now
    programs[load(CONTROL.program)](thread, threads, load(CONTROL.arrived), load(CONTROL.steps), load(CONTROL.rows))
  }
}
listen((message) => {
  try {
    if (memory === undefined) {
      ;({ memory, thread, threads, CONTROL, LOOKS } = message)
      control = new Int32Array(memory.buffer, 0, CONTROL.end / 4)
      // Only the calling thread gives up waiting; when it does, it ends this worker.
      const stalled = (meeting) => {
        if (!looksOnForOthers(meeting)) Atomics.wait(control, at(CONTROL.meeting), meeting, message.NAP_MS)
      }
      imports = { env: { memory, stalled } }
      ;[looksOn, looksOnForOthers] = [patience(message.LOOKING_MS), patience(message.LOOKING_MS)]
      spin = start(message.spinner).spin
      return
    }
    if (message.touch !== undefined) {
      const { address, bytes, PAGE_BYTES } = message.touch
      const words = new Int32Array(memory.buffer)
      for (let page = Math.floor((bytes - 4) / PAGE_BYTES) - thread + 1; page >= 0; page -= threads - 1) {
        Atomics.add(words, at(address) + page * (PAGE_BYTES / 4), 0)
      }
      return
    }
    programs[message.place] = start(message.module).run
    held++
    // Programs are run with threads only once all workers hold all of them: whatever was started before is not this one's.
    seen = load(CONTROL.generation)
    Atomics.add(control, at(CONTROL.loaded), 1)
    Atomics.notify(control, at(CONTROL.loaded))
    serve()
  } catch (error) {
    Atomics.store(control, at(CONTROL.failed), 1)
    throw error
  }
})
`

/** One thread's share of a program: see `emitProgram`. */
export type ThreadShare = (thread: number, threads: number, arrived: number, steps: number, rows: number) => void

/** Workers that run programs together with the calling thread, on one shared memory. Started when first needed. */
export class ThreadPool {
  /** The calling thread included. */
  readonly threads: number
  readonly #control: Int32Array
  readonly #workers: readonly HostWorker[]
  readonly #stalled: () => undefined
  readonly #patient = mayWait() && environmentVariable('COTANGENT_WAIT_FOR_THREADS') === '1'
  /** Of each program, at its place. */
  readonly #work: SharedWork[] = []
  /** Of the program that ran last, and whether it did since what its threads waited was learnt from. */
  #last: SharedWork | undefined
  #hasWaits = false
  readonly #speeds: Balance
  readonly #free: number[] = []
  #added = 0
  #arrived = 0
  /** Why a run ended before its last meeting: each further one would give wrong results. */
  #failure: unknown

  /** @throws Error where the engine refuses workers. */
  constructor(memory: WebAssemblyMemory, threads: number) {
    this.threads = threads
    this.#stalled = stallWatch(memory)
    this.#control = new Int32Array(memory.buffer, 0, controlEnd(threads) / 4)
    this.#speeds = new Balance(threads)
    const spinner = spinModule()
    this.#workers = Array.from({ length: threads - 1 }, (_, index) => {
      const worker = startWorker(WORKER)
      worker.post({ memory, thread: index + 1, threads, spinner, CONTROL, LOOKS, LOOKING_MS, NAP_MS })
      return worker
    })
  }

  /**
   * Has workers that have no program yet touch memory, the last page first, as the calling thread fills it from the first one on. What
   * is there stays: nothing is added to it, at once.
   */
  touch(address: number, bytes: number): void {
    if (this.#added > 0) return
    for (const worker of this.#workers) worker.post({ touch: { address, bytes, PAGE_BYTES } })
  }

  /**
   * Hands a program to all workers; the place that it is started by. `parts` says in how many parts the work before each of its
   * meetings is shared out. It is counted, and all are woken, before it is posted. A worker that got it before it was counted would
   * hold more than were added, leave for its event loop to be given what is missing, and stay there for good; one that got it before
   * the wake would take that for the start of a program.
   */
  add(module: WebAssemblyModule, parts: readonly number[]): number {
    const place = this.#free.pop() ?? this.#work.length
    this.#work[place] = new SharedWork(this.#control, this.#speeds, parts)
    this.#added++
    Atomics.store(this.#control, CONTROL.added / 4, this.#added)
    this.#wake()
    for (const worker of this.#workers) worker.post({ module, place })
    return place
  }

  /** Gives the place of a program, which is not run any more, to the next one. */
  remove(place: number): void {
    this.#free.push(place)
  }

  /**
   * Runs a program on all threads, and shares the next one out by what they waited for each other; `run` is the calling thread's
   * share, `meetings` how often they meet in it. The calling thread does not wait for workers that are about to start, or to load a
   * program: it runs alone until then, with the same bits. Only with `COTANGENT_WAIT_FOR_THREADS=1` in the environment does it wait,
   * if it may: tests of threads then always have them.
   */
  run(program: number, meetings: number, steps: number, rows: number, run: ThreadShare): void {
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#ready()) {
      run(0, 1, 0, steps, rows)
      return
    }
    const control = this.#control
    const work = this.#work[program]!
    if (work !== this.#last) {
      if (this.#hasWaits) this.#last?.learn()
      work.share()
      this.#last = work
    }
    Atomics.store(control, CONTROL.program / 4, program)
    Atomics.store(control, CONTROL.arrived / 4, this.#arrived)
    Atomics.store(control, CONTROL.steps / 4, steps)
    Atomics.store(control, CONTROL.rows / 4, rows)
    this.#wake()
    try {
      run(0, this.threads, this.#arrived, steps, rows)
    } catch (error) {
      // Threads do not know any more where the others are.
      this.#failure = error
      throw error
    }
    this.#arrived = (this.#arrived + meetings * this.threads) | 0
    this.#hasWaits = !work.isDue()
    if (!this.#hasWaits) {
      work.learn()
      work.share()
    }
  }

  /**
   * Whether all workers hold all programs.
   *
   * @throws ThreadError where one has failed, or they have been expected for very long.
   */
  #ready(): boolean {
    for (;;) {
      const loaded = Atomics.load(this.#control, CONTROL.loaded / 4)
      if (loaded === this.#added * this.#workers.length) return true
      this.#stalled()
      if (!this.#patient) return false
      Atomics.wait(this.#control, CONTROL.loaded / 4, loaded, NAP_MS)
    }
  }

  /** Ends the workers' wait for something to do. */
  #wake(): void {
    Atomics.add(this.#control, CONTROL.generation / 4, 1)
    if (Atomics.load(this.#control, CONTROL.sleeping / 4) > 0) Atomics.notify(this.#control, CONTROL.generation / 4)
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end()))
  }
}

/** The longest wait in the system before a thread looks again whether the others still run. */
const NAP_MS = 50

let refusalTold = false

/** The workers of a memory; none, which is said once, where the engine or its policy refuses them. */
export function startThreads(memory: WebAssemblyMemory, threads: number): ThreadPool | undefined {
  try {
    return new ThreadPool(memory, threads)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (!refusalTold) console.warn(`compile: worker threads are refused here (${reason}); programs run on one thread`)
    refusalTold = true
    return undefined
  }
}

/** How long a thread waits for the others before it gives up: a worker that has ended never comes. */
const PATIENCE_MS = 20_000

/**
 * As how much waiting counts at most what lies between two looks, which are far closer: in what is longer the whole process stood
 * still, as after Ctrl-Z, or had something else to do.
 */
const MOST_BETWEEN_LOOKS_MS = 1000

/** Whether what was seen has not been the same for so long, by the clock; as {@link WORKER} has it. */
function patience(ms: number): (seen: number) => boolean {
  let what: number | undefined
  let since = 0
  return (seen) => {
    const now = performance.now()
    if (seen !== what) [what, since] = [seen, now]
    return now - since < ms
  }
}

/**
 * What the calling thread does from time to time while it looks for the others: once it has done so for long it waits in the system
 * for a while, if it may, and throws where they will not come any more. `meeting` is the count of arrivals that it saw.
 */
export function waitForOthers(memory: WebAssemblyMemory): (meeting: number) => undefined {
  const watch = stallWatch(memory)
  const may = mayWait()
  const looksOn = patience(LOOKING_MS)
  return (meeting) => {
    if (looksOn(meeting)) return undefined
    if (may) Atomics.wait(new Int32Array(memory.buffer, 0, CONTROL.end / 4), CONTROL.meeting / 4, meeting, NAP_MS)
    return watch()
  }
}

/** What waiting threads call from time to time: throws once a worker has failed, or nobody has come for very long. */
export function stallWatch(memory: WebAssemblyMemory): () => undefined {
  let [waited, before] = [0, 0]
  let arrivals = -1
  return () => {
    const control = new Int32Array(memory.buffer, 0, CONTROL.end / 4)
    if (control[CONTROL.failed / 4] === 1) {
      throw new ThreadError(
        'compile: a worker thread failed while it ran its share of a program; run with { threads: 1 } to see the error',
      )
    }
    const arrived = Atomics.load(control, CONTROL.meeting / 4) + Atomics.load(control, CONTROL.loaded / 4)
    const now = performance.now()
    waited = arrived === arrivals ? waited + Math.min(now - before, MOST_BETWEEN_LOOKS_MS) : 0
    before = now
    arrivals = arrived
    if (waited > PATIENCE_MS) {
      throw new ThreadError(
        'compile: a worker thread has ended and does not come to the meeting of threads; run with { threads: 1 }',
      )
    }
    return undefined
  }
}

/** Waits for a value in memory to change, looking so many times. */
function spinModule(): WebAssemblyModule {
  const module = new WasmModule('spin')
  module.importMemory('env', 'memory', { initial: 1, maximum: 65_536, shared: true })
  const params = { address: 'i32', seen: 'i32', times: 'i32' } as const
  module.func('spin', { params, result: 'i32', export: true }, ({ address, seen, times }, f) => {
    const now = f.local('i32', 'now')
    const changed = i32.ne(now.tee(i32.atomic.load(address)), seen)
    const again = i32.and(i32.eqz(changed), i32.gt_s(times.tee(i32.sub(times, 1)), 0))
    return sequence(doWhile([], again), now)
  })
  return new webAssembly.Module(module.encode())
}
