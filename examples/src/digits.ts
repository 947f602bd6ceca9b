import type { Command } from 'commander'
import { contactSheet } from './contact-sheet.ts'
import { numberOption, type OutputOptions, withExample, withJson, withSeed } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

interface Options extends OutputOptions {
  readonly seed: number
  readonly rows: number
  readonly columns: number
  readonly out: string
}

/** Draws the built-in synthetic digits, to see what nets are trained on where MNIST cannot be had. */
export function configure(command: Command): void {
  withExample(
    withJson(withSeed(command), 'the result as a JSON line')
      .addOption(numberOption('--rows <n>', 'rows of digits', 'count', 10))
      .addOption(numberOption('--columns <n>', 'digits in a row', 'count', 20))
      .option('--out <file>', 'the PNG to write', 'synthetic-digits.png'),
    'pnpm example digits --rows 4 --columns 8 --out sheet.png',
  ).action(({ seed, rows, columns, out, json }: Options) => {
    const screen = openScreen({ json })
    contactSheet({ seed, rows, columns, path: out })
    screen.emit({ type: 'end', file: out, rows, columns, seed })
    screen.print(`${rows * columns} digits drawn with seed ${seed}: ${out}`)
  })
}
