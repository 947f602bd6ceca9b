import { type AnyTensor, full, type Tensor, zeros } from '@cotangent/core'
import { concat, conv2d, matmul, maxPool2d, mul, relu, sub, sum } from '@cotangent/ops'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Balance, WHOLE } from './balance.ts'
import { compile } from './compile.ts'
import { CONTROL, controlEnd, LINES, STRETCHES } from './control.ts'
import { integers, plain } from './exact.fixtures.ts'
import { makeProgram } from './program.ts'
import { Session } from './session.ts'
import { SharedWork } from './shared-work.ts'
import { step, stepArgs, withThreads } from './threads.fixtures.ts'
import { LOOKS, ThreadError, ThreadPool, type ThreadShare } from './threads.ts'
import { argumentLeaves, trace } from './trace.ts'
import { webAssembly } from './wasm/engine.ts'
import { WasmModule } from './wasm/module.ts'

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

test('however 2 threads share each stretch of the work, they give the same bits', () => {
  const expected = withThreads(1, step, stepArgs())()
  let calls = 0
  vi.spyOn(Balance.prototype, 'edges').mockImplementation(() => {
    calls++
    return [0, ((calls * 2_654_435_761) >>> 8) % WHOLE, WHOLE]
  })
  vi.spyOn(SharedWork.prototype, 'isDue').mockReturnValue(true)
  const run = withThreads(2, step, stepArgs())
  for (let time = 0; time < 20; time++) expect(run()).toEqual(expected)
  expect(calls).toBeGreaterThan(100)
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

interface First {
  /** Where its share begins. */
  readonly from?: number
  readonly begins?: (session: Session) => void
  /** Whether the program takes its arguments, all zero, from rows. */
  readonly rows?: boolean
}

/** Runs the first thread's share of a program of two, whose second one comes to each meeting late and does nothing. */
function firstOfTwo(
  f: (...args: never[]) => unknown,
  args: readonly AnyTensor[],
  share: number | ((stretch: number) => number),
  { from = 0, begins = () => undefined, rows = false }: First = {},
) {
  const start = vi.spyOn(Session.prototype, 'start')
  start.mockReturnValue({ run: () => undefined, release: () => undefined })
  const session = new Session({ threads: 2 })
  begins(session)
  const { write, read } = makeProgram(trace(f, args), session)
  for (const [index, leaf] of argumentLeaves(args).entries()) write(index, leaf)
  const { module, meetings, parts } = start.mock.lastCall![0]
  const control = new Int32Array(session.memory.buffer)
  const stalled = () => Atomics.add(control, CONTROL.meeting / 4, 1)
  const { exports } = new webAssembly.Instance(new webAssembly.Module(module.encode()), {
    env: { memory: session.memory, stalled },
  })
  for (let stretch = 0; stretch < meetings; stretch++) {
    const edges = [from, typeof share === 'number' ? share : share(stretch), 1]
    for (const [thread, edge] of edges.entries()) control[placeOf('share', thread, stretch)] = edge * WHOLE
  }
  ;(exports.run as ThreadShare)(0, 2, 0, 1, rows ? session.allocate(1 << 20) : 0)
  const waited = Array.from({ length: meetings + 1 }, (_, stretch) => control[placeOf('waited', 0, stretch)]!)
  return { result: read() as Tensor, parts, waited }
}

const placeOf = (what: 'share' | 'waited', thread: number, stretch: number) =>
  (LINES[what] + thread * LINES.bytes) / 4 + stretch

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

test('of each stretch a thread does its share', () => {
  const [x, y] = [full([100, 40], 2), full([40, 100], 1)]
  const f = (x: Tensor, y: Tensor) => {
    const product = matmul(x, y)
    return concat([product, matmul(product, product)])
  }
  // The first product, copies of what it gave, the second product, and what puts them together.
  const { result, parts } = firstOfTwo(f, [x, y], (stretch) => [0.8, 1, 0.4, 1][stretch]!)
  expect(parts).toHaveLength(4)
  const rows = Array.from({ length: 200 }, (_, row) => result.data[100 * row])
  expect(rows.slice(0, 100)).toEqual(rows.slice(0, 100).map((_, row) => (row < 80 ? 80 : 0)))
  expect(rows.slice(100)).toEqual(rows.slice(100).map((_, row) => (row < 40 ? 80 ** 3 : 0)))
})

test('what a thread waits for others is counted, stretch by stretch, and in how many parts these are shared out', () => {
  const [x, few] = [full([250, 40], 2), full([40, 20], 1)]
  const all = firstOfTwo((x: Tensor) => mul(sub(x, 1), x), [x], 0.5)
  expect(all).toMatchObject({ parts: [2500], waited: [LOOKS + 1, 0] })
  // The sums are so few that one thread makes them.
  const some = firstOfTwo((x: Tensor, few: Tensor) => mul(x, sum(few, { axis: 1 })), [x, few], 0.5)
  expect(some).toMatchObject({ parts: [0, 250], waited: [LOOKS + 1, LOOKS + 1, 0] })
  // All wait for the first one to bring the arguments, which is no stretch.
  expect(firstOfTwo((x: Tensor) => mul(sub(x, 1), x), [x], 0.5, { rows: true })).toMatchObject({
    waited: [LOOKS + 1, 0],
  })
  // What is made alone beside what is shared out is no part of it.
  const beside = (x: Tensor, few: Tensor) => [sub(x, 1), sum(few)]
  expect(firstOfTwo(beside, [x, few], 0.5)).toMatchObject({ parts: [2500] })
})

test('each stretch has a share of its own', () => {
  const [x, y] = [full([100, 40], 2), full([40, 100], 1)]
  const f = (x: Tensor, y: Tensor) => {
    const product = matmul(x, y)
    return matmul(product, product)
  }
  const expected = plain(f(x, y))
  vi.spyOn(SharedWork.prototype, 'isDue').mockReturnValue(false)
  const edges = vi.spyOn(Balance.prototype, 'edges')
  const given = [0.25, 0.75].map((share) => [0, share * WHOLE, WHOLE])
  for (const one of given) edges.mockReturnValueOnce(one)
  const session = new Session({ threads: 2 })
  const { write, run, read } = makeProgram(trace(f, [x, y]), session)
  for (const [index, leaf] of [x, y].entries()) write(index, leaf)
  run()
  expect(plain(read())).toBe(expected)
  const control = new Int32Array(session.memory.buffer)
  const found = [0, 1].map((stretch) => [0, 1, 2].map((thread) => control[placeOf('share', thread, stretch)]))
  expect(found).toEqual(given)
})

/** A control, and how a program of such parts is shared out in it. */
function sharedWork(threads: number, parts: readonly number[], speeds = new Balance(threads)) {
  const control = new Int32Array(controlEnd(threads) / 4)
  const work = new SharedWork(control, speeds, parts)
  const edgesOf = (stretch: number) =>
    Array.from({ length: threads + 1 }, (_, thread) => control[placeOf('share', thread, stretch)]!)
  const wait = (stretch: number, waits: readonly number[]) => {
    for (const [thread, looks] of waits.entries()) control[placeOf('waited', thread, stretch)]! += looks
  }
  return { control, work, edgesOf, wait, speeds }
}

test('a stretch is shared out anew by its own waits, of few parts by those of all', () => {
  const { work, edgesOf, wait, speeds } = sharedWork(2, [24, 23, 24, 0])
  for (let time = 0; time < 30; time++) {
    work.share()
    wait(0, [400, 10])
    wait(1, [0, 1000])
    wait(2, [10, 40])
    wait(3, [0, 1000])
    work.learn()
  }
  work.share()
  const [first, few, second, alone] = [0, 1, 2, 3].map((stretch) => edgesOf(stretch)[1]!)
  expect(first).toBeGreaterThan(0.6 * WHOLE)
  expect(second).toBeLessThan(0.5 * WHOLE)
  expect([few, alone]).toEqual([speeds.edges()[1], speeds.edges()[1]])
  // Of what tells, the first thread has waited 410, the second one 50.
  expect(few).toBeGreaterThan(0.5 * WHOLE)
  for (const stretch of [0, 1, 2, 3]) expect(edgesOf(stretch)).toMatchObject([0, {}, WHOLE])
})

test('the more threads, the more parts tell something', () => {
  const { work, edgesOf, wait } = sharedWork(3, [35, 36])
  for (const stretch of [0, 1]) wait(stretch, [0, 0, 0])
  work.share()
  for (const stretch of [0, 1]) wait(stretch, [90, 0, 0])
  vi.spyOn(Balance.prototype, 'learn')
  work.learn()
  // Of the second stretch, and of all.
  expect(vi.mocked(Balance.prototype.learn).mock.calls).toEqual([[[90, 0, 0]], [[90, 0, 0]]])
  work.share()
  expect(edgesOf(1)[1]).toBeGreaterThan(WHOLE / 3)
})

test('counts of waits that wrap are counted on, and those from before do not count', () => {
  const { control, work, wait } = sharedWork(2, [100])
  control[placeOf('waited', 0, 0)] = -3
  work.share()
  wait(0, [10, 4])
  const learn = vi.spyOn(Balance.prototype, 'learn')
  work.learn()
  expect(learn).toHaveBeenCalledWith([10, 4])
})

test('a program begins with the shares by which others got on', () => {
  const speeds = new Balance(2)
  for (let time = 0; time < 20; time++) speeds.learn([9, 1])
  const { work, edgesOf, wait } = sharedWork(2, [100], speeds)
  work.share()
  expect(edgesOf(0)).toEqual(speeds.edges())
  expect(edgesOf(0)[1]).toBeGreaterThan(0.55 * WHOLE)
  const before = [...speeds.edges()]
  wait(0, [0, 0])
  work.learn()
  expect(speeds.edges()).toEqual(before)
})

test('programs of more stretches than there is room for share out some of them alike', () => {
  const parts = Array.from({ length: STRETCHES + 2 }, (_, stretch) => (stretch === STRETCHES + 1 ? 1 : 100))
  const { work, control, wait, speeds } = sharedWork(2, parts)
  work.share()
  // The second one is also that of the last, of few parts.
  wait(1, [70, 0])
  wait(0, [7, 0])
  const learn = vi.spyOn(Balance.prototype, 'learn')
  work.learn()
  expect(learn).toHaveBeenCalledTimes(STRETCHES)
  expect(learn.mock.calls[0]).toEqual([[7, 0]])
  expect(learn.mock.lastCall).toEqual([[7, 0]])
  expect(learn.mock.contexts.at(-1)).toBe(speeds)
  expect(control[placeOf('share', 2, STRETCHES - 1)]).toBe(WHOLE)
})

test('a run after one that failed fails, too, instead of giving what threads left half done', async () => {
  const pool = new ThreadPool(new Session({ threads: 2 }).memory, 2)
  const program = pool.add(new webAssembly.Module(new WasmModule('empty').encode()), [])
  const run = vi.fn<ThreadShare>(() => {
    throw new ThreadError('the other one has ended')
  })
  for (let time = 0; time < 3; time++) expect(() => pool.run(program, 1, 1, 0, run)).toThrow('the other one has ended')
  expect(run).toHaveBeenCalledTimes(1)
  await pool.close()
})

/** A program in a session of two threads: a stretch that copies a matrix, in few parts, and one that multiplies. */
function product(session: Session) {
  const x = full([400, 400], 2)
  const { write, run } = makeProgram(
    trace((x: Tensor) => matmul(x, x), [x]),
    session,
  )
  write(0, x)
  return run
}

test('the waits of runs, and no others, move the shares of the next', () => {
  const learn = vi.spyOn(Balance.prototype, 'learn')
  vi.spyOn(SharedWork.prototype, 'isDue').mockReturnValue(true)
  // The first thread has next to nothing to do, and waits.
  vi.spyOn(Balance.prototype, 'edges').mockReturnValue([0, WHOLE / 8, WHOLE])
  const session = new Session({ threads: 2 })
  const run = product(session)
  for (let time = 0; time < 20; time++) run()
  // All of them with both threads; each for its stretch, and for all.
  expect(learn).toHaveBeenCalledTimes(40)
  const waits = learn.mock.calls.filter((_, call) => call % 2 === 0).map(([[first]]) => first!)
  expect(waits).toEqual(learn.mock.calls.filter((_, call) => call % 2 === 1).map(([[first]]) => first!))
  const waited = waits.reduce((a, b) => a + b)
  expect(waited).toBeGreaterThan(0)
  expect(waited).toBe(new Int32Array(session.memory.buffer)[placeOf('waited', 0, 1)])
})

test('shares move after some time, or when another program runs', () => {
  const learn = vi.spyOn(SharedWork.prototype, 'learn')
  const share = vi.spyOn(SharedWork.prototype, 'share')
  const due = vi.spyOn(SharedWork.prototype, 'isDue').mockReturnValue(false)
  const session = new Session({ threads: 2 })
  const [first, second] = [product(session), product(session)]
  const counts = () => [share.mock.calls.length, learn.mock.calls.length]
  first()
  expect(counts()).toEqual([1, 0])
  first()
  expect(counts()).toEqual([1, 0])
  second()
  expect(counts()).toEqual([2, 1])
  expect(learn.mock.contexts[0]).toBe(share.mock.contexts[0])
  expect(share.mock.contexts[1]).not.toBe(share.mock.contexts[0])
  due.mockReturnValue(true)
  second()
  expect(counts()).toEqual([3, 2])
  expect(learn.mock.contexts[1]).toBe(share.mock.contexts[1])
  // Nothing is left to be learnt from.
  due.mockReturnValue(false)
  first()
  expect(counts()).toEqual([4, 2])
})

test('is due two milliseconds after shares were told', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(1000)
  const { work } = sharedWork(2, [100])
  work.share()
  now.mockReturnValue(1001.9)
  expect(work.isDue()).toBe(false)
  now.mockReturnValue(1002)
  expect(work.isDue()).toBe(true)
})
