import { ValueError } from '@cotangent/core'
import { Command } from 'commander'
import { GROUPS } from '../list.ts'
import { errorText } from './errors.ts'
import { withExample, withJson } from './options.ts'
import { openScreen } from './screen.ts'
import { painted } from './style.ts'

/** The command `pnpm example`, with the options of the example that the arguments name: only its module is loaded. */
export async function commandLine([chosen]: readonly string[]): Promise<Command> {
  const program = new Command('pnpm example')
    .description('Examples of Cotangent. pnpm example <name> --help shows the options of one.')
    .usage('<name> [options]')
    .helpCommand(false)
    .enablePositionalOptions()
    .helpOption('-h, --help', 'show this')
    .configureHelp({ styleTitle: (title) => painted('bold', title) })
    .configureOutput({ outputError: (message, write) => write(`${errorText(sentenceOf(message, chosen))}\n`) })
  withExample(
    withJson(program, 'the list as JSON lines'),
    'pnpm example two-layer           trains a net in some ten seconds',
    'pnpm example two-layer --help    shows what can be changed about it',
  )
  for (const { heading, examples } of GROUPS) {
    for (const { name, summary, load } of examples) {
      const command = program.command(name).description(summary).helpGroup(`${heading}:`)
      command.helpOption('-h, --help', 'show this')
      if (name === chosen) (await load()).configure(command)
    }
  }
  return program
}

/**
 * Writes what there is as JSON lines.
 *
 * @throws ValueError if more is asked for.
 */
export function listAsJson([more]: readonly string[]): void {
  if (more !== undefined) throw new ValueError(`--json comes after the name of an example: pnpm example ${more} --json`)
  const screen = openScreen({ json: true })
  for (const { heading, examples } of GROUPS) {
    for (const { name, summary } of examples) screen.emit({ type: 'example', group: heading, name, summary })
  }
}

/** What commander says is wrong, in one sentence: what was meant, or else where to find what there is. */
export function sentenceOf(message: string, chosen: string | undefined): string {
  const [wrong = '', meant] = message
    .replace(/^error: /, '')
    .trimEnd()
    .split('\n')
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(meant ?? '')?.[1]
  const sentence = wrong
    .replace(/^unknown command/, 'unknown example')
    .replace(/^too many arguments.* Expected 0 arguments.*/, `${chosen} takes only options`)
    .replace(/\.$/, '')
  if (suggestion !== undefined) return `${sentence}; did you mean ${suggestion}?`
  if (sentence.startsWith('unknown example')) return `${sentence}; pnpm example lists them`
  if (chosen?.startsWith('-')) return `${sentence}; options come after the name of an example`
  return `${sentence}; see pnpm example ${chosen} --help`
}
