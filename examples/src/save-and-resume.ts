import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomKey, treeLeaves } from '@cotangent/core'
import { createRun, openRun } from '@cotangent/io'
import { syntheticDigits } from '@cotangent/mnist'
import { twoLayerNet } from '@cotangent/models'
import { adam, type FitOptions, fit, initialState } from '@cotangent/train'
import type { Command } from 'commander'
import { type OutputOptions, withExample, withJson, withSeed } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

interface Options extends OutputOptions {
  readonly seed: number
}

/** Lesson 9. Training that is stopped, by whatever, goes on from its folder to the bits that it would have had. */
async function run({ seed, json }: Options): Promise<void> {
  const screen = openScreen({ json })
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
  const told = (what: string, { record }: Awaited<ReturnType<typeof fit>>): void => {
    const { iteration } = record.position
    const loss = record.history.at(-1)?.losses.at(-1)
    screen.print(`${what}: ${iteration} iterations, last loss ${loss}`)
    screen.emit({ type: 'training', what, iterations: iteration, loss })
  }
  told('without a break', whole)

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
  const files = (await readdir(path, { recursive: true })).sort()
  told('stopped', broken)
  screen.print('the folder of the run holds')
  for (const name of files) screen.print(`  ${name}`)
  screen.emit({ type: 'folder', files })

  // In a new program: open the folder, ask for the last checkpoint, and hand it to fit.
  const opened = await openRun(path)
  const reached = await opened.latest(initialState(params, netState, optimizer, randomKey(seed)))
  const resumed = await fit({ ...options, resume: reached ?? undefined, recorder: opened.recorder() })
  const same = treeLeaves(resumed.state.params).every(
    (leaf, index) => `${leaf.data}` === `${treeLeaves(whole.state.params)[index]!.data}`,
  )
  told('resumed', resumed)
  screen.print(same ? 'every parameter has the same bits' : 'the parameters differ')
  screen.emit({ type: 'end', same })
  if (!same) process.exitCode = 1
  await rm(folder, { recursive: true })
}

export const configure = (command: Command): Command =>
  withExample(withJson(withSeed(command)), 'pnpm example save-and-resume --seed 1').action(run)
