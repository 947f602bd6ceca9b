import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomKey, treeLeaves } from '@cotangent/core'
import { createRun, openRun } from '@cotangent/io'
import { syntheticDigits } from '@cotangent/mnist'
import { twoLayerNet } from '@cotangent/models'
import { adam, type FitOptions, fit, initialState } from '@cotangent/train'
import type { Command } from 'commander'
import { withExample, withSeed } from './shared/options.ts'

/** Lesson 9. Training that is stopped, by whatever, goes on from its folder to the bits that it would have had. */
async function run({ seed }: { readonly seed: number }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cotangent-'))
  const net = twoLayerNet({ hiddenSize: 20 })
  const [params, netState] = net.init(randomKey(seed))
  const data = syntheticDigits({ count: 1000 })
  const optimizer = adam()
  const options: FitOptions<typeof params, typeof netState, typeof data> = {
    loss: (params, netState, { images, labels }) => net.loss(params, netState, images, labels),
    optimizer,
    params,
    netState,
    data,
    batchSize: 50,
    epochs: 6,
    seed,
  }
  const whole = await fit(options)
  console.log(`without a break: ${whole.record.position.iteration} iterations, last loss ${lastLoss(whole)}`)

  // A run is a folder. The signal aborts it in its third epoch, as Ctrl-C would.
  const path = join(folder, 'run')
  const recorded = await createRun(path, { net: net.toJSON(), optimizer: optimizer.name, seed })
  const controller = new AbortController()
  const broken = await fit({
    ...options,
    recorder: recorded.recorder(),
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === 'iteration' && event.iteration === 50) controller.abort()
    },
  })
  console.log(`stopped after ${broken.record.position.iteration} iterations; the folder holds`)
  for (const name of (await readdir(path, { recursive: true })).sort()) console.log(`  ${name}`)

  // In a new program: open the folder, ask for the last checkpoint, and hand it to fit.
  const opened = await openRun(path)
  const reached = await opened.latest(initialState(params, netState, optimizer, randomKey(seed)))
  const resumed = await fit({ ...options, resume: reached ?? undefined, recorder: opened.recorder() })
  const same = treeLeaves(resumed.state.params).every(
    (leaf, index) => `${leaf.data}` === `${treeLeaves(whole.state.params)[index]!.data}`,
  )
  console.log(`resumed: ${resumed.record.position.iteration} iterations, last loss ${lastLoss(resumed)}`)
  console.log(same ? 'every parameter has the same bits' : 'the parameters differ')
  if (!same) process.exitCode = 1
  await rm(folder, { recursive: true })
}

const lastLoss = ({ record }: Awaited<ReturnType<typeof fit>>): number | undefined =>
  record.history.at(-1)?.losses.at(-1)

export const configure = (command: Command): Command =>
  withExample(withSeed(command), 'pnpm example save-and-resume --seed 1').action(run)
