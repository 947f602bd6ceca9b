import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.restoreAllMocks()
})

test.each([
  [1, false],
  [5, false],
  [7, true],
  [12, true],
])('a page in %d µs is slow: %s', async (microseconds, expected) => {
  vi.resetModules()
  const { freshMemoryIsSlow } = await import('./fresh-memory.ts')
  // Sixteen pages between two looks; one turn of the four was interrupted.
  const times = [0, 40, ...[1, 2, 3].flatMap((turn) => [100 * turn, 100 * turn + (16 * microseconds) / 1000])]
  const now = vi.spyOn(performance, 'now').mockImplementation(() => times.shift()!)
  expect(freshMemoryIsSlow()).toBe(expected)
  expect(freshMemoryIsSlow()).toBe(expected)
  expect(now).toHaveBeenCalledTimes(8)
})
