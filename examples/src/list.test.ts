import { Command } from 'commander'
import { expect, it } from 'vitest'
import { EXAMPLES } from './list.ts'

it('no two examples have one name', () => {
  expect(new Set(EXAMPLES.map(({ name }) => name)).size).toBe(EXAMPLES.length)
})

it.each(EXAMPLES)(
  'pnpm example $name --help shows what it does, its options, and a call',
  async ({ name, summary, load }) => {
    expect(summary.length).toBeLessThanOrEqual(60)
    const command = new Command('pnpm example').command(name).description(summary)
    ;(await load()).configure(command)
    const written: string[] = []
    command.configureOutput({ writeOut: (text) => written.push(text), getOutHelpWidth: () => 80 }).outputHelp()
    const help = written.join('')
    expect(help).toMatch(/\n {2}--json +.*JSON line/)
    expect(help).toMatch(new RegExp(`^Usage: pnpm example ${name} \\[options\\]`))
    expect(help).toContain(summary)
    expect(help).toMatch(new RegExp(`\\nExamples?:\\n  pnpm example ${name}`))
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  },
)
