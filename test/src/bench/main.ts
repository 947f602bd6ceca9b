/** How fast Cotangent is, beside others: `pnpm bench --help`. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CotangentError } from '@cotangent/core'
import { inverted, loadDigits, writeBenchData, writeIdxFiles } from './files.ts'
import { measureGrowth } from './growth.ts'
import { machineFacts } from './machine.ts'
import { type MeasureOptions, measureRow } from './measure.ts'
import { type BenchOptions, HELP, optionsOf } from './options.ts'
import { GROWTHS, ROWS } from './rows.ts'
import { growthText, machineText, rowText } from './table.ts'

try {
  const options = optionsOf(process.argv.slice(2))
  if (options === undefined) console.log(HELP)
  else await bench(options)
} catch (error) {
  process.exitCode = 1
  const known = error instanceof CotangentError
  console.error(`error: ${error instanceof Error ? error.message : error}`)
  if (!known || process.env.DEBUG) console.error(error instanceof Error ? error.stack : '')
}

/** Measures and prints one row after another, in a folder that is removed in the end. */
async function bench(options: BenchOptions): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'cotangent-bench-'))
  process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
  // Ends as usual, so that nothing is left.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

  const progress = progressLine(process.stderr)
  const print = (text: string) => {
    progress('')
    if (!options.json) console.log(`${text}\n`)
  }
  progress('loading the data')
  const digits = await loadDigits()
  writeBenchData(scratch, digits)
  progress('measuring the machine')
  const machine = await machineFacts()
  print(machineText(machine, digits.name))

  const measuring: MeasureOptions = { ...options, progress }
  const rows = []
  for (const row of ROWS.filter(({ name }) => options.rows.includes(name))) {
    const data = row.work === 'full' ? idxFolder() : row.inverted ? invertedFolder() : scratch
    const entries = await measureRow(row, { data, hidden: 50, batch: row.batch }, measuring)
    print(rowText(row, entries))
    rows.push({
      name: row.name,
      title: row.title,
      measures: row.measures.map(({ name, unit }) => ({ name, unit })),
      entries,
    })
  }
  const growths = []
  for (const growth of GROWTHS.filter(({ name }) => options.rows.includes(name))) {
    const result = await measureGrowth(growth, scratch, machine, measuring)
    print(growthText(result))
    growths.push({ name: growth.name, title: growth.title, size: growth.size, points: result.points })
  }
  if (options.json) console.log(JSON.stringify({ machine, data: digits.name, rows, growths }, null, 2))

  /** A folder with the same digits, inverted. */
  function invertedFolder(): string {
    const folder = join(scratch, 'inverted')
    if (mkdirSync(folder, { recursive: true }) !== undefined) writeBenchData(folder, inverted(digits))
    return folder
  }

  /** The folder of the four files, as a whole process reads them: the one given, else one that is written. */
  function idxFolder(): string {
    if (process.env.MNIST_DIR) return process.env.MNIST_DIR
    const folder = join(scratch, 'idx')
    if (mkdirSync(folder, { recursive: true }) !== undefined) writeIdxFiles(folder, digits)
    return folder
  }
}

/** Shows one line at a time on a terminal; nothing elsewhere. */
function progressLine(stream: NodeJS.WriteStream): (text: string) => void {
  if (!stream.isTTY) return () => undefined
  return (text) => {
    stream.write(`\r\x1b[K${text.slice(0, stream.columns - 1)}`)
  }
}
