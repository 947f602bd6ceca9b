import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { configure } from './graph.ts'

describe('pnpm example graph', () => {
  // Within the examples, so that the modules written there find the packages.
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(fileURLToPath(new URL('..', import.meta.url)), '.graph-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const graph = async (...args: readonly string[]): Promise<string> => {
    const command = new Command('graph')
    configure(command)
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    try {
      await command.parseAsync(args, { from: 'user' })
      return String(log.mock.calls[0]?.[0])
    } finally {
      log.mockRestore()
    }
  }
  const module = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }

  it('draws buy-apple with values and gradients, and replaces no drawing unasked', async () => {
    const out = join(folder, 'apples.svg')
    expect(await graph('buy-apple', '--out', out)).toBe(`${out}: buy_apple, 2 operations, with the gradient of price`)
    const svg = await readFile(out, 'utf8')
    for (const number of ['100', '2.2', '110', '1.1', '200', '220'])
      expect(svg).toMatch(new RegExp(`>\\D*${number}\\D*</text>`))
    await expect(graph('buy-apple', '--out', out)).rejects.toThrow(/is there already; .*--overwrite$/)
    expect(await readFile(out, 'utf8')).toBe(svg)
    await graph('buy-apple-orange', '--out', out, '--overwrite')
    expect(await readFile(out, 'utf8')).toContain('>715')
  })

  it.each([
    [['cnn'], 'SimpleConvNet, 19 operations forward, 38 backward', '"∂loss/∂conv1.W"'],
    [['two-layer', '--forward', '--collapse'], 'TwoLayerNet, 10 operations', 'reshape [100, 1]'],
    [['two-layer', '--gradients'], 'TwoLayerNet, 10 operations, with the gradient of loss', 'norm '],
  ])('draws %j', async (args, about, shown) => {
    const out = join(folder, `${args.join('')}.dot`)
    expect(await graph(...args, '--out', out)).toBe(`${out}: ${about}`)
    expect(await readFile(out, 'utf8')).toContain(shown)
  })

  it('draws the plan of a module of the user', async () => {
    const path = await module(
      'loss.ts',
      `import { ones, type Tensor } from '@cotangent/core'
       import { matmul, mean, square } from '@cotangent/ops'
       export default (w: Tensor, x: Tensor) => mean(square(matmul(x, w)))
       export const args = [ones([3]), ones([8, 3])]
       export const names = ['w', 'x']`,
    )
    const out = join(folder, 'plan.dot')
    expect(await graph(path, '--plan', '--out', out)).toMatch(/: loss, \d+ operations in \d+ tasks$/)
    const dot = await readFile(out, 'utf8')
    for (const name of ['"w"', '"x"', '"result"', '"∂result/∂w"']) expect(dot).toContain(`label=${name}`)
  })

  it.each([
    ['no-function.ts', 'export default 3', /no-function\.ts exports no function to draw; add export default/],
    [
      'no-arguments.ts',
      'export default () => 3',
      /exports no arguments to draw its function for; add export const args/,
    ],
    ['broken.ts', 'import "not-there"', /broken\.ts cannot be loaded: .*not-there/],
  ])('refuses %s in one sentence', async (name, text, sentence) => {
    await expect(graph(await module(name, text), '--out', join(folder, 'none.svg'))).rejects.toThrow(sentence)
  })

  it.each([
    [['two-layr'], /^there is no file two-layr; did you mean two-layer\?$/],
    [['loss.ts'], /^there is no file loss.ts; give one, or two-layer, cnn, /],
    [['two-layer', '--out', 'x.png'], /^--out is "x.png"; give a name that ends in .svg or .dot$/],
    [['two-layer', '--plan', '--gradients'], /^--plan draws a compiled program, where --gradients has no meaning/],
  ])('refuses %j', async (args, sentence) => {
    await expect(graph(...args)).rejects.toThrow(sentence)
  })
})
