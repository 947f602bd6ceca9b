import { hessian, jacobian, mul, sum, type Tensor, tensor } from '@cotangent/core'
import { sin } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { compile } from './compile.ts'

const x = tensor([1, 2, 3], { dtype: 'float64' })

test('a compiled Jacobian is the eager one', () => {
  const f = (v: Tensor<'float64'>) => jacobian((u: Tensor<'float64'>) => mul(u, u))(v)
  expect(compile(f)(x).toArray()).toEqual([
    [2, 0, 0],
    [0, 4, 0],
    [0, 0, 6],
  ])
})

test('a compiled Hessian is the eager one', () => {
  const f = (v: Tensor<'float64'>) => hessian((u: Tensor<'float64'>) => sum(sin(u)))(v)
  const [compiled, eager] = [compile(f)(x), f(x)]
  expect(compiled.shape).toEqual([3, 3])
  for (let at = 0; at < 9; at++) expect(compiled.data[at]).toBeCloseTo(eager.data[at]!, 12)
})
