import { threefry2x32 } from '@cotangent/core'

/** The sum of four uniform numbers has variance 4/12; times this it has variance 1. */
const SQRT_3 = Math.sqrt(3)

/** The random numbers of one image. They depend on `seed` (a safe integer) and `index` alone, so images can be drawn in any order. */
export class RandomStream {
  readonly #seedLow: number
  readonly #seedHigh: number
  readonly #index: number
  readonly #words = new Uint32Array(2)
  #drawn = 0

  constructor(seed: number, index: number) {
    this.#seedLow = seed | 0
    this.#seedHigh = Math.floor(seed / 2 ** 32) | 0
    this.#index = index
  }

  /** From 0 up to, not including, 1. */
  uniform(): number {
    this.#draw()
    return this.#words[0]! / 2 ** 32
  }

  /**
   * Of mean 0 and variance 1, nearly normal and never beyond ±3.47: the sum of four uniform numbers, which needs no
   * logarithm, so that every engine gives the same bits.
   */
  normal(): number {
    this.#draw()
    const first = this.#words[0]!
    const second = this.#words[1]!
    const sum = (first & 0xffff) + (first >>> 16) + (second & 0xffff) + (second >>> 16)
    return (sum / 2 ** 16 - 2) * SQRT_3
  }

  #draw(): void {
    threefry2x32(this.#seedLow, this.#seedHigh, this.#index, this.#drawn, this.#words, 0)
    this.#drawn++
  }
}
