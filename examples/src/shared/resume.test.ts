import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { numberOption, withTraining } from './options.ts'
import { resumeCommand, resumedOptions, storedOptions } from './resume.ts'

const commandOf = (...args: readonly string[]): Command =>
  withTraining(new Command('two-layer'), { iterations: 10, batchSize: 5 })
    .addOption(numberOption('--rate <rate>', 'a rate', 'positive', 0.5))
    .parse(args, { from: 'user' })

const STORED = { iterations: 10, batchSize: 5, seed: 0, engine: 'compiled', data: 'mnist', rate: 0.5 } as const

it('stored are the options that decide what a run comes to, defaults as well', () => {
  const command = commandOf('--epochs', '3', '--json', '--out', 'runs/a', '--data-dir', 'data')
  expect(storedOptions(command)).toEqual({ ...STORED, data: 'auto', epochs: 3 })
})

describe('a run goes on', () => {
  it('with what was stored, where nothing else is given', () => {
    const stored = { ...STORED, epochs: 3, seed: 7, rate: 0.25 }
    const options = resumedOptions(commandOf('--resume', 'runs/a', '--json'), stored, 'runs/a')
    expect(options).toEqual({ ...stored, resume: 'runs/a', json: true })
  })

  it('with what is given again, and MNIST where it may be any digits', () => {
    const given = commandOf('--rate', '0.5', '--seed', '0', '--data', 'auto')
    expect(resumedOptions(given, STORED, 'runs/a')).toMatchObject(STORED)
  })

  it('for longer, in iterations or epochs', () => {
    const epochs = resumedOptions(commandOf('--epochs', '9'), STORED, 'runs/a')
    expect(epochs).toMatchObject({ epochs: 9 })
    const iterations = resumedOptions(commandOf('--iterations', '99'), { ...STORED, epochs: 3 }, 'runs/a')
    expect([iterations.iterations, iterations.epochs]).toEqual([99, undefined])
  })

  it('not with options that contradict what was stored', () => {
    const given = commandOf('--rate', '0.1', '--seed', '1', '--batch-size', '5', '--data', 'synthetic')
    expect(() => resumedOptions(given, STORED, 'runs/a')).toThrow(
      'runs/a was trained with --seed 0, not 1, and --data mnist, not synthetic, and --rate 0.5, not 0.1; leave out what differs, or train anew with --out',
    )
  })

  it('not where what was stored is out of range', () => {
    expect(() => resumedOptions(commandOf(), { ...STORED, batchSize: 'many' }, 'runs/a')).toThrow(
      'the configuration in runs/a has been changed: --batch-size is "many"; give a whole number from 1 up',
    )
  })

  it('by a command line that says what the folder does not', () => {
    const begun = commandOf('--out', 'runs/a', '--epochs', '3', '--data-dir', 'my data')
    expect(resumeCommand(begun, 'runs/a')).toBe("pnpm example two-layer --resume runs/a --data-dir 'my data'")
    const longer = commandOf('--resume', 'runs/a', '--epochs', '9')
    expect(resumeCommand(longer, 'runs/a')).toBe('pnpm example two-layer --resume runs/a --epochs 9')
    expect(resumeCommand(commandOf(), "it's")).toBe("pnpm example two-layer --resume 'it'\\''s'")
  })
})
