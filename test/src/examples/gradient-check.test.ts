import { describe, expect, it } from 'vitest'
import { digits, linesOf, runExample } from './example.ts'

describe.concurrent('pnpm example gradient-check', () => {
  it('compares every element of every parameter of the two-layer net', async () => {
    const { code, stdout, stderr } = await runExample(['gradient-check', ...digits.options, '--hidden-size', '3'])
    expect([code, stderr]).toEqual([0, ''])
    const lines = linesOf(stdout)
    expect(lines[3]).toBe(`two-layer, 3 images of ${digits.name}, ε 1e-5`)
    const rows = lines.slice(5, -2).map((line) => line.trim().split(/ +/))
    expect(rows.map(([name, steps]) => [name, steps])).toEqual([
      ['dense1.W', '2,352'],
      ['dense1.b', '3'],
      ['dense2.W', '30'],
      ['dense2.b', '10'],
    ])
    for (const [, , , relative, absolute] of rows) {
      expect(Number(relative)).toBeLessThanOrEqual(1e-6)
      expect(Number(absolute)).toBeLessThan(1e-9)
    }
    expect(lines.at(-2)).toMatch(/^\d+ of 2,395 steps \(0\.\d\d%\) crossed a kink$/)
    expect(lines.at(-1)).toBe('ok: all gradients agree to within 1e-6')
  })

  it('compares some elements and random directions of a deeper one', async () => {
    const { code, stdout } = await runExample(['gradient-check', ...digits.options, '--net', 'multi-layer'])
    expect(code).toBe(0)
    const names = linesOf(stdout).map((line) => line.split(' ')[0])
    expect(names).toEqual(expect.arrayContaining(['dense1.W', 'dense4.b', 'random', 'ok:']))
  })

  it('refuses a net that it does not have', async () => {
    const { code, stderr } = await runExample(['gradient-check', '--net', 'three-layer'])
    expect(code).toBe(1)
    expect(stderr).toBe(
      'error: --net is "three-layer"; choose one of two-layer, multi-layer, simple-conv, deep-conv, all\n',
    )
  })
})
