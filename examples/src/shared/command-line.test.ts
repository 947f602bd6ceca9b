import { expect, it } from 'vitest'
import { sentenceOf } from './command-line.ts'

it.each([
  ["unknown command 'two-layers'\n(Did you mean two-layer?)", "unknown example 'two-layers'; did you mean two-layer?"],
  ["unknown command 'mnist'", "unknown example 'mnist'; pnpm example lists them"],
  ["unknown option '--seeds'\n(Did you mean --seed?)", "unknown option '--seeds'; did you mean --seed?"],
  ["unknown option '--lr'", "unknown option '--lr'; see pnpm example cnn --help"],
  [
    "too many arguments for 'cnn'. Expected 0 arguments but got 1.",
    'cnn takes only options; see pnpm example cnn --help',
  ],
  ["missing required argument 'image'", "missing required argument 'image'; see pnpm example cnn --help"],
])('%j becomes one sentence', (message, sentence) => {
  expect(sentenceOf(`error: ${message}\n`, 'cnn')).toBe(sentence)
})

it('options that come before the name are put right', () => {
  expect(sentenceOf("error: unknown option '--seed'", '--seed')).toBe(
    "unknown option '--seed'; options come after the name of an example",
  )
})
