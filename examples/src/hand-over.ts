import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportProgram } from '@cotangent/compile'
import { randomKey, type Tensor, treeLeaves, zeros } from '@cotangent/core'
import {
  encodeOnnx,
  loadTree,
  makeFolder,
  readSafetensors,
  writeAtomically,
  writeNpz,
  writeSafetensors,
} from '@cotangent/io'
import { syntheticDigits } from '@cotangent/mnist'
import { type Net, netFromJSON, simpleConvNet } from '@cotangent/models'
import { reshape } from '@cotangent/ops'
import { adam, fit } from '@cotangent/train'
import type { Command } from 'commander'
import { numberOption, type OutputOptions, withExample, withJson, withSeed } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

interface Options extends OutputOptions {
  readonly out?: string
  readonly iterations: number
  readonly seed: number
}

/** Lesson 10. A trained net leaves as files that other programs read, and comes back. */
async function run({ out, iterations, seed, json }: Options): Promise<void> {
  const screen = openScreen({ json })
  const net: Net = simpleConvNet({ filters: 8, hiddenSize: 30 })
  const [first, firstState] = net.init(randomKey(seed))
  const { images, labels } = syntheticDigits({ count: 500 })
  const data = { images: reshape(images, [500, 1, 28, 28]), labels }
  const { state } = await fit({
    loss: (params, netState, { images, labels }) => net.loss(params, netState, images, labels),
    optimizer: adam(),
    params: first,
    netState: firstState,
    data,
    batchSize: 50,
    iterations,
    seed,
  })
  const { params, netState } = state
  const accuracyOf = (weights: typeof params): number => net.accuracy(weights, netState, data.images, labels).item()
  const accuracy = accuracyOf(params)
  screen.print(`trained for ${iterations} iterations: reads ${(100 * accuracy).toFixed(1)}% of its images`)
  screen.emit({ type: 'training', iterations, accuracy })

  const folder = out ?? (await mkdtemp(join(tmpdir(), 'cotangent-')))
  await makeFolder(folder)
  const path = (name: string): string => join(folder, name)

  // safetensors: what most tools exchange weights in. The net itself goes into its metadata, as JSON.
  await writeSafetensors(path('net.safetensors'), params, { metadata: { net: JSON.stringify(net) } })
  // npz: for NumPy, as numpy.load('net.npz')['dense1.W'].
  await writeNpz(path('net.npz'), params)
  // ONNX: net and weights together, for onnxruntime and its like; batches of any length.
  await writeAtomically(path('net.onnx'), encodeOnnx(net, params, netState))
  // WebAssembly: the compiled program, weights inside, here for one image at a time. It imports nothing; net.d.ts says how to call it.
  const { wasm, types } = exportProgram((x: Tensor) => net.predict(params, netState, x), [zeros([1, ...net.input])])
  await writeAtomically(path('net.wasm'), wasm)
  await writeAtomically(path('net.d.ts'), new TextEncoder().encode(types))
  for (const name of ['net.safetensors', 'net.npz', 'net.onnx', 'net.wasm', 'net.d.ts']) {
    const bytes = (await readFile(path(name))).length
    screen.print(`${path(name)}: ${bytes} bytes`)
    screen.emit({ type: 'file', file: path(name), bytes })
  }

  // And back: the net from its JSON, and the weights in the structure that the net gives them.
  const { tensors, metadata } = await readSafetensors(path('net.safetensors'))
  const again = netFromJSON(JSON.parse(metadata.net ?? ''))
  const weights = loadTree(again.init(randomKey(0))[0], tensors)
  const leaves = treeLeaves(weights).length
  screen.print(`read back: ${leaves} tensors, ${(100 * accuracyOf(weights)).toFixed(1)}%`)
  screen.emit({ type: 'end', tensors: leaves, accuracy: accuracyOf(weights) })
}

export const configure = (command: Command): Command =>
  withExample(
    withJson(withSeed(command))
      .option('--out <folder>', 'where the files go (default: a new temporary folder)')
      .addOption(numberOption('--iterations <n>', 'steps to train before', 'count', 40)),
    'pnpm example hand-over --out digits',
  ).action(run)
