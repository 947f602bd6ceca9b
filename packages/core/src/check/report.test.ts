import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { abs, exp, sqrt } from '../operations.fixtures.ts'
import { mul, stopGradient, sum } from '../operations.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { checkGradients } from './checkGradients.ts'

test('right gradients: a line a leaf and one sentence', () => {
  const report = checkGradients((p: { w: Tensor; b: Tensor }) => mul(p.w, p.b), [{ w: tensor([[1, 2]]), b: tensor(3) }])
  const [title, header, w, b, verdict, ...rest] = report.toString().split('\n')
  expect(title).toBe('gradient check: reverse mode, order 1, in float64, tolerance 1e-7, seed 0')
  expect(header).toMatch(/^argument +shape +order +mode +checked +relative error +where +tape +numerical +kinks$/)
  expect(w).toMatch(/^\[0\]\.w +\[1, 2\] +1 +reverse +all 2 +\S+ +\[0, \d\] .* ok$/)
  expect(b).toMatch(/^\[0\]\.b +\[\] +1 +reverse +all 1 +\S+ +\[\] .* ok$/)
  expect(verdict).toBe('All gradients agree with numerical derivatives to within 1e-7.')
  expect(rest).toEqual([])
})

test('console.log shows the same', () => {
  const report = checkGradients((x: Tensor) => exp(x), [tensor([1])], { order: 2, mode: 'both', seed: 5 })
  expect(inspect(report)).toBe(report.toString())
  expect(report.toString()).toContain('reverse and forward mode, orders 1 and 2')
  expect(report.toString()).toContain('seed 5')
})

test('a wrong gradient: which argument, where, both values, and the cause', () => {
  const report = checkGradients((a: Tensor, b: Tensor) => sum(mul(mul(stopGradient(b), b), a)), [tensor(1), tensor(3)])
  const lines = report.toString().split('\n')
  expect(lines[2]).toMatch(/ok$/)
  expect(lines[3]).toMatch(/ 5\.0e-1 .* 3 +6 +0 +WRONG$/)
  expect(lines.slice(4)).toEqual([
    'The gradient by argument [1] is wrong in reverse mode: the tape gives 3, numerically it is 6.',
    'stopGradient: no gradient flows to input 0 (its vjp rule is null), numerically it is 1, where input 0 is 3; if this cut is meant, so is the difference.',
  ])
})

test('kinks are counted once a place and explained', () => {
  const report = checkGradients((x: Tensor) => abs(x), [tensor([0, 1, 0])], { order: 2, mode: 'both' })
  expect(report.toString().split('\n').at(-1)).toBe(
    '2 points lie at or beside a kink, such as relu has at 0 ([0] [0], …): at it any value between the derivatives of both sides passes, beside it smaller steps are taken.',
  )
})

test('what cannot be confirmed is not called wrong', () => {
  const text = checkGradients((x: Tensor) => sqrt(x), [tensor([0])]).toString()
  expect(text).toContain(
    'The gradient by argument [0] cannot be confirmed in reverse mode: at [0] the tape gives Infinity',
  )
  expect(text).toContain(
    'There the function has a kink or an end of its domain, and no derivative: check at another point.',
  )
})

test('large leaves say how much of them was checked', () => {
  const report = checkGradients((x: Tensor) => exp(x), [tensor(new Float64Array(50))], {
    maxElements: 10,
    directions: 2,
  })
  expect(report.toString()).toContain('10 of 50 + 2 directions')
})
