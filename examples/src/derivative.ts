import { add, grad, mul, numericalGradient, record, type Tensor, tensor } from '@cotangent/core'
import { sin } from '@cotangent/ops'
import type { Command } from 'commander'
import { withExample } from './shared/options.ts'

/** Lesson 1. A function is ordinary code over tensors. */
const f = (x: Tensor): Tensor => add(mul(x, x), sin(x))

function run(): void {
  // While `record` runs a function, each operation leaves a step on a tape: what it was, what went in, what came out.
  const x = tensor(3, { dtype: 'float64' })
  const [y, tape] = record(() => f(x))
  console.log('f(x) = x² + sin x at 3 leaves this tape:')
  for (const { primitive, inputs, output } of tape.steps) {
    console.log(`  ${primitive.name}(${inputs.join(', ')}) = ${output}`)
  }

  // Read backwards, with the chain rule at each step, the tape gives the derivative of its end by anything on it.
  console.log(`by the tape      f′(3) = ${tape.gradient(y, x)}`)

  // `grad` does both: it makes a function of a function.
  console.log(`by grad          f′(3) = ${grad(f)(x)}`)

  // Two ways to see that it is right: the formula, and a small step to either side.
  console.log(`by the formula   f′(3) = ${2 * 3 + Math.cos(3)}`)
  console.log(`by a small step  f′(3) = ${numericalGradient(f, x)}`)
}

export const configure = (command: Command): Command => withExample(command, 'pnpm example derivative').action(run)
