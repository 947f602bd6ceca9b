import type { Command } from 'commander'
import { contactSheet } from './contact-sheet.ts'
import { positiveInteger, withExample, withSeed } from './shared/options.ts'

interface Options {
  readonly seed: number
  readonly rows: number
  readonly columns: number
  readonly out: string
}

/** Draws the built-in synthetic digits, to see what the net is trained on where MNIST cannot be had. */
export function configure(command: Command): void {
  withExample(withSeed(command), 'pnpm example digits --rows 4 --columns 8 --out sheet.png')
    .option('--rows <n>', 'rows of digits', positiveInteger, 10)
    .option('--columns <n>', 'digits in a row', positiveInteger, 20)
    .option('--out <file>', 'the PNG to write', 'synthetic-digits.png')
    .action(({ seed, rows, columns, out }: Options) => {
      contactSheet({ seed, rows, columns, path: out })
      console.log(`${rows * columns} digits drawn with seed ${seed}: ${out}`)
    })
}
