import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it, vi } from 'vitest'
import { EXAMPLES, GROUPS } from './list.ts'

/** What a lesson prints, run here with these arguments. */
async function printed(name: string, ...args: readonly string[]): Promise<string[]> {
  const command = new Command(name)
  ;(await EXAMPLES.find((example) => example.name === name)!.load()).configure(command)
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(...String(line).split('\n')))
  try {
    await command.parseAsync(args, { from: 'user' })
  } finally {
    log.mockRestore()
  }
  return lines
}

const numberAt = (line: string | undefined, pattern: RegExp): number => Number(pattern.exec(line ?? '')?.[1])

describe('the lessons', () => {
  it('are numbered in the order of the list', () => {
    const { examples } = GROUPS.find(({ heading }) => heading.includes('ten lessons'))!
    expect(examples.map(({ summary }) => Number(summary.split(':')[0]))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it.each([
    ['derivative', [], 7, { type: 'derivative', by: 'a small step' }],
    ['nested-gradients', [], 4, { type: 'product', matrix: [expect.any(Number), expect.any(Number)] }],
    ['apples', [], 6, { type: 'gradient', name: 'tax', value: 1.1, gradient: 650 }],
    ['by-hand', ['--iterations', '1'], 1, { type: 'iteration', iteration: 1, loss: expect.any(Number) }],
    ['declarative', ['--epochs', '1'], 3, { type: 'end', labels: Array(5).fill(expect.any(Number)) }],
    ['compile', ['--steps', '1'], 5, { type: 'program', threads: expect.any(Number) }],
    ['save-and-resume', [], 5, { type: 'end', same: true }],
    ['hand-over', ['--iterations', '1'], 7, { type: 'end', tensors: 6 }],
  ])('%s --json prints JSON lines for programs, and nothing else', async (name, args, count, last) => {
    const records = (await printed(name, ...args, '--json')).map((line) => JSON.parse(line))
    expect(records).toHaveLength(count)
    expect(records.at(-1)).toMatchObject(last)
  })

  it('1: the tape, grad, the formula and a small step agree', async () => {
    const lines = await printed('derivative')
    expect(lines.slice(1, 4).map((line) => line.trim().split('(')[0])).toEqual(['mul', 'sin', 'add'])
    const found = lines.slice(4).map((line) => numberAt(line, /= (.*)$/))
    expect(found).toHaveLength(4)
    for (const value of found) expect(value).toBeCloseTo(6 + Math.cos(3), 9)
  })

  it('2: gradients nest', async () => {
    const lines = await printed('nested-gradients')
    expect(lines[0]).toBe('x³ at 2: derivatives 12.0, 12.0, 6.0')
    expect(lines[1]).toBe('d/dx [x · d(xy)/dy] at 3: 6.0')
    expect(lines.at(-1)).toMatch(/^Hessian · \[1, 2\]: \[2290\. .*880\.\] by a .*, \[2290\..* 880\..*\] by the matrix$/)
  })

  it("4: the book's gradients", async () => {
    const lines = await printed('apples')
    expect(lines[0]).toBe('total 715')
    expect(lines.slice(1, 6).map((line) => numberAt(line, /grows by (\S+)/))).toEqual([2.2, 110, 3.3, 165, 650])
  })

  it('5: the net by hand learns', async () => {
    const lines = await printed('by-hand', '--iterations', '100')
    const losses = lines.map((line) => numberAt(line, /loss (\S+)/))
    expect(losses).toHaveLength(5)
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.3)
  })

  it('6: the declared net learns', async () => {
    const lines = await printed('declarative', '--epochs', '1')
    expect(lines).toContain('total                 39,760          39,700')
    expect(numberAt(lines.at(-2), /test accuracy (.*)%/)).toBeGreaterThan(50)
    expect(lines.at(-1)).toMatch(/^the first five test images read \[(\d ?){5}\]; they are \[(\d ?){5}\]$/)
  })

  it('8: the compiled loss is that of the reference', async () => {
    const lines = await printed('compile', '--steps', '1')
    const [, reference, compiled] = /^loss (\S+) by the reference, (\S+) compiled$/.exec(lines[0]!)!
    expect(Number(compiled)).toBeCloseTo(Number(reference), 5)
    expect(lines.some((line) => line.includes('over state.dense1.W'))).toBe(true)
  })

  it('9: a broken run is resumed to the same bits', async () => {
    const lines = await printed('save-and-resume')
    const losses = lines.flatMap(
      (line) => /^(?:without a break|resumed): 120 iterations, last loss (\S+)$/.exec(line)?.[1] ?? [],
    )
    expect(losses).toHaveLength(2)
    expect(losses[1]).toBe(losses[0])
    expect(lines).toContain('  checkpoints/00000050.safetensors')
    expect(lines.at(-1)).toBe('every parameter has the same bits')
  })

  it('10: what was written is read back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cotangent-'))
    try {
      const lines = await printed('hand-over', '--iterations', '3', '--out', folder)
      expect((await readdir(folder)).sort()).toEqual(['net.d.ts', 'net.npz', 'net.onnx', 'net.safetensors', 'net.wasm'])
      const accuracies = [numberAt(lines[0], /reads (.*)% of/), numberAt(lines.at(-1), /6 tensors, (.*)%$/)]
      expect(accuracies[1]).toBe(accuracies[0])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
