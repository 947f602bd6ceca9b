import { grad, hessian, jvp, type Tensor, tensor } from '@cotangent/core'
import { add, matmul, mul, square, sub, take } from '@cotangent/ops'
import type { Command } from 'commander'
import { withExample } from './shared/options.ts'

/** Lesson 2. A gradient is a function of tensors again, so it has a gradient, too. */
function run(): void {
  const cube = (x: Tensor): Tensor => mul(x, mul(x, x))
  const [first, second, third] = [grad(cube), grad(grad(cube)), grad(grad(grad(cube)))]
  const at = tensor(2)
  console.log(`x³ at 2: derivatives ${first(at)}, ${second(at)}, ${third(at)}`)

  // Each grad differentiates by its own variable, however they are nested: d/dx [x · d(xy)/dy] is 2x, so 6 at 3.
  const inner = (x: Tensor): Tensor => grad((y: Tensor) => mul(x, y))(tensor(1))
  console.log(`d/dx [x · d(xy)/dy] at 3: ${grad((x: Tensor) => mul(x, inner(x)))(tensor(3))}`)

  // Of many variables, the second derivatives are a matrix. Rosenbrock's valley has its floor at [1, 1].
  const valley = (p: Tensor): Tensor => {
    const [x, y] = [take(p, tensor(0, { dtype: 'int32' })), take(p, tensor(1, { dtype: 'int32' }))]
    return add(square(sub(1, x)), mul(100, square(sub(y, square(x)))))
  }
  const start = tensor([-1.2, 1])
  console.log(`Rosenbrock's valley at [-1.2, 1]: gradient ${grad(valley)(start)}`)
  console.log(`its Hessian\n${hessian(valley)(start)}`)

  // Its product with a vector needs no matrix: it is the derivative of the gradient in that direction, which large nets can afford.
  const direction = tensor([1, 2])
  const [, product] = jvp(grad(valley), [start], [direction])
  console.log(
    `Hessian · [1, 2]: ${product} by a directional derivative, ${matmul(hessian(valley)(start), direction)} by the matrix`,
  )
}

export const configure = (command: Command): Command =>
  withExample(command, 'pnpm example nested-gradients').action(run)
