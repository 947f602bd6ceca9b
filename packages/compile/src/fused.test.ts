/** Products that are added with one rounding, where the engine and the processor can. */
import { randomKey, type Tensor } from '@cotangent/core'
import { cast, matmul, normal } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { compile } from './compile.ts'
import { numericChoices } from './numerics.ts'
import { exportProgram } from './standalone.ts'
import { features, fusesMultiplyAdd } from './wasm/features.ts'

const product = (x: Tensor, y: Tensor) => matmul(x, y)
const [a, b] = [normal(randomKey(1), [30, 400]), normal(randomKey(2), [400, 50])]
const compiled = (relaxedMultiplyAdd?: boolean) =>
  compile(product, { threads: 1, ...(relaxedMultiplyAdd === undefined ? {} : { relaxedMultiplyAdd }) })

/** The elements of a product, and the root of their mean square error: the largest error is one element's luck. */
function outcome(relaxedMultiplyAdd: boolean) {
  const exact = matmul(cast(a, 'float64'), cast(b, 'float64')).data
  const { data } = compiled(relaxedMultiplyAdd)(a, b)
  const squares = Array.from(exact, (one, at) => (one - data[at]!) ** 2)
  return { data, error: Math.sqrt(squares.reduce((all, one) => all + one) / squares.length) }
}

test('what the compiler chose is told', () => {
  expect(numericChoices()).toMatchObject({ relaxedMultiplyAdd: fusesMultiplyAdd() })
  expect(numericChoices({ relaxedMultiplyAdd: false })).toMatchObject({ relaxedMultiplyAdd: false })
  if (fusesMultiplyAdd()) expect(features().relaxedSimd).toBe(true)
})

test('without it, code has none of it', () => {
  const f = compiled(false)
  expect(f.explain({ wat: true, args: [a, b] })).not.toMatch(/relaxed/)
})

test('a program that is exported runs on engines that have none of it', () => {
  const { wasm } = exportProgram(product, [a, b])
  // f32x4.relaxed_madd: the prefix 0xfd, then 0x105 as LEB128.
  expect(Buffer.from(wasm).includes(Buffer.from([0xfd, 0x85, 0x02]))).toBe(false)
})

describe.skipIf(!fusesMultiplyAdd())('where it can be had', () => {
  test('it is used unless it is switched off', () => {
    const f = compiled()
    expect(f.explain({ wat: true, args: [a, b] })).toMatch(/f32x4\.relaxed_madd/)
  })

  test('results are others, and no worse', () => {
    const [once, twice] = [outcome(true), outcome(false)]
    expect(once.data).not.toEqual(twice.data)
    expect(once.error).toBeLessThan(twice.error)
  })
})
