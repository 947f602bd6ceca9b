import { ValueError } from '@cotangent/core'
import { Command } from 'commander'
import { expect, it } from 'vitest'
import { numberOption, withTraining } from './options.ts'

const parse = (...args: readonly string[]) =>
  withTraining(new Command(), { iterations: 10, batchSize: 5 })
    .addOption(numberOption('--rate <rate>', 'a rate', 'positive', 0.5))
    .addOption(numberOption('--decay <rate>', 'a decay', 'fromZero', 0))
    .addOption(numberOption('--dropout <rate>', 'a share', 'share', 0))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parse(args, { from: 'user' })
    .opts()

it('has defaults, and reads numbers', () => {
  expect(parse()).toEqual({
    iterations: 10,
    batchSize: 5,
    seed: 0,
    data: 'auto',
    engine: 'compiled',
    rate: 0.5,
    decay: 0,
    dropout: 0,
  })
  expect(
    parse('--epochs', '3', '--seed', '0', '--rate', '1e-3', '--dropout', '0.9', '--data', 'mnist', '--json'),
  ).toMatchObject({ epochs: 3, seed: 0, rate: 0.001, dropout: 0.9, data: 'mnist', json: true })
})

it.each([
  [['--iterations', '-5'], '--iterations is "-5"; give a whole number from 1 up'],
  [['--epochs', '1.5'], '--epochs is "1.5"; give a whole number from 1 up'],
  [['--batch-size', 'many'], '--batch-size is "many"; give a whole number from 1 up'],
  [['--batch-size', ''], '--batch-size is ""; give a whole number from 1 up'],
  [['--seed', '-1'], '--seed is "-1"; give a whole number from 0 up'],
  [['--seed', '9007199254740992'], '--seed is "9007199254740992"; give a whole number from 0 up'],
  [['--rate', '0'], '--rate is "0"; give a number above 0'],
  [['--rate', 'NaN'], '--rate is "NaN"; give a number above 0'],
  [['--decay', 'Infinity'], '--decay is "Infinity"; give a number from 0 up'],
  [['--dropout', '1'], '--dropout is "1"; give a number from 0 up, below 1'],
  [['--data', 'fashion'], '--data is "fashion"; choose one of auto, mnist, synthetic'],
  [['--engine', 'gpu'], '--engine is "gpu"; choose one of compiled, reference'],
])('refuses %j', (args, message) => {
  expect(() => parse(...args)).toThrow(new ValueError(message))
})

it('takes a length in iterations or in epochs, not both', () => {
  expect(() => parse('--epochs', '2', '--iterations', '9')).toThrow(
    "option '--epochs <n>' cannot be used with option '--iterations <n>'",
  )
})
