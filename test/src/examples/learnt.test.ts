/** What is done with a net that was kept: predict, evaluate, export. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeSafetensors } from '@cotangent/io'
import { InferenceSession } from 'onnxruntime-node'
import { beforeAll, describe, expect, it } from 'vitest'
import { folder } from './data-set.ts'
import { digits, linesOf, recordsOf, runExample } from './example.ts'

const here = folder()
const run = join(here, 'run')
const image = join(here, 'digit.png')
let testAccuracy: number

beforeAll(async () => {
  const [trained, drawn] = await Promise.all([
    runExample(['two-layer', ...digits.options, '--hidden-size', '20', '--iterations', '600', '--json', '--out', run]),
    runExample(['digits', '--rows', '1', '--columns', '1', '--seed', '3', '--out', image]),
  ])
  expect([trained.code, drawn.code]).toEqual([0, 0])
  testAccuracy = Number(recordsOf(trained).at(-1)?.testAccuracy)
}, 60_000)

describe.concurrent('pnpm example predict', () => {
  it('shows what the net saw, and the probabilities', async () => {
    const { code, stdout, stderr } = await runExample(['predict', '--run', run, '--image', image])
    expect([code, stderr, stdout.includes('\u001b')]).toEqual([0, '', false])
    const [title, top, ...lines] = linesOf(stdout)
    expect(title).toBe(`digit.png, as the net of ${run} (epoch 1) sees it`)
    expect(top).toBe(`┌${'─'.repeat(28)}┐`)
    const picture = lines.slice(0, 14).map((line) => /^│([ ·▀▄█]{28})│/.exec(line)?.[1] ?? '')
    // Twenty pixels high: ten characters, or eleven where its edges fall within them.
    expect(picture.filter((line) => /[▀▄█]/.test(line)).length).toBeOneOf([10, 11])
    const table = lines.slice(2, 12).map((line) => /([▸ ]) (\d) +(\d+\.\d\d)%( [█▏▎▍▌▋▊▉]+)?$/.exec(line))
    expect(table.map((row) => row?.[2])).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect(table.reduce((sum, row) => sum + Number(row?.[3]), 0)).toBeCloseTo(100, 0)
    const chosen = table.filter((row) => row?.[1] === '▸')
    expect(chosen).toHaveLength(1)
    expect(lines.at(-1)).toMatch(new RegExp(`^an? ${chosen[0]?.[2]}, at ${chosen[0]?.[3]}%`))
  })

  it('--json gives the same to programs', async () => {
    const [prediction] = recordsOf(await runExample(['predict', '--run', run, '--image', image, '--json']))
    const { digit, probabilities, pixels } = prediction as Record<string, number[]>
    expect(probabilities).toHaveLength(10)
    expect(probabilities![Number(digit)]).toBe(Math.max(...probabilities!))
    expect(pixels).toHaveLength(784)
    expect(Math.max(...pixels!)).toBeGreaterThan(200)
  })

  it('refuses in one sentence what it cannot read', async () => {
    const text = join(here, 'text.png')
    await writeFile(text, 'no picture')
    const nowhere = join(here, 'nowhere')
    const cases = [
      [run, text, `${text} is not a PNG; save the picture as one, or convert it`],
      [run, nowhere, `cannot read ${nowhere}: there is no such file; check the name`],
      [nowhere, image, `${nowhere} holds no run; give a folder that a run was recorded in`],
    ] as const
    for (const [from, picture, message] of cases) {
      const { code, stdout, stderr } = await runExample(['predict', '--run', from, '--image', picture])
      expect([code, stdout, stderr]).toEqual([1, '', `error: ${message}\n`])
    }
  })
})

describe.concurrent('pnpm example evaluate', () => {
  it('finds the accuracy that training found, and what is taken for what', async () => {
    const [data, ...folders] = digits.options.slice(1)
    const { code, stdout } = await runExample(['evaluate', '--run', run, ...folders, '--json'])
    expect(code).toBe(0)
    const [record] = recordsOf({ code, stdout, stderr: '' })
    // The digits are those that it learnt from, without being named.
    expect(record).toMatchObject({ data: data === 'mnist' ? 'MNIST' : 'synthetic digits', images: 10_000 })
    expect(Number(record?.accuracy)).toBeCloseTo(testAccuracy, 4)
    const confusion = record?.confusion as number[][]
    const diagonal = confusion.reduce((sum, row, at) => sum + row[at]!, 0)
    expect([confusion.flat().reduce((a, b) => a + b), diagonal / 10_000]).toEqual([10_000, record?.accuracy])
  })

  it('in a pipe writes a plain table', async () => {
    const { code, stdout } = await runExample(['evaluate', '--run', run, ...digits.options])
    expect([code, stdout.includes('\u001b')]).toEqual([0, false])
    const lines = linesOf(stdout)
    expect(lines[1]).toMatch(/^\d,\d{3} of 10,000 right: test accuracy \d\d\.\d\d%$/)
    expect(lines).toHaveLength(18)
    expect(Math.max(...lines.slice(1).map((line) => line.length))).toBeLessThanOrEqual(80)
  })
})

describe.concurrent('pnpm example export', () => {
  const exported = (name: string, ...args: readonly string[]) =>
    runExample(['export', '--run', run, '--out', join(here, name), ...args])

  it('writes ONNX', async () => {
    const { code, stdout, stderr } = await exported('net.onnx')
    expect([code, stderr]).toEqual([0, ''])
    expect(linesOf(stdout)[1]).toBe('ONNX, opset 17: input [batch, 784], output [batch, 10], float32')
    const session = await InferenceSession.create(join(here, 'net.onnx'))
    expect([session.inputNames, session.outputNames]).toEqual([['input'], ['output']])
  })

  it('writes safetensors', async () => {
    const file = join(here, 'net.safetensors')
    const ended = await exported('net.safetensors', '--checkpoint', 'latest', '--json')
    expect(ended.code).toBe(0)
    const { tensors, metadata } = decodeSafetensors(await readFile(file))
    const origin = `${run} (iteration 600)`
    const { size } = await stat(file)
    expect(recordsOf(ended)).toMatchObject([{ type: 'end', file, format: 'safetensors', bytes: size, origin }])
    expect(Object.keys(tensors).sort()).toEqual(
      ['b', 'W'].flatMap((one) => [`params.dense1.${one}`, `params.dense2.${one}`]).sort(),
    )
    expect(JSON.parse(metadata?.net ?? '')).toMatchObject({ layer: 'net', input: [784] })
  })

  it('writes WebAssembly, and its declarations', async () => {
    const { code, stdout } = await exported('net.wasm', '--batch-size', '5')
    expect(code).toBe(0)
    expect(linesOf(stdout)[1]).toBe('WebAssembly without imports: memory, input [5, 784], output [5, 10], run()')
    expect((await readFile(join(here, 'net.wasm'))).subarray(0, 4).toString()).toBe('\0asm')
    expect(await readFile(join(here, 'net.d.ts'), 'utf8')).toContain('float32 [5, 784]')
  })

  it('replaces no file unasked, and names what it does not know', async () => {
    await writeFile(join(here, 'old.onnx'), 'precious')
    const refused = await exported('old.onnx')
    expect([refused.code, refused.stderr]).toEqual([
      1,
      `error: ${join(here, 'old.onnx')} is there already; choose another name, or add --overwrite\n`,
    ])
    expect(await readFile(join(here, 'old.onnx'), 'utf8')).toBe('precious')
    expect((await exported('old.onnx', '--overwrite')).code).toBe(0)
    expect((await exported('net.h5')).stderr).toBe(
      `error: ${join(here, 'net.h5')} does not say its format; call it .onnx or the like, or add --format with one of onnx, safetensors, wasm\n`,
    )
    expect((await exported('net.bin', '--format', 'onxn')).stderr).toBe(
      'error: --format is "onxn"; choose one of onnx, safetensors, wasm\n',
    )
  })
})
