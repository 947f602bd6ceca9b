/**
 * Threefry-2x32-20, a counter-based generator: a keyed bijection of 64-bit counters, so any number of the stream can be
 * drawn alone, in any order and on any thread.
 *
 * Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */

/** Skein's key schedule parity constant for 32-bit words. */
const PARITY = 0x1bd11bda

/** Rotation distances of the eight rounds after which the pattern repeats (Table 2 of the paper). */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const

/**
 * The two 32-bit words that `key` and `counter` give, written to `out[at]` and `out[at + 1]`.
 *
 * @example
 * const out = new Uint32Array(2)
 * threefry2x32(0, 0, 0, 0, out, 0)
 * out[0] === 0x6b200159 && out[1] === 0x99ba4efe // true
 */
export function threefry2x32(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  out: Uint32Array,
  at: number,
): void {
  const schedule = [key0 | 0, key1 | 0, PARITY ^ key0 ^ key1] as const
  let x0 = (counter0 + schedule[0]) | 0
  let x1 = (counter1 + schedule[1]) | 0
  for (let group = 0; group < 5; group++) {
    const first = (group & 1) * 4
    for (let round = first; round < first + 4; round++) {
      const distance = ROTATIONS[round]!
      x0 = (x0 + x1) | 0
      x1 = ((x1 << distance) | (x1 >>> (32 - distance))) ^ x0
    }
    x0 = (x0 + schedule[(group + 1) % 3]!) | 0
    x1 = (x1 + schedule[(group + 2) % 3]! + group + 1) | 0
  }
  out[at] = x0
  out[at + 1] = x1
}
