import { grad, hessian, jvp, type Tensor, tensor } from '@cotangent/core'
import { add, matmul, mul, square, sub, take } from '@cotangent/ops'
import type { Command } from 'commander'
import { type OutputOptions, withExample, withJson } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

/** Lesson 2. A gradient is a function of tensors again, so it has a gradient, too. */
function run(options: OutputOptions): void {
  const screen = openScreen(options)
  const cube = (x: Tensor): Tensor => mul(x, mul(x, x))
  const derivatives = [grad(cube), grad(grad(cube)), grad(grad(grad(cube)))].map((derivative) => derivative(tensor(2)))
  screen.print(`x³ at 2: derivatives ${derivatives.join(', ')}`)
  screen.emit({ type: 'derivatives', of: 'x³', at: 2, derivatives: derivatives.map((one) => one.item()) })

  // Each grad differentiates by its own variable, however they are nested: d/dx [x · d(xy)/dy] is 2x, so 6 at 3.
  const inner = (x: Tensor): Tensor => grad((y: Tensor) => mul(x, y))(tensor(1))
  const nested = grad((x: Tensor) => mul(x, inner(x)))(tensor(3))
  screen.print(`d/dx [x · d(xy)/dy] at 3: ${nested}`)
  screen.emit({ type: 'derivatives', of: 'x · d(xy)/dy', at: 3, derivatives: [nested.item()] })

  // Of many variables, the second derivatives are a matrix. Rosenbrock's valley has its floor at [1, 1].
  const valley = (p: Tensor): Tensor => {
    const [x, y] = [take(p, tensor(0, { dtype: 'int32' })), take(p, tensor(1, { dtype: 'int32' }))]
    return add(square(sub(1, x)), mul(100, square(sub(y, square(x)))))
  }
  const start = tensor([-1.2, 1])
  const [gradient, matrix] = [grad(valley)(start), hessian(valley)(start)]
  screen.print(`Rosenbrock's valley at [-1.2, 1]: gradient ${gradient}`)
  screen.print('its Hessian')
  for (const row of `${matrix}`.split('\n')) screen.print(row)
  screen.emit({ type: 'valley', at: [-1.2, 1], gradient: gradient.toArray(), hessian: matrix.toArray() })

  // Its product with a vector needs no matrix: it is the derivative of the gradient in that direction, which large nets can afford.
  const direction = tensor([1, 2])
  const [, product] = jvp(grad(valley), [start], [direction])
  const byMatrix = matmul(matrix, direction)
  screen.print(`Hessian · [1, 2]: ${product} by a directional derivative, ${byMatrix} by the matrix`)
  screen.emit({ type: 'product', direction: [1, 2], derivative: product.toArray(), matrix: byMatrix.toArray() })
}

export const configure = (command: Command): Command =>
  withExample(withJson(command), 'pnpm example nested-gradients').action(run)
