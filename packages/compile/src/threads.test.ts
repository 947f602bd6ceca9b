import { spawnSync } from 'node:child_process'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type Tensor, tensor } from '@cotangent/core'
import { add, matmul, mul, sum, tanh } from '@cotangent/ops'
import { afterEach, expect, test, vi } from 'vitest'
import { compile } from './compile.ts'
import { CONTROL } from './control.ts'
import { integers, plain } from './exact.fixtures.ts'
import type { Graph } from './graph.ts'
import { makeProgram } from './program.ts'
import { Session } from './session.ts'
import { step, stepArgs, withThreads } from './threads.fixtures.ts'
import { stallWatch, ThreadError } from './threads.ts'
import { Result, trace } from './trace.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

test('one, two and three threads give the same bits, run after run', () => {
  const [one, two, three] = [1, 2, 3].map((threads) => withThreads(threads, step, stepArgs()))
  const expected = one!()
  for (let run = 0; run < 5; run++) {
    expect(two!()).toEqual(expected)
    expect(three!()).toEqual(expected)
  }
})

test('turns of a scatter that add to the same places are not shared out', () => {
  const shape = [3, 30_000]
  // A window that slides by one: turns of the first loop, run side by side, would add to the same places at the same time.
  const axes = shape.map(() => ({ source: 0, step: 1 }))
  const kernel = { family: 'scatterView', view: { source: [30_002], shape, axes, start: [0], fill: 0 } } as const
  const origin = { from: 'kernel', kernel, inputs: [0], name: 'scatter', scope: '' } as const
  const graph: Graph = {
    nodes: [
      { shape, dtype: 'float32', origin: { from: 'argument', index: 0 } },
      { shape: [30_002], dtype: 'float32', origin },
    ],
    results: [1],
  }
  const x = integers(shape, 'float32')
  const expected = new Float32Array(30_002)
  for (let at = 0; at < x.size; at++) expected[Math.floor(at / 30_000) + (at % 30_000)]! += x.data[at]!
  for (const threads of [1, 2, 3]) {
    const program = makeProgram({ graph, args: [], numbers: [], value: new Result(0) }, new Session({ threads }))
    program.write(0, x)
    for (let run = 0; run < 20; run++) {
      program.run()
      expect(plain(program.read()), `${threads} threads`).toBe(plain(tensor(expected)))
    }
  }
})

test('several programs share the threads of a session, each called many times', () => {
  const session = new Session({ threads: 2 })
  const x = integers([300, 300], 'float32')
  const programs = [(y: Tensor) => mul(y, 2), (y: Tensor) => matmul(y, y), (y: Tensor) => sum(add(y, 1))].map((f) => {
    const program = makeProgram(trace(f as (...args: never[]) => unknown, [x]), session)
    return { program, expected: plain(f(x)) }
  })
  for (let call = 0; call < 60; call++) {
    const { program, expected } = programs[(call * 7 + (call >> 2)) % 3]!
    program.write(0, x)
    program.run()
    if (call % 10 === 0) expect(plain(program.read())).toEqual(expected)
  }
})

test('a worker that has ended gives an error instead of a hang', async () => {
  // Workers of earlier tests are announced first.
  await setImmediate()
  const started = new Promise<Worker>((resolve) => process.once('worker', resolve))
  const run = withThreads(2, (x: Tensor) => matmul(x, x), [integers([200, 200], 'float32')])
  run()
  await (await started).terminate()
  // Minutes go by each time that somebody looks.
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 60_000
    return now
  })
  expect(run).toThrow(ThreadError)
})

test('a worker that failed is noticed by those that wait', () => {
  const { memory } = new Session({ threads: 2 })
  const watch = stallWatch(memory)
  watch()
  new Int32Array(memory.buffer)[CONTROL.failed / 4] = 1
  expect(watch).toThrow(/worker thread failed/)
})

test('threads that arrive in time are waited for, however long it takes', () => {
  const { memory } = new Session({ threads: 2 })
  const control = new Int32Array(memory.buffer)
  const watch = stallWatch(memory)
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const wait = (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      now += 1000
      watch()
    }
  }
  for (let arrivals = 0; arrivals < 10; arrivals++) {
    control[CONTROL.meeting / 4] = arrivals
    wait(15)
  }
  expect(() => wait(10)).toThrow(ThreadError)
})

test('a process that stood still for an hour, as after Ctrl-Z, goes on to wait', () => {
  const { memory } = new Session({ threads: 2 })
  const watch = stallWatch(memory)
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  for (let look = 0; look < 5; look++) {
    expect(watch).not.toThrow()
    now += look === 3 ? 3_600_000 : 50
  }
})

test('a program is counted, and workers are woken, before one of them can get it', () => {
  const post = vi.spyOn(Worker.prototype, 'postMessage')
  const session = new Session({ threads: 2 })
  const seen = () => {
    const control = new Int32Array(session.memory.buffer)
    return [control[CONTROL.added / 4], control[CONTROL.generation / 4]]
  }
  const posted: unknown[] = []
  post.mockImplementation((message) => {
    if ('module' in message) posted.push(seen())
  })
  const after: unknown[] = []
  const x = integers([60, 60], 'float32')
  for (let at = 0; at < 3; at++) {
    makeProgram(
      trace((y: Tensor) => matmul(add(y, at), y), [x]),
      session,
    )
    after.push(seen())
  }
  // What changes later starts a program.
  expect(posted).toEqual(after)
  expect(posted).toEqual([1, 2, 3].map((count) => [count, count]))
})

test('the calling thread runs alone until the others are there, with the same bits', async () => {
  vi.stubEnv('COTANGENT_WAIT_FOR_THREADS', '')
  const session = new Session({ threads: 2 })
  const x = integers([60, 60], 'float32')
  const f = (y: Tensor) => matmul(tanh(y), y)
  const { write, run, read } = makeProgram(trace(f, [x]), session)
  write(0, x)
  const results = new Set<string>()
  const meetings = () => Atomics.load(new Int32Array(session.memory.buffer), CONTROL.meeting / 4)
  const runOnce = () => {
    run()
    results.add(JSON.stringify(plain(read())))
  }
  runOnce()
  // No worker starts that soon.
  expect(meetings()).toBe(0)
  while (meetings() === 0) {
    await setImmediate()
    runOnce()
  }
  expect(results.size).toBe(1)
})

test.each([0, -1, 1.5, 100_000])('threads: %d is refused', (threads) => {
  expect(() => compile((x: Tensor) => x, { threads })).toThrow(/threads is/)
})

/** Steps of a net on two threads, then what the heap grew by over 10,000 of them, in bytes. Nothing in it ends the process. */
const LONG_RUN = `
import { tensor, valueAndGrad } from '@cotangent/core'
import { matmul, mean, mul, relu, square, sub } from '@cotangent/ops'
import { makeProgram } from './program.ts'
import { Session } from './session.ts'
import { carry } from './carry.ts'
import { trace } from './trace.ts'
const matrix = (n, m) => tensor(Float32Array.from({ length: n * m }, (_, at) => Math.sin(at)), { shape: [n, m] })
const shared = makeProgram(trace((x) => matmul(x, x), [matrix(200, 200)]), new Session({ threads: 2 }))
const training = carry({ w: matrix(20, 30), v: matrix(30, 5) }, { threads: 1 })
const step = training.step(({ w, v }, x, rate) => {
  const [loss, [dw, dv]] = valueAndGrad(([a, b]) => mean(square(matmul(relu(matmul(x, a)), b))))([w, v])
  return [{ w: sub(w, mul(dw, rate)), v: sub(v, mul(dv, rate)) }, loss]
})
const x = matrix(10, 20)
const xs = tensor(Float32Array.from({ length: 50 * 200 }, (_, at) => Math.sin(at % 200)), { shape: [50, 10, 20] })
const run = (steps) => {
  for (let at = 0; at < steps; at += 100) {
    for (let single = 0; single < 50; single++) step(x, 0.01 / (1 + at)).item()
    step.many(xs, 0.01 / (1 + at)).data
    for (let time = 0; time < 5; time++) shared.run()
  }
}
// A collection leaves what it found last to the next one.
const heap = () => {
  for (let time = 0; time < 3; time++) gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
run(8000)
const before = heap()
run(10_000)
console.log(heap() - before)
`

test('the process of a long run neither grows nor is kept alive by workers', () => {
  const flags = ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', LONG_RUN]
  const { stdout, stderr, status } = spawnSync(process.execPath, flags, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    timeout: 50_000,
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  // Code that the engine improves meanwhile counts as well; but an object for each step, of 16 bytes at least, would be more.
  expect(Number(stdout)).toBeLessThan(100_000)
})
