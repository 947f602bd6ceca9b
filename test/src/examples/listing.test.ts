import { describe, expect, it } from 'vitest'
import { linesOf, recordsOf, runExample } from './example.ts'

describe.concurrent('pnpm example', () => {
  it('alone lists the examples by group, one line each; with --json for programs', async () => {
    const [text, json] = await Promise.all([runExample([]), runExample(['--json'])])
    expect([text.code, text.stderr, json.code, json.stderr]).toEqual([0, '', 0, ''])
    const lines = linesOf(text.stdout)
    const examples = recordsOf(json)
    expect(examples.map(({ name }) => name)).toEqual(expect.arrayContaining(['two-layer', 'cnn', 'gradient-check']))
    for (const heading of new Set(examples.map(({ group }) => group))) {
      const at = lines.indexOf(`${heading}:`)
      expect(at).toBeGreaterThan(0)
      const rows = examples.filter(({ group }) => group === heading).map(({ name, summary }) => [name, summary])
      const listed = lines.slice(at + 1, at + 1 + rows.length)
      expect(listed.map((line) => line.trim().split(/ {2,}/))).toEqual(rows)
    }
    expect(text.stdout).toMatch(/\nExamples:\n {2}pnpm example two-layer /)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  })

  it.each([
    [['two-layers'], "unknown example 'two-layers'; did you mean two-layer?"],
    [['mnist'], "unknown example 'mnist'; pnpm example lists them"],
    [['--json', 'cnn'], '--json comes after the name of an example: pnpm example cnn --json'],
    [['two-layer', '--iteration', '9'], "unknown option '--iteration'; did you mean --iterations?"],
    [['two-layer', '--iterations', '-5'], '--iterations is "-5"; give a whole number from 1 up'],
    [['two-layer', 'runs'], 'two-layer takes only options; see pnpm example two-layer --help'],
  ])('%j is refused in one sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await runExample(args)
    expect([code, stdout, stderr]).toEqual([1, '', `error: ${sentence}\n`])
  })

  it('two-layer --help shows its options and a call, also after the -- that runners hand through', async () => {
    const { code, stdout, stderr } = await runExample(['--', 'two-layer', '--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Usage: pnpm example two-layer [options]')
    expect(stdout).toContain('\nExamples:\n  pnpm example two-layer --')
    for (const option of ['--iterations', '--out', '--resume', '--json']) expect(stdout).toContain(`\n  ${option} `)
  })
})
