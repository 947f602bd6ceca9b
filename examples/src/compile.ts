import { carry, compile } from '@cotangent/compile'
import { randomKey, type Tensor, treeZip, valueAndGrad } from '@cotangent/core'
import { syntheticDigits } from '@cotangent/mnist'
import { twoLayerNet } from '@cotangent/models'
import { mul, sub } from '@cotangent/ops'
import type { Command } from 'commander'
import { numberOption, withExample, withSeed } from './shared/options.ts'

interface Options {
  readonly steps: number
  readonly seed: number
}

/** Lesson 8. A tape compiles to one WebAssembly program, which says what it does. */
function run({ steps, seed }: Options): void {
  const net = twoLayerNet()
  const [params, state] = net.init(randomKey(seed))
  const { images, labels } = syntheticDigits({ count: 100 })
  const loss = (weights: typeof params, x: Tensor, t: Tensor<'int32'>): Tensor => net.loss(weights, state, x, t)[0]

  // The first call traces the function on shapes alone, and compiles what it did; later calls only run that.
  const gradients = valueAndGrad(loss)
  const compiled = compile(gradients)
  console.log(
    `loss ${gradients(params, images, labels)[0]} by the reference, ${compiled(params, images, labels)[0]} compiled`,
  )
  console.log(`${timed(() => gradients(params, images, labels), steps)} ms a call by the reference`)
  console.log(
    `${timed(() => compiled(params, images, labels), steps)} ms compiled, with arguments and results copied in and out`,
  )

  // Carried state stays in the program's memory, so a training step copies no parameters.
  const training = carry(params)
  const step = training.step((weights, x: Tensor, t: Tensor<'int32'>) => {
    const [value, gradient] = valueAndGrad(loss)(weights, x, t)
    return [treeZip((p, g) => sub(p, mul(0.1, g)), weights, gradient), value]
  })
  step(images, labels)
  console.log(`${timed(() => step(images, labels), steps)} ms a whole training step on carried state; its program:`)
  console.log(step.explain())
  console.log('pnpm example graph two-layer --plan draws such a program')
}

/** Milliseconds of one call, of the mean of some. */
function timed(f: () => unknown, count: number): string {
  const begin = performance.now()
  for (let call = 0; call < count; call++) f()
  return ((performance.now() - begin) / count).toFixed(2)
}

export const configure = (command: Command): Command =>
  withExample(
    withSeed(command).addOption(numberOption('--steps <n>', 'calls to take the time of', 'count', 50)),
    'pnpm example compile --steps 200',
  ).action(run)
