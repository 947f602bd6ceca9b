#!/usr/bin/env node
import { Command } from 'commander'
import { EXAMPLES } from './list.ts'
import { endWithOutput, reportError } from './shared/errors.ts'

endWithOutput()
const program = new Command('pnpm example')
  .description('Examples of Cotangent. `pnpm example <name> --help` lists the options of one.')
  .helpCommand(false)

const chosen = process.argv[2]
for (const { name, summary, load } of EXAMPLES) {
  const command = program.command(name).description(summary)
  if (name === chosen) (await load()).configure(command)
}

try {
  if (chosen === undefined) program.outputHelp()
  else await program.parseAsync()
} catch (error) {
  reportError(error)
}
