import { type Tensor, treeMap, treeZip, zeros } from '@cotangent/core'
import { add, div, exp, mean, mul, sin, sqrt, square, sub, sum, transpose } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { type Affine, combine, counter } from './affine.ts'
import { carry } from './carry.ts'
import { integers, plain } from './exact.fixtures.ts'
import { tasksOf } from './lower.ts'
import { mergeLoops } from './merge.ts'
import { placementOf } from './placement.ts'
import { simplify } from './simplify.ts'
import { type LoopTask, type NamedTask, storesOf } from './tasks.ts'
import { trace } from './trace.ts'
import type { Value } from './value.ts'

const SHAPE = [20, 30]

/** The place of a turn in a matrix, or in one with rows so far apart. */
const place = (row = 30, column = 1, base = 0): Affine =>
  combine(base, 2, [
    [row, counter(0, 2)],
    [column, counter(1, 2)],
  ])

const load = (buffer: number, index = place(), indirect?: Value): Value => ({
  op: 'load',
  dtype: 'float32',
  buffer,
  index,
  ...(indirect && { indirect: { value: indirect, stride: 1, below: 600 } }),
})

const all = (...operands: Value[]): Value => ({ op: 'apply', dtype: 'float32', name: 'add', operands })

/** A loop that writes a buffer from others. */
const loop = (buffer: number, value: Value, change: Partial<LoopTask> = {}): NamedTask => ({
  task: {
    kind: 'loop',
    store: { buffer, dtype: 'float32', index: place() },
    lengths: SHAPE,
    rank: 2,
    value,
    ...change,
  },
  place: buffer,
  name: `write ${buffer}`,
  scope: '',
})

/** The buffers that each task writes. */
const written = (...tasks: NamedTask[]): number[][] =>
  mergeLoops(tasks).map(({ task }) => storesOf(task).map(({ buffer }) => buffer))

describe('loops over the same elements', () => {
  test('where the later one reads what the earlier one writes: it has it at hand', () => {
    const [merged] = mergeLoops([loop(10, load(1)), loop(11, all(load(10), load(2)))])
    expect(merged).toMatchObject({
      name: 'write 11',
      task: {
        store: { buffer: 11 },
        value: { operands: [{ buffer: 1 }, { buffer: 2 }] },
        also: [{ store: { buffer: 10 }, value: { buffer: 1 } }],
      },
    })
  })

  test('where both read the same, but not where they have nothing in common', () => {
    expect(written(loop(10, load(1)), loop(11, load(1)))).toEqual([[11, 10]])
    expect(written(loop(10, load(1)), loop(11, load(2)))).toEqual([[10], [11]])
  })

  test('chains of them, up to four results', () => {
    const chain = [1, 2, 3, 4, 5, 6].map((at) => loop(at, load(at - 1)))
    expect(written(...chain)).toEqual([
      [4, 3, 2, 1],
      [6, 5],
    ])
    // What was at hand stays so, through all of the chain.
    const [first] = mergeLoops(chain)
    expect(storesOf(first!.task)).toHaveLength(4)
    expect(JSON.stringify(first!.task)).not.toMatch(/"op":"load","dtype":"float32","buffer":[123]/)
  })

  test('past others that touch nothing of it', () => {
    expect(written(loop(10, load(1)), loop(20, load(2)), loop(11, load(10)))).toEqual([[20], [11, 10]])
    // Reading what it reads is no touch.
    const fold = loop(30, load(1), {
      fold: 'sum',
      rank: 1,
      store: { buffer: 30, dtype: 'float32', index: place(1, 0) },
    })
    expect(written(loop(10, load(1)), fold, loop(11, load(10)))).toEqual([[30], [11, 10]])
  })
})

describe('loops that stay apart', () => {
  const fold = (buffer: number, value: Value) =>
    loop(buffer, value, { fold: 'sum', rank: 1, store: { buffer, dtype: 'float32', index: place(1, 0) } })

  test('where something between reads what the earlier one writes', () => {
    expect(written(loop(10, load(1)), fold(30, load(10)), loop(11, all(load(10), load(30, place(1, 0)))))).toEqual([
      [10],
      [30],
      [11],
    ])
  })

  test('where something between writes what the earlier one reads or writes', () => {
    expect(written(loop(10, load(1)), fold(1, load(5)), loop(11, load(10)))).toEqual([[10], [1], [11]])
    expect(written(loop(10, load(1)), fold(10, load(5)), loop(11, load(10)))).toEqual([[10], [10], [11]])
    const behind = loop(11, load(10), {
      also: [{ store: { buffer: 12, dtype: 'float32', index: place() }, value: load(1) }],
    })
    expect(written(loop(10, load(7)), behind, fold(1, load(3)), loop(13, load(12)))).toEqual([[11, 12, 10], [1], [13]])
  })

  test.each([
    ['transposed', load(10, place(1, 20))],
    ['further on', load(10, place(30, 1, 1))],
    ['within a sum', all(load(1), load(10, place(0, 1)))],
    ['where something says', load(10, place(), load(3))],
    ['where itself says', load(4, place(), load(10, place(1, 20)))],
    [
      'over a border',
      { op: 'guard', dtype: 'float32', guards: [], fill: 0, value: load(10, place(30, 1, -1)) } as const,
    ],
  ])('where the later one reads it elsewhere: %s', (_, value) => {
    expect(written(loop(10, load(1)), loop(11, value))).toEqual([[10], [11]])
  })

  test('where the later one reads it elsewhere on the way to what it stores besides', () => {
    const also = [{ store: { buffer: 12, dtype: 'float32', index: place() } as const, value: load(10, place(1, 20)) }]
    expect(written(loop(10, load(1)), loop(11, load(10), { also }))).toEqual([[10], [11, 12]])
  })

  test('of other lengths, other order, or another dtype', () => {
    const other = { store: { buffer: 11, dtype: 'float32', index: place(1, 20) } as const }
    expect(written(loop(10, load(1)), loop(11, load(1), other))).toEqual([[10], [11]])
    expect(written(loop(10, load(1)), loop(11, load(1), { lengths: [30, 20] }))).toEqual([[10], [11]])
    const mask = { store: { buffer: 11, dtype: 'bool', index: place() } as const }
    expect(written(loop(10, load(1)), loop(11, load(10), mask))).toEqual([[10], [11]])
  })

  test('where one of them folds', () => {
    expect(written(loop(10, load(1)), fold(30, load(1)))).toEqual([[10], [30]])
    expect(written(fold(30, load(1)), loop(11, load(1)))).toEqual([[30], [11]])
    // Over no loop at all, too.
    expect(written(loop(10, load(1), { fold: 'argMax' }), loop(11, load(1)))).toEqual([[10], [11]])
  })

  test('with more than four results together', () => {
    const store = (buffer: number) => ({ store: { buffer, dtype: 'float32', index: place() } as const, value: load(1) })
    const three = loop(10, load(1), { also: [store(12), store(13)] })
    expect(written(three, loop(11, load(10)))).toEqual([[11, 10, 12, 13]])
    expect(written(three, loop(11, load(10), { also: [store(14)] }))).toEqual([
      [10, 12, 13],
      [11, 14],
    ])
  })
})

/** What each task of a function stores, by the names of the nodes. */
function storedBy(f: (...args: never[]) => unknown, ...shapes: (readonly number[])[]): string[][] {
  const args = shapes.map((shape) => zeros(shape))
  const graph = simplify(trace(f, args).graph)
  return tasksOf(graph, placementOf(graph)).map(({ task }) =>
    storesOf(task).map(({ buffer }) => {
      const { origin } = graph.nodes[buffer]!
      return origin.from === 'kernel' ? origin.name : origin.from
    }),
  )
}

test('an update of slots and parameters is one loop', () => {
  const adam = (p: never, m: never, v: never, g: never) => {
    const [first, second] = [add(mul(m, 0.9), mul(g, 0.1)), add(mul(v, 0.99), mul(square(g), 0.01))]
    return [sub(p, div(mul(first, 0.01), add(sqrt(second), 1e-7))), first, second]
  }
  expect(storedBy(adam, SHAPE, SHAPE, SHAPE, SHAPE)).toEqual([['sub', 'add', 'add']])
})

test('what depends on a whole, or looks at it otherwise, is not', () => {
  const normalised = (x: never) => [exp(x), div(exp(x), sum(exp(x)))]
  expect(storedBy(normalised, SHAPE)).toEqual([['exp'], ['sum'], ['div']])
  const turned = (x: never) => [exp(x), add(exp(x), transpose(exp(x)))]
  expect(storedBy(turned, [20, 20])).toEqual([['exp'], ['add']])
  const others = (x: never, y: never) => [exp(x), exp(y)]
  expect(storedBy(others, SHAPE, SHAPE)).toEqual([['exp'], ['exp']])
})

type Params = { readonly w: Tensor; readonly b: Tensor }

/** Updates by given gradients, whose arithmetic is the reference's, element by element. */
const UPDATES = {
  momentum: ({ params, first }: State, g: Params): Partial<State> => {
    const moved = zip((v, slope) => sub(mul(v, 0.9), mul(slope, 0.01)), first, g)
    return { params: zip(add, params, moved), first: moved }
  },
  adam: ({ params, first, second, count }: State, g: Params): Partial<State> => {
    const next = add(count, 1)
    const m = zip((one, slope) => add(mul(one, 0.9), mul(slope, 0.1)), first, g)
    const v = zip((one, slope) => add(mul(one, 0.999), mul(square(slope), 0.001)), second, g)
    const rate = div(sqrt(next), add(next, 3))
    const steps = zip((one, two) => div(mul(one, rate), add(sqrt(two), 1e-7)), m, v)
    return { params: zip((p, step) => sub(p, step), params, steps), first: m, second: v, count: next as Tensor }
  },
}

interface State {
  readonly params: Params
  readonly first: Params
  readonly second: Params
  readonly count: Tensor
}

const zip = (f: (a: Tensor, b: Tensor) => unknown, a: Params, b: Params): Params => treeZip(f as never, a, b) as Params

test.each(['float32', 'float64'] as const)('carried updates are those of the reference in %s, bit for bit', (dtype) => {
  const numbers = (shape: readonly number[], salt: number): Tensor => sin(integers(shape, dtype, salt)) as Tensor
  for (const update of Object.values(UPDATES)) {
    const step = (state: State, g: Params) => [{ ...state, ...update(state, g) }, mean(g.w)] as const
    const params: Params = { w: numbers([20, 30], 0), b: numbers([30], 1) }
    const nothing = treeMap((leaf) => mul(leaf, 0), params) as Params
    const start: State = { params, first: nothing, second: nothing, count: zeros([], { dtype }) as Tensor }
    const carried = carry(start, { threads: 1 })
    const fast = carried.step(step)
    let state = start
    for (let run = 0; run < 5; run++) {
      const gradients: Params = { w: numbers([20, 30], 10 + run), b: numbers([30], 20 + run) }
      fast(gradients)
      state = step(state, gradients)[0]
      expect(plain(carried.snapshot())).toEqual(plain(state))
    }
    // Parameters with their slots, each where it was.
    const most = fast.plan({ args: [params] }).tasks.map(({ replaces }) => replaces.length)
    expect(Math.max(...most)).toBe(update === UPDATES.adam ? 3 : 2)
  }
})
