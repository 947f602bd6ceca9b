import { expect, test } from 'vitest'
import { MICRO_KERNELS } from '../panels.ts'
import { fastestKernels, fastestOf } from './fastest-kernels.ts'

test('the micro-kernels that took the least time are taken', () => {
  expect(fastestOf({ unoptimized: 40, best: { wide: 10, narrow: 11, large: 6 } })).toBe('large')
  expect(fastestOf({ unoptimized: 40, best: { wide: 10, narrow: 7, large: 8 } })).toBe('narrow')
  expect(fastestOf({ unoptimized: 40, best: { wide: 10, narrow: 11, large: 16 } })).toBe('wide')
})

test('a small difference may be noise', () => {
  expect(fastestOf({ unoptimized: 40, best: { wide: 10, narrow: 9.2, large: 16 } })).toBe('wide')
})

test('where the usual ones were not seen optimised, nothing is known', () => {
  expect(fastestOf({ unoptimized: 40, best: { wide: 39, narrow: 11, large: 16 } })).toBe('wide')
})

test('an engine is measured once', () => {
  const name = fastestKernels(false)
  expect(MICRO_KERNELS).toHaveProperty(name)
  expect(fastestKernels(false)).toBe(name)
})
