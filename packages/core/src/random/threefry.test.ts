import { expect, test } from 'vitest'
import { threefry2x32 } from './threefry.ts'

// Random123's known-answer vectors for threefry2x32 with 20 rounds: counter, key, result.
const VECTORS = [
  [
    [0x00000000, 0x00000000],
    [0x00000000, 0x00000000],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x243f6a88, 0x85a308d3],
    [0x13198a2e, 0x03707344],
    [0xc4923a9c, 0x483df7a0],
  ],
] as const

test.each(VECTORS)('counter %j with key %j gives %j', (counter, key, expected) => {
  const out = new Uint32Array(2)
  threefry2x32(key[0], key[1], counter[0], counter[1], out, 0)
  expect([...out]).toEqual([...expected])
})
