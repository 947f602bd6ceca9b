import { expect, test } from 'vitest'
import { COMPILER_MUTANTS, mutated, survivorsAmong } from './compilerMutants.ts'

test('every mutant of the compiler has its place in the source', () => {
  for (const mutant of COMPILER_MUTANTS) expect(mutated(mutant)).not.toBe('')
  expect([...new Set(COMPILER_MUTANTS.map(({ kind }) => kind))]).toEqual([
    'simplification',
    'fusion',
    'regions',
    'Winograd',
    'lowering',
    'lifetimes',
    'placement in memory',
    'carried state',
    'program plan',
  ])
})

/** `pnpm test:mutation` runs them as well, which takes minutes. */
test.runIf(process.env.LAWS === 'full')(
  'a test fails for every mutant of the compiler',
  { timeout: 1_800_000 },
  async () => {
    expect(await survivorsAmong(COMPILER_MUTANTS)).toEqual([])
  },
)
