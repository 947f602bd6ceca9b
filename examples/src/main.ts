#!/usr/bin/env node
import { commandLine, listAsJson } from './shared/command-line.ts'
import { endWithOutput, reportError } from './shared/errors.ts'

async function main(): Promise<void> {
  // Runners hand a `--` through that stands before the arguments.
  const args = process.argv.slice(process.argv[2] === '--' ? 3 : 2)
  const program = await commandLine(args)
  if (args.length === 0) program.outputHelp()
  else if (args[0] === '--json') listAsJson(args.slice(1))
  else await program.parseAsync(args, { from: 'user' })
}

endWithOutput()
main().catch(reportError)
