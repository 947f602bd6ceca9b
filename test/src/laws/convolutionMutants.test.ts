import { expect, test } from 'vitest'
import { mutated } from './compilerMutants.ts'
import { CONVOLUTION_MUTANTS, convolutionSurvivors } from './convolutionMutants.ts'

test('every mutant of what is made of convolutions has its place in the source', () => {
  for (const { mutants } of CONVOLUTION_MUTANTS) for (const mutant of mutants) expect(mutated(mutant)).not.toBe('')
})

test.runIf(process.env.LAWS === 'full')(
  'a test fails for every mutant of what is made of convolutions',
  { timeout: 1_800_000 },
  async () => {
    expect(await convolutionSurvivors()).toEqual([])
  },
)
