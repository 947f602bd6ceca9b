import { mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomKey, treeLeaves } from '@cotangent/core'
import { encodeOnnx, loadTree, readSafetensors, writeAtomically, writeNpz, writeSafetensors } from '@cotangent/io'
import { syntheticDigits } from '@cotangent/mnist'
import { type Net, netFromJSON, simpleConvNet } from '@cotangent/models'
import { reshape } from '@cotangent/ops'
import { adam, fit } from '@cotangent/train'
import type { Command } from 'commander'
import { numberOption, withExample, withSeed } from './shared/options.ts'

interface Options {
  readonly out?: string
  readonly iterations: number
  readonly seed: number
}

/** Lesson 10. A trained net leaves as files that other programs read, and comes back. */
async function run({ out, iterations, seed }: Options): Promise<void> {
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
  console.log(`trained for ${iterations} iterations: reads ${(100 * accuracyOf(params)).toFixed(1)}% of its images`)

  const folder = out ?? (await mkdtemp(join(tmpdir(), 'cotangent-')))
  await mkdir(folder, { recursive: true })
  const path = (name: string): string => join(folder, name)

  // safetensors: what most tools exchange weights in. The net itself goes into its metadata, as JSON.
  await writeSafetensors(path('net.safetensors'), params, { metadata: { net: JSON.stringify(net) } })
  // npz: for NumPy, as numpy.load('net.npz')['dense1.W'].
  await writeNpz(path('net.npz'), params)
  // ONNX: net and weights together, for onnxruntime and its like; batches of any length.
  await writeAtomically(path('net.onnx'), encodeOnnx(net, params, netState))
  for (const name of ['net.safetensors', 'net.npz', 'net.onnx']) {
    console.log(`${path(name)}: ${(await readFile(path(name))).length} bytes`)
  }

  // And back: the net from its JSON, and the weights in the structure that the net gives them.
  const { tensors, metadata } = await readSafetensors(path('net.safetensors'))
  const again = netFromJSON(JSON.parse(metadata.net ?? ''))
  const weights = loadTree(again.init(randomKey(0))[0], tensors)
  console.log(`read back: ${treeLeaves(weights).length} tensors, ${(100 * accuracyOf(weights)).toFixed(1)}%`)
}

export const configure = (command: Command): Command =>
  withExample(
    withSeed(command)
      .option('--out <folder>', 'where the files go (default: a new temporary folder)')
      .addOption(numberOption('--iterations <n>', 'steps to train before', 'count', 40)),
    'pnpm example hand-over --out digits',
  ).action(run)
