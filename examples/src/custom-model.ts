import {
  add,
  checkGradients,
  definePrimitive,
  map,
  mul,
  randomKey,
  splitKey,
  type Tensor,
  valueAndGrad,
  zeros,
} from '@cotangent/core'
import { matmul, meanSquaredError, normal, sin, uniform } from '@cotangent/ops'
import { adam } from '@cotangent/train'
import type { Command } from 'commander'
import { type OutputOptions, withExample, withJson, withSeed } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

/**
 * Lesson 3. A primitive of our own with the rule of its derivative: x + sin² x, which learns waves (Ziyin, Hartwig and Ueda, 2020).
 */
const snake = definePrimitive({
  name: 'snake',
  kernel: map((x) => x.add(x.sin().mul(x.sin()))),
  vjp: [(g, [x]) => mul(g, add(1, sin(mul(2, x))))],
})

type Params = Record<'w1' | 'b1' | 'w2' | 'b2', Tensor>

/** A model is a function of its parameters, made from operations; what is its gradient, the tape knows. */
const predict = ({ w1, b1, w2, b2 }: Params, x: Tensor): Tensor => add(matmul(snake(add(matmul(x, w1), b1)), w2), b2)

interface Options extends OutputOptions {
  readonly seed: number
}

function run({ seed, json }: Options): void {
  const screen = openScreen({ json })
  const [k1, k2, k3] = splitKey(randomKey(seed), 3)
  const x = uniform(k1, [100, 1], { low: -3, high: 3 })
  const t = add(mul(x, 0.5), sin(mul(x, 3)))
  const loss = (params: Params): Tensor => meanSquaredError(predict(params, x), t)
  let params: Params = {
    w1: normal(k2, [1, 20]),
    b1: zeros([20]),
    w2: normal(k3, [20, 1], { std: 0.2 }),
    b2: zeros([1]),
  }

  const report = checkGradients(loss, [params], { order: 2 })
  screen.emit({ type: 'check', ok: report.ok })
  screen.print(report.ok ? 'gradients, and their gradients, agree with numerical ones' : `${report}`)
  if (!report.ok) process.exitCode = 1

  const optimizer = adam({ learningRate: 0.02 })
  let slots = optimizer.init(params)
  for (let step = 0; step <= 600; step++) {
    const [value, gradients] = valueAndGrad(loss)(params)
    if (step % 100 === 0) {
      screen.emit({ type: 'step', step, loss: value.item() })
      screen.print(`step ${String(step).padStart(3)}  loss ${value.item().toFixed(5)}`)
    }
    ;[params, slots] = optimizer.update(params, gradients, slots)
  }
}

export const configure = (command: Command): Command =>
  withExample(withJson(withSeed(command)), 'pnpm example custom-model --seed 1').action(run)
