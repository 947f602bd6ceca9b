import { add, grad, mul, numericalGradient, record, type Tensor, tensor } from '@cotangent/core'
import { sin } from '@cotangent/ops'
import type { Command } from 'commander'
import { type OutputOptions, withExample, withJson } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

/** Lesson 1. A function is ordinary code over tensors. */
const f = (x: Tensor): Tensor => add(mul(x, x), sin(x))

function run(options: OutputOptions): void {
  const screen = openScreen(options)
  // While `record` runs a function, each operation leaves a step on a tape: what it was, what went in, what came out.
  const x = tensor(3, { dtype: 'float64' })
  const [y, tape] = record(() => f(x))
  screen.print('f(x) = x² + sin x at 3 leaves this tape:')
  for (const { primitive, inputs, output } of tape.steps) {
    screen.print(`  ${primitive.name}(${inputs.join(', ')}) = ${output}`)
    screen.emit({
      type: 'step',
      primitive: primitive.name,
      inputs: inputs.map((one) => one.item()),
      output: output.item(),
    })
  }

  const found = (by: string, derivative: number): void => {
    screen.print(`by ${by.padEnd(12)}  f′(3) = ${derivative}`)
    screen.emit({ type: 'derivative', by, derivative })
  }

  // Read backwards, with the chain rule at each step, the tape gives the derivative of its end by anything on it.
  found('the tape', tape.gradient(y, x).item())

  // `grad` does both: it makes a function of a function.
  found('grad', grad(f)(x).item())

  // Two ways to see that it is right: the formula, and a small step to either side.
  found('the formula', 2 * 3 + Math.cos(3))
  found('a small step', numericalGradient(f, x).item())
}

export const configure = (command: Command): Command =>
  withExample(withJson(command), 'pnpm example derivative').action(run)
