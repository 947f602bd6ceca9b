import { threefry2x32 } from '../random/threefry.ts'

/** Which numbers are drawn: every purpose has a stream of its own, numbered further where it needs several. */
export const STREAM = { outputCotangent: 0, gradientCotangent: 1, elements: 2, direction: 3 } as const

type Stream = readonly [purpose: number, which: number]

/** `count` numbers in [0, 1), each with 53 random bits, from Threefry keyed by the seed and the stream. */
export function seededUniform(seed: number, [purpose, which]: Stream, count: number): Float64Array {
  const words = new Uint32Array(2)
  threefry2x32(Math.floor(seed / 2 ** 32), seed >>> 0, purpose, which, words, 0)
  const [key0, key1] = [words[0]!, words[1]!]
  return Float64Array.from({ length: count }, (_, index) => {
    threefry2x32(key0, key1, 0, index, words, 0)
    return ((words[0]! >>> 5) * 2 ** 26 + (words[1]! >>> 6)) * 2 ** -53
  })
}

/** `count` numbers of either sign and of magnitude 0.5 to 1.5, so that none of them hides what it multiplies. */
export const seededWeights = (seed: number, stream: Stream, count: number): Float64Array =>
  seededUniform(seed, stream, count).map((uniform) => (uniform < 0.5 ? uniform * 2 - 1.5 : uniform * 2 - 0.5))

/** `count` different integers below `size`, ascending (R. W. Floyd's sampling, Communications of the ACM 30, 1987). */
export function seededSample(seed: number, stream: Stream, size: number, count: number): number[] {
  if (count >= size) return Array.from({ length: size }, (_, index) => index)
  const chosen = new Set<number>()
  seededUniform(seed, stream, count).forEach((uniform, index) => {
    const highest = size - count + index
    const drawn = Math.floor(uniform * (highest + 1))
    chosen.add(chosen.has(drawn) ? highest : drawn)
  })
  return [...chosen].sort((a, b) => a - b)
}
