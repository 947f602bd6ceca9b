import type { Command } from 'commander'
import { contactSheet } from './contact-sheet.ts'
import { numberOption, withExample, withSeed } from './shared/options.ts'

interface Options {
  readonly seed: number
  readonly rows: number
  readonly columns: number
  readonly out: string
}

/** Draws the built-in synthetic digits, to see what nets are trained on where MNIST cannot be had. */
export function configure(command: Command): void {
  withExample(
    withSeed(command)
      .addOption(numberOption('--rows <n>', 'rows of digits', 'count', 10))
      .addOption(numberOption('--columns <n>', 'digits in a row', 'count', 20))
      .option('--out <file>', 'the PNG to write', 'synthetic-digits.png'),
    'pnpm example digits --rows 4 --columns 8 --out sheet.png',
  ).action(({ seed, rows, columns, out }: Options) => {
    contactSheet({ seed, rows, columns, path: out })
    console.log(`${rows * columns} digits drawn with seed ${seed}: ${out}`)
  })
}
