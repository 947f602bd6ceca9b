/** Nets exported as one WebAssembly module run in bare Node, and give the bits of the compiled net. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compile, exportProgram } from '@cotangent/compile'
import { randomKey, reshape, type Tensor, zeros } from '@cotangent/core'
import { syntheticDigits } from '@cotangent/mnist'
import { deepConvNet, multiLayerNet, type Net, simpleConvNet, twoLayerNet } from '@cotangent/models'
import { softmax, uniform } from '@cotangent/ops'
import { afterAll, beforeAll, expect, test } from 'vitest'

const BATCH = 3

const NETS: Readonly<Record<string, Net>> = {
  twoLayerNet: twoLayerNet(),
  'multiLayerNet with batchNorm': multiLayerNet({ batchNorm: true, dropoutRate: 0.3, activation: 'gelu' }),
  simpleConvNet: simpleConvNet(),
  deepConvNet: deepConvNet(),
}

/** As another program would use the module: bytes in and out of its memory at the addresses that it exports. */
const SCRIPT = `
const { readFileSync } = require('node:fs')
const module = new WebAssembly.Module(readFileSync('program.wasm'))
if (WebAssembly.Module.imports(module).length > 0) throw new Error('it has imports')
const { memory, pixels, probabilities, run } = new WebAssembly.Instance(module).exports
const [section] = WebAssembly.Module.customSections(module, 'cotangent')
const { inputs, outputs } = JSON.parse(Buffer.from(section).toString())
if (inputs[0].address !== pixels.value) throw new Error('the section has another address')
const given = readFileSync(0)
Buffer.from(memory.buffer).set(given, pixels.value)
run()
const size = 4 * outputs[0].shape.reduce((a, b) => a * b, 1)
process.stdout.write(Buffer.from(memory.buffer, probabilities.value, size))
`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cotangent-standalone-'))
})
afterAll(() => rm(folder, { recursive: true }))

const { images } = syntheticDigits({ seed: 9, count: BATCH })

test.each(Object.entries(NETS))('%s', async (_, net) => {
  const [params, begun] = net.init(randomKey(1))
  // Running statistics of a batch, where there are any.
  const batch = uniform(randomKey(2), [16, ...net.input])
  const state = net.apply(params, begun, batch, { training: true, key: randomKey(3) })[1]
  const predict = (x: Tensor) => softmax(net.predict(params, state, x))
  const shape = [BATCH, ...net.input]
  const { wasm } = exportProgram(predict, [zeros(shape)], { inputs: ['pixels'], outputs: ['probabilities'] })
  await writeFile(join(folder, 'program.wasm'), wasm)
  expect(await readdir(folder)).toEqual(['program.wasm'])
  const x = reshape(images, shape)
  const output = await runBare(Buffer.from(Float32Array.from(x.data).buffer))
  const expected = Float32Array.from(compile(predict, { threads: 1, relaxedMultiplyAdd: false })(x).data)
  expect(output).toEqual(Buffer.from(expected.buffer))
  expect(new Set(expected).size).toBeGreaterThan(10)
})

/** What the script writes, for these bytes on its standard input: alone in the folder with the module, away from all packages. */
async function runBare(input: Buffer): Promise<Buffer> {
  const running = promisify(execFile)(process.execPath, ['-e', SCRIPT], { cwd: folder, encoding: 'buffer', env: {} })
  running.child.stdin!.end(input)
  return (await running).stdout
}
