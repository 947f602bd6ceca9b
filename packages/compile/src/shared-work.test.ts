import { type AnyTensor, full, type Tensor, zeros } from '@cotangent/core'
import { conv2d, matmul, maxPool2d, mul, relu, sub, sum } from '@cotangent/ops'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Balance, WHOLE } from './balance.ts'
import { compile } from './compile.ts'
import { integers, plain } from './exact.fixtures.ts'
import { makeProgram } from './program.ts'
import { Session } from './session.ts'
import { step, stepArgs, withThreads } from './threads.fixtures.ts'
import { CONTROL, LINE, LOOKS, ThreadError, ThreadPool, type ThreadShare } from './threads.ts'
import { argumentLeaves, trace } from './trace.ts'
import { webAssembly } from './wasm/engine.ts'

beforeEach(() => vi.stubEnv('COTANGENT_WAIT_FOR_THREADS', '1'))

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

test.each([
  { threads: 2, shares: [[0], [0.01], [0.3], [0.49], [0.5], [0.51], [0.77], [1]] },
  {
    threads: 3,
    shares: [
      [0, 0],
      [0.1, 0.9],
      [0.34, 0.36],
      [0.62, 0.81],
      [1, 1],
    ],
  },
])('however $threads threads share the work, they give the same bits', ({ threads, shares }) => {
  const expected = withThreads(1, step, stepArgs())()
  const edges = vi.spyOn(Balance.prototype, 'edges')
  for (const between of shares) {
    edges.mockReturnValue([0, ...between.map((share) => Math.round(share * WHOLE)), WHOLE])
    const run = withThreads(threads, step, stepArgs())
    for (let time = 0; time < 2; time++) expect(run(), `${between}`).toEqual(expected)
  }
})

test('however threads share images that go through several layers one after the other, they give the same bits', () => {
  const net = (x: Tensor, w: Tensor) => maxPool2d(relu(conv2d(x, w, null)), { kernel: 2 })
  const args: [Tensor, Tensor] = [integers([30, 1, 28, 28], 'float32'), integers([16, 1, 5, 5], 'float32', 1)]
  const expected = withThreads(1, net, args)()
  expect(`${compile(net, { threads: 1 }).explain({ args })}`).toContain('some images at a time')
  const edges = vi.spyOn(Balance.prototype, 'edges')
  for (const share of [0, 0.01, 0.37, 0.99, 1]) {
    edges.mockReturnValue([0, Math.round(share * WHOLE), WHOLE])
    expect(withThreads(2, net, args)(), `${share}`).toEqual(expected)
  }
})

const PAGE = 65_536

/** Runs the first thread's share of a program of two, whose second one comes to each meeting late and does nothing. */
function firstOfTwo(
  f: (...args: never[]) => unknown,
  args: readonly AnyTensor[],
  share: number,
  { from = 0, begins = () => undefined }: { readonly from?: number; readonly begins?: (session: Session) => void } = {},
) {
  const start = vi.spyOn(Session.prototype, 'start')
  start.mockReturnValue({ run: () => undefined, release: () => undefined })
  const session = new Session({ threads: 2 })
  begins(session)
  const { write, read } = makeProgram(trace(f, args), session)
  for (const [index, leaf] of argumentLeaves(args).entries()) write(index, leaf)
  const { module, meetings } = start.mock.lastCall![0]
  const control = new Int32Array(session.memory.buffer)
  const stalled = () => Atomics.add(control, CONTROL.meeting / 4, 1)
  const { exports } = new webAssembly.Instance(new webAssembly.Module(module.encode()), {
    env: { memory: session.memory, stalled },
  })
  control[LINE.share / 4] = from * WHOLE
  control[(LINE.bytes + LINE.share) / 4] = share * WHOLE
  control[(2 * LINE.bytes + LINE.share) / 4] = WHOLE
  ;(exports.run as ThreadShare)(0, 2, 0, 1, 0)
  return { result: read() as Tensor, meetings, waited: control[LINE.waited / 4]! }
}

test('a thread without a part reads nothing, not even behind the end of memory', () => {
  const rows = full([24, 784], 1)
  const begins = (session: Session) => {
    // What is copied there next ends where memory does.
    session.scratch(1 << 20)
    const bytes = 4 * rows.size + 64
    session.allocate(PAGE - ((session.allocate(0) + bytes) % PAGE))
  }
  const { result } = firstOfTwo((x: Tensor) => matmul(rows, x), [full([784, 8], 1)], 1, { from: 1, begins })
  expect(plain(result)).toBe(plain(zeros([24, 8])))
})

test('a thread does its share of the rows', () => {
  const x = full([40, 40], 2)
  for (const share of [0.2, 0.5, 1]) {
    const { result } = firstOfTwo((x: Tensor) => matmul(x, x), [x], share)
    const rows = Array.from({ length: 40 }, (_, row) => result.data[40 * row])
    expect(rows).toEqual(rows.map((_, row) => (row < 40 * share ? 160 : 0)))
  }
})

test('what a thread waits for others is counted, but where they waited for what one does alone', () => {
  const [x, few] = [full([250, 40], 2), full([40, 20], 1)]
  const all = firstOfTwo((x: Tensor) => mul(sub(x, 1), x), [x], 0.5)
  expect(all).toMatchObject({ meetings: 1, waited: LOOKS + 1 })
  const some = firstOfTwo((x: Tensor, few: Tensor) => mul(x, sum(few, { axis: 1 })), [x, few], 0.5)
  expect(some).toMatchObject({ meetings: 2, waited: LOOKS + 1 })
})

test('what is shared out in few parts tells nothing of the threads', () => {
  const sums = (x: Tensor) => sum(x, { axis: 1 })
  expect(firstOfTwo(sums, [full([20, 3000], 2)], 0.5)).toMatchObject({ meetings: 1, waited: 0 })
  expect(firstOfTwo(sums, [full([200, 300], 2)], 0.5)).toMatchObject({ meetings: 1, waited: LOOKS + 1 })
})

test('a run after one that failed fails, too, instead of giving what threads left half done', async () => {
  const pool = new ThreadPool(new Session({ threads: 2 }).memory, 2)
  const run = vi.fn<ThreadShare>(() => {
    throw new ThreadError('the other one has ended')
  })
  for (let time = 0; time < 3; time++) expect(() => pool.run(0, 1, 1, 0, run)).toThrow('the other one has ended')
  expect(run).toHaveBeenCalledTimes(1)
  await pool.close()
})

test('after each run its waits, and no others, move the shares of the next', () => {
  const learn = vi.spyOn(Balance.prototype, 'learn')
  // The first thread has next to nothing to do, and waits.
  vi.spyOn(Balance.prototype, 'edges').mockReturnValue([0, WHOLE / 8, WHOLE])
  const x = full([400, 400], 2)
  const session = new Session({ threads: 2 })
  const { write, run } = makeProgram(
    trace((x: Tensor) => matmul(x, x), [x]),
    session,
  )
  write(0, x)
  for (let time = 0; time < 20; time++) run()
  // All of them with both threads.
  expect(learn).toHaveBeenCalledTimes(20)
  const waits = learn.mock.calls.map(([[first]]) => first!)
  const control = new Int32Array(session.memory.buffer)
  const waited = waits.reduce((a, b) => a + b)
  expect(waited).toBeGreaterThan(0)
  expect(waited).toBe(control[LINE.waited / 4])
  const shares = (learn.mock.contexts[0] as Balance).edges()
  expect(shares.map((_, thread) => control[(thread * LINE.bytes + LINE.share) / 4])).toEqual(shares)
})
