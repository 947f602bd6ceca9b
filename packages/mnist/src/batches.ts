import { foldIn, type Tensor, tensor, threefry2x32, ValueError } from '@cotangent/core'

interface BatchSizes {
  /** How many samples there are. */
  readonly count: number
  /** How many of them a batch takes. */
  readonly size: number
}

/** One walk over all samples; `shuffle: false` needs no key. */
export type BatchesOptions = BatchSizes & {
  /** Which walk this is, from 0: each has its own order. Default: 0. */
  readonly epoch?: number
  /** How many batches at the beginning to leave out, to go on from there. Default: 0. */
  readonly skip?: number
  /** Leave out a last batch smaller than `size`. Default: false. */
  readonly dropLast?: boolean
} & (
    | { readonly shuffle?: true; readonly key: Tensor<'key'> }
    /** The samples in their own order. */
    | { readonly shuffle: false; readonly key?: Tensor<'key'> }
  )

/**
 * The batches of one epoch, each an int32 tensor of sample indices, [size] (the last may be shorter), for `take`.
 * Together they hold each index from 0 to count − 1 exactly once, in an order that depends on nothing but `key` and
 * `epoch`: a Fisher-Yates shuffle driven by Threefry.
 *
 * @throws ValueError for a count or size that is not a positive integer, an epoch or skip that is not one from 0 up, a
 * size above the count, or a shuffle without a key.
 * @example
 * const train = syntheticDigits({ seed: 0, count: 250 })
 * for (const indices of batches({ count: 250, size: 100, key: randomKey(0), epoch: 3 })) {
 *   const x = take(train.images, indices)
 * }
 */
export function batches(options: BatchesOptions): IterableIterator<Tensor<'int32'>> {
  const { count, size, key, epoch = 0, shuffle = true, skip = 0, dropLast = false } = options
  checkPositive('batches', 'count', count)
  checkPositive('batches', 'size', size)
  if (size > count) {
    throw new ValueError(
      `batches: a batch of ${size} takes more than the ${count} samples there are; choose a smaller size`,
    )
  }
  checkFromZero('batches', 'epoch', epoch)
  checkFromZero('batches', 'skip', skip)
  if (shuffle && key === undefined) {
    throw new ValueError('batches: a shuffle needs a key; pass key: randomKey(seed), or shuffle: false')
  }
  const order = Int32Array.from({ length: count }, (_, index) => index)
  if (shuffle && key !== undefined) shuffleInPlace(order, randomIntegers(foldIn(key, epoch)))
  const end = dropLast ? count - (count % size) : count
  return walk(order, size, skip * size, end)
}

export interface RandomBatchOptions extends BatchSizes {
  readonly key: Tensor<'key'>
  /** Which draw this is, from 0: each gives other samples. Default: 0. */
  readonly iteration?: number
}

/**
 * One batch of sample indices drawn independently, so that an index can come twice, as `np.random.choice(count, size)`
 * gives: an int32 tensor, [size]. The same key and iteration give the same batch.
 *
 * @throws ValueError for a count or size that is not a positive integer, or an iteration that is not one from 0 up.
 * @example
 * const indices = randomBatch({ count: 60_000, size: 100, key: randomKey(0), iteration: 7 })
 * indices.shape // [100]
 */
export function randomBatch({ count, size, key, iteration = 0 }: RandomBatchOptions): Tensor<'int32'> {
  checkPositive('randomBatch', 'count', count)
  checkPositive('randomBatch', 'size', size)
  checkFromZero('randomBatch', 'iteration', iteration)
  const below = randomIntegers(foldIn(key, iteration))
  return tensor(
    Int32Array.from({ length: size }, () => below(count)),
    { adopt: true },
  )
}

function* walk(order: Int32Array, size: number, begin: number, end: number): IterableIterator<Tensor<'int32'>> {
  for (let at = begin; at < end; at += size) yield tensor(order.slice(at, Math.min(at + size, end)), { adopt: true })
}

function shuffleInPlace(order: Int32Array, below: (bound: number) => number): void {
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = below(last + 1)
    // Both are indices of `order`.
    const moved = order[last]!
    order[last] = order[chosen]!
    order[chosen] = moved
  }
}

/**
 * A stream of uniform integers below the bound of each call, from `key`. Words of the incomplete last round of the bound
 * are drawn again, so that no integer is likelier than another.
 */
function randomIntegers(key: Tensor<'key'>): (bound: number) => number {
  const [key0 = 0, key1 = 0] = key.data
  const words = new Uint32Array(2)
  let drawn = 0
  const word = (): number => {
    const second = drawn % 2
    if (second === 0) threefry2x32(key0, key1, drawn / 2, 0, words, 0)
    drawn++
    return words[second]!
  }
  return (bound) => {
    const rounds = 2 ** 32 - (2 ** 32 % bound)
    let found = word()
    while (found >= rounds) found = word()
    return found % bound
  }
}

function checkPositive(name: string, option: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 1 && value < 2 ** 31)) {
    throw new ValueError(`${name}: ${option} is ${value}, which is not a whole number from 1 up`)
  }
}

function checkFromZero(name: string, option: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 31)) {
    throw new ValueError(`${name}: ${option} is ${value}, which is not a whole number from 0 up`)
  }
}
