import { grad, mul, record, sum, type Tensor, TraceError, tensor } from '@cotangent/core'
import { expect, test } from 'vitest'
import { carry } from './carry.ts'
import { compile } from './compile.ts'

const x = tensor([1, 2, 3])
const f = (v: Tensor) => sum(mul(v, mul(v, v)))

test('the gradient of a compiled function is that of the function', () => {
  const compiled = compile(f)
  expect(compiled(x).item()).toBe(36)
  expect(grad((v: Tensor) => compiled(v))(x).toArray()).toEqual([3, 12, 27])
  const [y, tape] = record(() => compiled(x))
  expect(tape.gradient(y, x).toArray()).toEqual([3, 12, 27])
})

test('a compiled function inside another is part of it', () => {
  const inner = compile((v: Tensor) => mul(v, 2))
  expect(compile((v: Tensor) => mul(inner(v), 3))(x).toArray()).toEqual([6, 12, 18])
})

test('a step on carried state says that it cannot be differentiated', () => {
  const step = carry({ w: x }).step(({ w }, by: Tensor<'float32'>) => [{ w: mul(w, by) }, sum(w)])
  expect(() => grad((by: Tensor<'float32'>) => step(by))(tensor(2))).toThrow(TraceError)
})
