import { expect, test } from 'vitest'
import { HELP, optionsOf } from './options.ts'
import { NAMES, SHORT_NAMES } from './rows.ts'

test('without arguments all short rows are measured, beside all peers', () => {
  const options = optionsOf([])
  expect(options?.rows).toEqual(SHORT_NAMES)
  expect(options?.rows).not.toContain('full')
  expect(options?.peers).toContain('pytorch')
  expect(options?.rounds).toBeUndefined()
})

test('rows are picked by name, in the order in which they are measured', () => {
  expect(optionsOf(['w2', 'full', 'w1'])?.rows).toEqual(['w1', 'w2', 'full'])
  expect(optionsOf(['all'])?.rows).toEqual(NAMES)
})

test('peers are picked by name, or none', () => {
  expect(optionsOf(['--peers', 'jax-js, pytorch'])?.peers).toEqual(['jax-js', 'pytorch'])
  expect(optionsOf(['--peers', 'none'])?.peers).toEqual([])
})

test('help names every row and no line is wider than a terminal', () => {
  expect(optionsOf(['--help'])).toBeUndefined()
  for (const name of NAMES) expect(HELP).toContain(name)
  for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
})

test.each([
  [['w9'], 'there is no row "w9"; choose from w1, w2, '],
  [['--peers', 'numpy'], 'there is no peer "numpy"; choose from pytorch, '],
  [['--rounds', '0'], '--rounds is "0"; give a whole number from 1 up'],
  [['--rounds', 'many'], '--rounds is "many"; give a whole number from 1 up'],
  [['--round', '3'], "Unknown option '--round'; `pnpm bench --help` lists the options"],
])('%j is refused in a sentence', (args, sentence) => {
  expect(() => optionsOf(args)).toThrow(sentence)
})
