import { expect, test } from 'vitest'
import { Balance, WHOLE } from './balance.ts'

/**
 * What a balance gives each thread, as fractions of an even share, once it has seen so many programs run on cores of such speeds, and
 * after each of them some that tell nothing.
 */
function settled(balance: Balance, speeds: readonly number[], programs: number, between = 0): number[] {
  for (let program = 0; program < programs; program++) {
    for (let silent = 0; silent < between; silent++) balance.learn(speeds.map(() => 0))
    const edges = balance.edges()
    const times = speeds.map((speed, thread) => (edges[thread + 1]! - edges[thread]!) / speed)
    const longest = Math.max(...times)
    balance.learn(times.map((time) => longest - time))
  }
  return sharesOf(balance)
}

function sharesOf(balance: Balance): number[] {
  const edges = balance.edges()
  return edges.slice(1).map((edge, thread) => ((edge - edges[thread]!) / WHOLE) * (edges.length - 1))
}

test('before anything is known all threads get the same', () => {
  expect(new Balance(2).edges()).toEqual([0, WHOLE / 2, WHOLE])
  expect(new Balance(4).edges()).toEqual([0, WHOLE / 4, WHOLE / 2, (3 * WHOLE) / 4, WHOLE])
  expect(new Balance(3).edges()).toEqual([0, 21_845, 43_691, WHOLE])
})

test.each([
  { speeds: [1, 0.7], shares: [2 / 1.7, 1.4 / 1.7] },
  { speeds: [0.6, 1], shares: [1.2 / 1.6, 2 / 1.6] },
  { speeds: [1, 0.5, 1], shares: [3 / 2.5, 1.5 / 2.5, 3 / 2.5] },
])('threads get what their cores of speeds $speeds can do', ({ speeds, shares }) => {
  const found = settled(new Balance(speeds.length), speeds, 100)
  for (const [thread, share] of shares.entries()) expect(Math.abs(found[thread]! - share)).toBeLessThan(0.03)
})

test('programs that tell nothing do not keep others from being learnt from', () => {
  expect(settled(new Balance(2), [1, 0.5], 40, 3)).toEqual(settled(new Balance(2), [1, 0.5], 40))
})

test('a core that is fast again gets its share again', () => {
  const balance = new Balance(2)
  expect(settled(balance, [1, 0.5], 100)[1]).toBeLessThan(0.72)
  expect(settled(balance, [1, 1], 100)[1]).toBeGreaterThan(0.97)
})

test('a thread that hardly gets on keeps a part, by which it is seen to be fast again', () => {
  const balance = new Balance(2)
  for (let program = 0; program < 500; program++) balance.learn([1000, 0])
  expect(sharesOf(balance)[1]).toBeGreaterThan(0.22)
  expect(settled(balance, [1, 1], 150)[1]).toBeGreaterThan(0.97)
})

test('one long wait moves no more than a short one', () => {
  const [short, long] = [new Balance(2), new Balance(2)]
  short.learn([10, 0])
  long.learn([10_000_000, 0])
  expect(long.edges()).toEqual(short.edges())
  expect(sharesOf(long)[0]! - 1).toBeLessThan(0.003)
  expect(sharesOf(long)[0]! - 1).toBeGreaterThan(0)
})

test('threads that wait alike for each other, or not at all, keep what they have', () => {
  const balance = new Balance(3)
  for (const waits of [
    [0, 0, 0],
    [5, 5, 5],
    [6, 8, 10],
  ])
    balance.learn(waits)
  expect(balance.edges()).toEqual(new Balance(3).edges())
})
