import { carry, compile } from '@cotangent/compile'
import { randomKey, type Tensor, treeZip, valueAndGrad } from '@cotangent/core'
import { syntheticDigits } from '@cotangent/mnist'
import { twoLayerNet } from '@cotangent/models'
import { mul, sub } from '@cotangent/ops'
import type { Command } from 'commander'
import { numberOption, type OutputOptions, withExample, withJson, withSeed } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

interface Options extends OutputOptions {
  readonly steps: number
  readonly seed: number
}

/** Lesson 8. A tape compiles to one WebAssembly program, which says what it does. */
function run({ steps, seed, json }: Options): void {
  const screen = openScreen({ json })
  const net = twoLayerNet()
  const [params, state] = net.init(randomKey(seed))
  const { images, labels } = syntheticDigits({ count: 100 })
  const loss = (weights: typeof params, x: Tensor, t: Tensor<'int32'>): Tensor => net.loss(weights, state, x, t)[0]

  // The first call traces the function on shapes alone, and compiles what it did; later calls only run that.
  const gradients = valueAndGrad(loss)
  const compiled = compile(gradients)
  const [reference] = gradients(params, images, labels)
  const [same] = compiled(params, images, labels)
  screen.print(`loss ${reference} by the reference, ${same} compiled`)
  screen.emit({ type: 'loss', reference: reference.item(), compiled: same.item() })

  const time = (what: string, f: () => unknown): void => {
    const milliseconds = timed(f, steps)
    screen.print(`${milliseconds.toFixed(2)} ms ${what}`)
    screen.emit({ type: 'time', what, milliseconds })
  }
  time('a call by the reference', () => gradients(params, images, labels))
  time('compiled, with arguments and results copied in and out', () => compiled(params, images, labels))

  // Carried state stays in the program's memory, so a training step copies no parameters.
  const training = carry(params)
  const step = training.step((weights, x: Tensor, t: Tensor<'int32'>) => {
    const [value, gradient] = valueAndGrad(loss)(weights, x, t)
    return [treeZip((p, g) => sub(p, mul(0.1, g)), weights, gradient), value]
  })
  step(images, labels)
  time('a whole training step on carried state', () => step(images, labels))
  screen.print('its program:')
  for (const line of step.explain().split('\n')) screen.print(line)
  screen.emit({ type: 'program', ...step.plan() })
  screen.print('pnpm example graph two-layer --plan draws such a program')
}

/** Milliseconds of one call, of the mean of some. */
function timed(f: () => unknown, count: number): number {
  const begin = performance.now()
  for (let call = 0; call < count; call++) f()
  return (performance.now() - begin) / count
}

export const configure = (command: Command): Command =>
  withExample(
    withJson(withSeed(command)).addOption(numberOption('--steps <n>', 'calls to take the time of', 'count', 50)),
    'pnpm example compile --steps 200',
  ).action(run)
