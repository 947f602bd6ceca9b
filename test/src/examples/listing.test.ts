import { describe, expect, it } from 'vitest'
import { linesOf, runExample } from './example.ts'

const NAMES = [
  'two-layer',
  'gradient-check',
  'custom-model',
  'cnn',
  'deep-cnn',
  'optimizers',
  'weight-init',
  'overfit',
  'batch-norm',
  'digits',
]

describe.concurrent('pnpm example', () => {
  it('alone lists the examples, one line each', async () => {
    const { code, stdout, stderr } = await runExample([])
    expect([code, stderr]).toEqual([0, ''])
    const list = linesOf(stdout.slice(stdout.indexOf('Commands:'))).slice(1)
    expect(list.map((line) => line.trim().split(/ {2,}/)[0])).toEqual(NAMES)
    for (const line of linesOf(stdout)) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('with an unknown name suggests the nearest', async () => {
    const { code, stdout, stderr } = await runExample(['two-layers'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toBe("error: unknown command 'two-layers'\n(Did you mean two-layer?)\n")
  })

  it('two-layer --help shows its options and a call', async () => {
    const { code, stdout, stderr } = await runExample(['two-layer', '--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Usage: pnpm example two-layer [options]')
    expect(stdout).toContain('\nExample:\n  pnpm example two-layer --')
  })
})
