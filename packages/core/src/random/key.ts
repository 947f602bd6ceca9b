import { ValueError } from '../errors.ts'
import { cast } from '../operations.ts'
import { definePrimitive } from '../primitive.ts'
import { adoptionOf, type Tensor, type TensorLike, tensor, tensorOf } from '../tensor.ts'

/**
 * The random key of `seed`: where all random numbers come from. The same key and shape give the same numbers, on every backend;
 * split it for each further use.
 *
 * @param seed an integer from 0 to 2^53 − 1.
 * @throws ValueError for any other seed.
 * @example
 * const [weights, dropout] = splitKey(randomKey(0), 2)
 */
export function randomKey(seed: number): Tensor<'key'> {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ValueError(`randomKey: the seed ${seed} is not an integer from 0 to 2^53 − 1`)
  return tensorOf([], 'key', Uint32Array.of(Math.floor(seed / 2 ** 32), seed >>> 0))
}

/**
 * `count` new keys, independent of each other and of `key`, which must not be used again.
 *
 * @throws ValueError for a count that is not a positive integer.
 * @example
 * const [a, b, c] = splitKey(randomKey(1), 3)
 */
export function splitKey<N extends number = 2>(key: Tensor<'key'>, count?: N): KeysOf<N> {
  const length: number = count ?? 2
  if (!Number.isInteger(length) || length < 1)
    throw new ValueError(`splitKey: cannot split a key into ${length}; give a positive integer`)
  // KeysOf is a list of as many keys as `length` says.
  return Array.from({ length }, (_, index) => foldIn(key, index)) as unknown as KeysOf<N>
}

/** A list of keys; for up to four their number is in the type, so that destructuring needs no check. */
export type KeysOf<N extends number> = N extends 1
  ? readonly [Tensor<'key'>]
  : N extends 2
    ? readonly [Tensor<'key'>, Tensor<'key'>]
    : N extends 3
      ? readonly [Tensor<'key'>, Tensor<'key'>, Tensor<'key'>]
      : N extends 4
        ? readonly [Tensor<'key'>, Tensor<'key'>, Tensor<'key'>, Tensor<'key'>]
        : readonly Tensor<'key'>[]

/**
 * A new key that depends on `key` and an integer, such as a step's number; for a tensor of integers a key for each.
 *
 * @example
 * const stepKey = foldIn(randomKey(0), 17)
 */
export function foldIn(key: Tensor<'key'>, data: TensorLike): Tensor<'key'> {
  const integers =
    typeof data === 'number'
      ? tensor(data, { dtype: 'int32' })
      : cast(adoptionOf(data)?.('int32', 'foldIn') ?? data, 'int32')
  return fold(key, integers) as unknown as Tensor<'key'>
}

const fold = definePrimitive({
  name: 'foldIn',
  shape: ([key, data]) => {
    if (key.dtype !== 'key' || key.shape.length !== 0)
      throw new ValueError(
        `foldIn: the first argument is a ${key.dtype} tensor of rank ${key.shape.length}; pass one random key`,
      )
    return data.shape
  },
  dtype: () => 'key',
  kernel: { family: 'random', draw: 'fold' },
  vjp: [null, null],
})
