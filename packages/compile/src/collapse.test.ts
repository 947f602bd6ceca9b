import { sizeOf } from '@cotangent/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Affine } from './affine.ts'
import { collapseLoop } from './collapse.ts'
import type { LoopTask } from './tasks.ts'

const SEED = 20_261_124

const task = (
  lengths: readonly number[],
  rank: number,
  store: readonly number[],
  loads: readonly (readonly number[])[],
): LoopTask => ({
  kind: 'loop',
  store: { buffer: 0, dtype: 'float32', index: { base: 0, by: store } },
  lengths,
  rank,
  ...(rank < lengths.length && { fold: 'sum' as const }),
  value: {
    op: 'apply',
    name: 'add',
    dtype: 'float32',
    operands: loads.map((by, at) => ({ op: 'load', dtype: 'float32', buffer: at + 1, index: { base: at, by } })),
  },
})

const lengthsOf = (...given: Parameters<typeof task>): readonly number[] => collapseLoop(task(...given)).lengths

test('loops that all places walk through as through one are one', () => {
  expect(lengthsOf([2, 3, 4], 3, [12, 4, 1], [[12, 4, 1]])).toEqual([24])
  expect(
    lengthsOf(
      [2, 3, 4],
      3,
      [12, 4, 1],
      [
        [12, 4, 1],
        [0, 0, 0],
      ],
    ),
  ).toEqual([24])
})

test('a place that walks otherwise keeps loops apart', () => {
  expect(lengthsOf([2, 3, 4], 3, [12, 4, 1], [[0, 4, 1]])).toEqual([2, 12])
  expect(
    lengthsOf(
      [2, 3, 4],
      3,
      [12, 4, 1],
      [
        [12, 4, 1],
        [4, 8, 1],
      ],
    ),
  ).toEqual([2, 3, 4])
  expect(lengthsOf([3, 4], 2, [4, 1], [[1, 3]])).toEqual([3, 4])
})

test('loops of one turn go, and folded loops stay apart from those of the output', () => {
  expect(lengthsOf([1, 3, 1, 4, 1], 5, [12, 4, 4, 1, 1], [[7, 4, 9, 1, 5]])).toEqual([12])
  const collapsed = collapseLoop(task([3, 4, 5, 6], 2, [4, 1, 0, 0], [[120, 30, 6, 1]]))
  expect([collapsed.lengths, collapsed.rank]).toEqual([[12, 30], 1])
})

const nests = fc
  .record({
    lengths: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    rank: fc.nat(4),
    views: fc.array(fc.array(fc.constantFrom('row-major', 'still', 'far', 'back'), { minLength: 4, maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({ lengths, rank, views }) => {
    const strides = lengths.map((_, axis) => sizeOf(lengths.slice(axis + 1)))
    const walks = { 'row-major': 1, still: 0, far: 3, back: -1 } as const
    const by = (view: readonly (keyof typeof walks)[]) => strides.map((stride, axis) => stride * walks[view[axis]!])
    return task(lengths, Math.min(rank, lengths.length), strides, views.map(by))
  })

test('a collapsed nest visits the same places in the same order', () => {
  fc.assert(
    fc.property(nests, (given) => {
      expect(visits(collapseLoop(given))).toEqual(visits(given))
    }),
    { seed: SEED, numRuns: 300 },
  )
})

/** The places of every turn: what is stored to, and all loads. */
function visits({ lengths, store, value }: LoopTask): number[][] {
  if (value.op !== 'apply') throw new Error('the nests of these tests add loads')
  const places = [store.index, ...value.operands.flatMap((operand) => (operand.op === 'load' ? [operand.index] : []))]
  const at = ({ base, by }: Affine, turn: readonly number[]) =>
    turn.reduce((sum, index, axis) => sum + index * by[axis]!, base)
  let turns: number[][] = [[]]
  for (const length of lengths) turns = turns.flatMap((turn) => Array.from({ length }, (_, index) => [...turn, index]))
  return turns.map((turn) => places.map((place) => at(place, turn)))
}
