import { expect, test } from 'vitest'
import { loadLaws } from './all.ts'
import { killerOf, mutantsOf } from './mutants.ts'

/** Random calls an operation; `pnpm test:mutation` takes more. */
const CALLS = 12

test('a law fails for every mutant of every vjp rule', async () => {
  const mutants = mutantsOf(await loadLaws(), CALLS)
  expect([...new Set(mutants.map(({ kind }) => kind))].sort()).toEqual([
    'always zero',
    'rules of two inputs exchanged',
    'scaled by 1.1',
    'sign flipped',
    'stopGradient on a saved value',
    'sumTo skipped',
    'ties changed',
  ])
  expect(mutants.length).toBeGreaterThan(200)
  const survivors = mutants.filter((mutant) => killerOf(mutant) === undefined)
  expect(survivors.map(({ kind, name }) => `${kind}: ${name}`)).toEqual([])
})
