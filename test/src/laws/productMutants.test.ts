import { expect, test } from 'vitest'
import { mutated } from './compilerMutants.ts'
import { PRODUCT_MUTANTS, productSurvivors } from './productMutants.ts'

test('every mutant of matrix products has its place in the source', () => {
  for (const mutant of PRODUCT_MUTANTS) expect(mutated(mutant)).not.toBe('')
})

test.runIf(process.env.LAWS === 'full')(
  'a test fails for every mutant of matrix products',
  { timeout: 1_800_000 },
  async () => {
    expect(await productSurvivors()).toEqual([])
  },
)
