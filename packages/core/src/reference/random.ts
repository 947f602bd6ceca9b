import { allocate, type TypedArray } from '../dtype.ts'
import { InternalError } from '../errors.ts'
import type { Draw, TensorType } from '../kernel/kernel.ts'
import { threefry2x32 } from '../random/threefry.ts'
import { sizeOf } from '../shape.ts'
import type { Operand } from './operand.ts'

/**
 * Numbers from a key. Element i of `bits` and `uniform` depends on the key and i alone, so any split of the work gives the same
 * numbers: the words of Threefry at counter (⌊i / 2³²⌋, i mod 2³²), combined as JAX does since its "partitionable" generator.
 *
 * - `bits`: int32, the exclusive or of the two words.
 * - `uniform`: [0, 1): the upper 23 bits in float32, 52 bits of both words in float64.
 * - `fold`: a new key from the key and an int32: both words.
 * - `permutation`: 0 … n−1 shuffled (Fisher–Yates), swap i with a place drawn from the bits of i.
 */
export function evaluateRandom(draw: Draw, key: Operand, data: Operand | undefined, output: TensorType): TypedArray {
  const size = sizeOf(output.shape)
  const array = allocate(output.dtype, size)
  const [key0, key1] = [key.array[0]!, key.array[1]!]
  const words = new Uint32Array(2)
  const wordsAt = (index: number): void => threefry2x32(key0, key1, Math.floor(index / 2 ** 32), index >>> 0, words, 0)
  switch (draw) {
    case 'bits':
      for (let i = 0; i < size; i++) {
        wordsAt(i)
        array[i] = words[0]! ^ words[1]!
      }
      return array
    case 'uniform':
      for (let i = 0; i < size; i++) {
        wordsAt(i)
        array[i] =
          output.dtype === 'float32'
            ? ((words[0]! ^ words[1]!) >>> 9) * 2 ** -23
            : (words[0]! * 2 ** 20 + (words[1]! >>> 12)) * 2 ** -52
      }
      return array
    case 'fold':
      if (data === undefined) throw new InternalError('fold needs what to fold in')
      for (let i = 0; i < size; i++) {
        threefry2x32(key0, key1, 0, data.array[i]!, words, 0)
        array.set(words, 2 * i)
      }
      return array
    case 'permutation':
      for (let i = 0; i < size; i++) array[i] = i
      for (let i = size - 1; i > 0; i--) {
        wordsAt(i)
        // The upper half of a 32 × 32-bit product: a place from 0 to i, biased by less than 2^−32 · i.
        const place = Math.floor((((words[0]! ^ words[1]!) >>> 0) * (i + 1)) / 2 ** 32)
        const held = array[i]!
        array[i] = array[place]!
        array[place] = held
      }
      return array
  }
}
