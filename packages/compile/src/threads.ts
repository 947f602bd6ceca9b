import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { CotangentError } from '@cotangent/core'
import { doWhile, sequence } from './wasm/control.ts'
import { type WebAssemblyMemory, type WebAssemblyModule, webAssembly } from './wasm/engine.ts'
import { i32 } from './wasm/instructions.ts'
import { WasmModule } from './wasm/module.ts'

/** A thread of a program stopped working. */
export class ThreadError extends CotangentError {
  override name = 'ThreadError'
}

/** Where threads of a session find each other, as byte addresses at the start of its memory. */
export const CONTROL = {
  /** Counts the programs started; workers wait for it to change. */
  generation: 0,
  /** Which program to run, and the arrivals at meetings before it. */
  program: 4,
  arrived: 8,
  /** How many workers wait in the system, and must be woken. */
  sleeping: 12,
  /** 1 once a worker has failed. */
  failed: 16,
  /** Arrivals at meetings; on a cache line of its own, as all threads spin on it. */
  meeting: 64,
  /** How many threads wait at a meeting in the system, and must be woken. */
  napping: 128,
  end: 192,
} as const

/** How often a worker looks for the next program before it waits in the system: some milliseconds, longer than a training loop takes between steps. */
const SPINS = 500_000

/** What each worker runs. It stands here as text, so that it needs no file of its own wherever this package is bundled. */
const WORKER = `
const { workerData, receiveMessageOnPort } = require('node:worker_threads')
const { memory, port, thread, threads, spinner, CONTROL, SPINS } = workerData
const control = new Int32Array(memory.buffer, 0, CONTROL.end / 4)
const at = (address) => address / 4
// Only the calling thread gives up waiting; when it does, it ends this worker.
const imports = { env: { memory, stalled() {} } }
const { spin } = new WebAssembly.Instance(spinner, imports).exports
const programs = []
let seen = 0
try {
  for (;;) {
    let now = spin(CONTROL.generation, seen, SPINS)
    if (now === seen) {
      Atomics.add(control, at(CONTROL.sleeping), 1)
      Atomics.wait(control, at(CONTROL.generation), seen)
      Atomics.sub(control, at(CONTROL.sleeping), 1)
      now = Atomics.load(control, at(CONTROL.generation))
    }
    if (now === seen) continue
    seen = now
    const program = Atomics.load(control, at(CONTROL.program))
    while (programs.length <= program) {
      const received = receiveMessageOnPort(port)
      if (received) programs.push(new WebAssembly.Instance(received.message, imports).exports.run)
    }
    programs[program](thread, threads, Atomics.load(control, at(CONTROL.arrived)))
  }
} catch (error) {
  Atomics.store(control, at(CONTROL.failed), 1)
  throw error
}
`

/** Workers that run programs together with the calling thread, on one shared memory. Started when first needed. */
export class ThreadPool {
  /** The calling thread included. */
  readonly threads: number
  readonly #control: Int32Array
  readonly #ports: readonly MessagePort[]
  readonly #workers: readonly Worker[]
  #programs = 0
  #arrived = 0

  constructor(memory: WebAssemblyMemory, threads: number) {
    this.threads = threads
    this.#control = new Int32Array(memory.buffer, 0, CONTROL.end / 4)
    const spinner = spinModule()
    const channels = Array.from({ length: threads - 1 }, () => new MessageChannel())
    this.#ports = channels.map(({ port1 }) => port1)
    this.#workers = channels.map(({ port2 }, index) => {
      const workerData = { memory, port: port2, thread: index + 1, threads, spinner, CONTROL, SPINS }
      const worker = new Worker(WORKER, { eval: true, execArgv: [], workerData, transferList: [port2] })
      // Waiting workers must not keep the process alive.
      worker.unref()
      return worker
    })
    for (const port of this.#ports) port.unref()
  }

  /** Hands a program to all workers; the number that it is started by. */
  add(module: WebAssemblyModule): number {
    for (const port of this.#ports) port.postMessage(module)
    return this.#programs++
  }

  /** Runs a program on all threads; `run` is the calling thread's share, `meetings` how often they meet in it. */
  run(program: number, meetings: number, run: (thread: number, threads: number, arrived: number) => void): void {
    const control = this.#control
    const at = (address: number) => address / 4
    Atomics.store(control, at(CONTROL.program), program)
    Atomics.store(control, at(CONTROL.arrived), this.#arrived)
    Atomics.add(control, at(CONTROL.generation), 1)
    if (Atomics.load(control, at(CONTROL.sleeping)) > 0) Atomics.notify(control, at(CONTROL.generation))
    run(0, this.threads, this.#arrived)
    this.#arrived = (this.#arrived + meetings * this.threads) | 0
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}

/** How long a thread waits for the others before it gives up: a worker that has ended never comes. */
const PATIENCE_MS = 20_000

/** What waiting threads call from time to time: throws once a worker has failed, or nobody has come for very long. */
export function stallWatch(memory: WebAssemblyMemory): () => undefined {
  let since: number | undefined
  let arrivals = -1
  return () => {
    const control = new Int32Array(memory.buffer, 0, CONTROL.end / 4)
    if (control[CONTROL.failed / 4] === 1) {
      throw new ThreadError(
        'compile: a worker thread failed while it ran its share of a program; run with { threads: 1 } to see the error',
      )
    }
    const now = Atomics.load(control, CONTROL.meeting / 4)
    if (now !== arrivals || since === undefined) {
      arrivals = now
      since = performance.now()
    } else if (performance.now() - since > PATIENCE_MS) {
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
