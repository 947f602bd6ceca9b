import { describe, expect, it } from 'vitest'
import { digits, linesOf, recordsOf, runExample } from './example.ts'

/** The lines of an example that must succeed and say nothing on standard error. */
async function output(...args: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runExample(args)
  expect([code, stderr]).toEqual([0, ''])
  return linesOf(stdout)
}

describe.concurrent('pnpm example', () => {
  it('custom-model checks its primitive, and learns', async () => {
    const [verdict, ...steps] = await output('custom-model')
    expect(verdict).toBe('gradients, and their gradients, agree with numerical ones')
    const losses = steps.map((line) => Number(line.split(' ').at(-1)))
    expect(losses).toHaveLength(7)
    expect(losses.at(-1)).toBeLessThan(0.01 * losses[0]!)
  })

  it.each([
    ['cnn', ['--filters', '2', '--hidden-size', '5', '--iterations', '3', '--batch-size', '20']],
    ['deep-cnn', ['--iterations', '2', '--batch-size', '3']],
  ])('%s trains, and says what a full training takes', async (name, args) => {
    const lines = await output(name, ...digits.options, ...args)
    expect(lines).toContain('iteration  epoch    loss   train    test')
    expect(lines.at(-2)).toMatch(
      new RegExp(`^\\d iterations in .*: train accuracy .*, test accuracy .* on ${digits.name}$`),
    )
    expect(lines.at(-1)).toMatch(/^the full length, --epochs 20, would take about .* here$/)
  })

  it('optimizers compares the seven, and says what the full comparison takes', async () => {
    const lines = await output('optimizers', ...digits.options, '--iterations', '4', '--batch-size', '10')
    const rows = lines.slice(3, -2)
    expect(rows.map((row) => row.split(' ')[0])).toEqual([
      'sgd',
      'momentum',
      'nesterov',
      'adaGrad',
      'rmsProp',
      'adam',
      'adamW',
    ])
    for (const row of rows) expect(row).toMatch(/ [▁▂▃▄▅▆▇█]{4} +\d+\.\d\d% +\d+\.\d\d%$/)
    expect(lines.at(-1)).toMatch(/^the full length, --iterations 2000, would take about .* here$/)
  })

  it('overfit has an end for each of its runs in --json', async () => {
    const records = recordsOf(await runExample(['overfit', ...digits.options, '--epochs', '2', '--json']))
    expect(records.map(({ type, run }) => [type, run])).toEqual(
      ['nothing', 'decay 0.1', 'dropout 0.2'].flatMap((run) => [
        ['epoch', run],
        ['epoch', run],
        ['end', run],
      ]),
    )
  })

  it('batch-norm tells of a run that diverges, and goes on', async () => {
    const lines = await output('batch-norm', ...digits.options, '--learning-rate', '1', '--epochs', '1')
    expect(lines.filter((line) => line.includes('diverged at iteration')).length).toBeGreaterThan(0)
    expect(lines.at(-2)).toMatch(/^0\.001 plain /)
    expect(lines.at(-1)).toMatch(/^8 runs of 10 iterations in /)
  })

  it('weight-init shows five layers for each of four starts', async () => {
    const lines = await output('weight-init', ...digits.options, '--activation', 'tanh')
    const rows = lines.filter((line) => /^tanh\d {3}/.test(line))
    expect(rows).toHaveLength(20)
    const deviations = rows.map((row) => Number(row.split(' ').at(-1)))
    // Driven to the ends by weights of std 1, gone to 0 by 0.01, spread out by Xavier's.
    expect([deviations[4]! > 0.9, deviations[9]! < 0.01, deviations[14]! > 0.1]).toEqual([true, true, true])
  })

  it.each([
    ['weight-init', ['--data', 'synthetic'], 20, { type: 'layer', layer: 'sigmoid5' }],
    ['gradient-check', ['--data', 'synthetic', '--hidden-size', '2'], 5, { type: 'end', ok: true, wrong: [] }],
    ['custom-model', [], 8, { type: 'step', step: 600 }],
  ])('%s writes JSON lines for programs', async (name, args, count, last) => {
    const ended = await runExample([name, ...args, '--json'])
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    const records = recordsOf(ended)
    expect(records).toHaveLength(count)
    expect(records.at(-1)).toMatchObject(last)
  })
})
