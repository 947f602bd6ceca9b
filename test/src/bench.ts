/**
 * How fast training steps are: `pnpm bench [steps]`. The engines take turns, step batch by step batch, so that a noisy machine is
 * noisy for all of them; medians and ratios are printed.
 */
import { performance } from 'node:perf_hooks'
import { carry } from '@cotangent/compile'
import { arange, randomKey, type Tensor } from '@cotangent/core'
import { syntheticDigits } from '@cotangent/mnist'
import { deepConvNet, type Net, simpleConvNet, twoLayerNet } from '@cotangent/models'
import { div, take } from '@cotangent/ops'
import { adam, initialState, type Optimizer, sgd, trainStep } from '@cotangent/train'

interface Work {
  readonly name: string
  readonly net: Net
  readonly optimizer: Optimizer
  /** Steps in a row before the next engine has its turn, and how often each has one. */
  readonly steps: number
  readonly turns: number
  /** Whether the reference backend is worth waiting for. */
  readonly reference: boolean
}

const BATCH = 100
const IMAGES = 6000

const works: readonly Work[] = [
  { name: 'W1 TwoLayerNet, SGD', net: twoLayerNet(), optimizer: sgd(), steps: 300, turns: 7, reference: true },
  { name: 'W2 SimpleConvNet, Adam', net: simpleConvNet(), optimizer: adam(), steps: 10, turns: 5, reference: false },
  { name: 'W3 DeepConvNet, Adam', net: deepConvNet(), optimizer: adam(), steps: 3, turns: 3, reference: false },
]

const flat = syntheticDigits({ seed: 1, count: IMAGES, normalize: false })
const square = syntheticDigits({ seed: 1, count: IMAGES, normalize: false, flatten: false })

for (const work of works) {
  const engines = enginesFor(work)
  const times = new Map(engines.map(({ name }) => [name, [] as number[]]))
  for (const { step } of engines) for (let i = 0; i < 3; i++) step(i)
  for (let turn = 0; turn < work.turns; turn++) {
    for (const { name, step } of engines) {
      const count = name === 'reference' ? Math.ceil(work.steps / 20) : work.steps
      const begin = performance.now()
      for (let i = 0; i < count; i++) step(i)
      times.get(name)!.push((performance.now() - begin) / count)
    }
  }
  console.log(`${work.name}, batch ${BATCH}:`)
  const first = median(times.get(engines[0]!.name)!)
  for (const [name, measured] of times) {
    const time = median(measured)
    console.log(`  ${name.padEnd(20)} ${time.toFixed(3).padStart(9)} ms a step   ${(time / first).toFixed(2)} ×`)
  }
}

function enginesFor({ net, optimizer, reference }: Work): { name: string; step: (i: number) => void }[] {
  const { images, labels } = net.input.length === 1 ? flat : square
  const [params, netState] = net.init(randomKey(0))
  const start = initialState(params, netState, optimizer, randomKey(1))
  const step = trainStep<typeof params, typeof netState, Tensor<'int32'>>(
    (p, s, indices, key) =>
      net.loss(p, s, div(take(images, indices), 255), take(labels, indices), { training: true, key }),
    optimizer,
  )
  const batch = (i: number) => {
    const begin = (i * BATCH) % IMAGES
    return arange(begin, begin + BATCH)
  }
  const compiled = (threads: number) => {
    const run = carry(start, { threads }).step(step)
    return {
      name: `compiled, ${threads} thread${threads > 1 ? 's' : ''}`,
      step: (i: number) => void run(batch(i)).loss.item(),
    }
  }
  let state = start
  const eager = (i: number) => {
    const [next, { loss }] = step(state, batch(i))
    loss.item()
    state = next
  }
  return [compiled(2), compiled(1), ...(reference ? [{ name: 'reference', step: eager }] : [])]
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}
