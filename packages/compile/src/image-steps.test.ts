/** Random functions of images, compiled and by the reference backend: values, and gradients by images and filters. */
import { type AnyTensor, cast, type Tensor } from '@cotangent/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from './compile.ts'
import { functionOf, type ImageSteps, imageSteps, random } from './image-steps.fixtures.ts'

const SEED = 20_261_124
const runs = (count: number): number => (process.env.LAWS === 'full' ? 20 * count : count)
const check = (count: number, holds: (steps: ImageSteps) => void): void =>
  fc.assert(fc.property(imageSteps, holds), {
    seed: Number(process.env.FC_SEED ?? SEED),
    numRuns: runs(count),
    includeErrorInReport: true,
  })

test('in float64, with everything that chooses', () => {
  check(60, (steps) => {
    const f = functionOf(steps)
    const x = random(steps.images, 'float64', 1)
    agree(compile(f, { threads: 1 })(x), f(x), 1e-11)
  })
})

test('in float32, with Winograd and without', () => {
  check(25, (steps) => {
    const f = functionOf(steps, true)
    const x = random(steps.images, 'float32', 1)
    const wide = functionOf(steps, true)(cast(x, 'float64') as Tensor<'float64'>)
    agree(compile(f, { threads: 1 })(x), wide, 3e-5)
    agree(compile(f, { threads: 1, winograd: false })(x), wide, 3e-5)
  })
})

/** The same but for roundings, relative to the largest element of all: a gradient may be what others leave when they cancel. */
function agree(got: readonly AnyTensor[], expected: readonly AnyTensor[], allowed: number): void {
  expect(got.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape))
  const all = expected.map(({ data }) => [...data])
  const largest = all.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  all.forEach((values, index) => {
    values.forEach((value, at) => {
      const is = got[index]!.data[at]!
      if (Math.abs(is - value) <= allowed * largest) return
      throw new Error(`tensor ${index}, element ${at}: ${is} in place of ${value}; the largest of all is ${largest}`)
    })
  })
}
