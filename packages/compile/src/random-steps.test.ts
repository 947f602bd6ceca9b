/** Random steps on carried state, compiled and by the reference backend. */
import { type AnyTensor, isFloat, treeLeaves } from '@cotangent/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { carry } from './carry.ts'
import { argumentsOf, randomSteps, stepOf } from './random-steps.fixtures.ts'

const SEED = 20_261_124
const runs = (count: number): number => (process.env.LAWS === 'full' ? 20 * count : count)

test('random steps give the states and the metrics of the reference backend, run after run', () => {
  fc.assert(
    fc.property(randomSteps, (random) => {
      const step = stepOf(random)
      const [start, given, indices] = argumentsOf(random)
      const carried = carry(start, { threads: 1 })
      const fast = carried.step(step)
      const first = carried.reader((state) => state[0])
      let state = start
      for (let run = 0; run < 3; run++) {
        const [next, metrics] = step(state, given, indices)
        agree(fast(given, indices), metrics)
        agree(carried.snapshot(), next)
        agree(first(), next[0])
        // On the way both stay equal: what one rounds otherwise must not grow from run to run.
        carried.restore(next)
        state = next
      }
    }),
    { seed: SEED, numRuns: runs(60), includeErrorInReport: true },
  )
})

/** The same tensors but for roundings. */
function agree(got: unknown, expected: unknown): void {
  const [a, b] = [treeLeaves(got), treeLeaves(expected)]
  expect(a.length).toBe(b.length)
  b.forEach((one, index) => {
    expect([a[index]!.dtype, a[index]!.shape]).toEqual([one.dtype, one.shape])
    expect(isFloat(one.dtype)).toBe(true)
    const largest = Math.max(1, ...[...one.data].map(Math.abs).filter(Number.isFinite))
    expectNear(a[index]!, one, 1e-11 * largest)
  })
}

function expectNear(got: AnyTensor, expected: AnyTensor, allowed: number): void {
  for (const [at, value] of [...expected.data].entries()) {
    const is = got.data[at]!
    if (!Object.is(is, value)) expect(Math.abs(is - value)).toBeLessThanOrEqual(allowed)
  }
}
