import {
  type AnyTensor,
  add,
  checkShape,
  DTypeError,
  definePrimitive,
  type Float,
  isFloat,
  mul,
  type Operation,
  type Shape,
  shapeText,
  splitKey,
  type Tensor,
  ValueError,
} from '@cotangent/core'
import { less } from './compare.ts'
import { log1p } from './exponential.ts'
import { sqrt } from './power.ts'
import { neg } from './sign.ts'
import { cos } from './trigonometric.ts'

/**
 * Numbers drawn evenly from [low, high): 23 random bits in float32, 52 in float64. Each depends on the key and its place alone.
 *
 * @throws ValueError when low is above high; DTypeError for anything but one random key.
 * @example
 * uniform(randomKey(0), [3], { low: -1, high: 1 }) // [ 0.895334    0.95715976 -0.33541703]
 */
export function uniform<D extends Float = 'float32'>(
  key: Tensor<'key'>,
  shape: Shape,
  { low = 0, high = 1, dtype }: { readonly low?: number; readonly high?: number; readonly dtype?: D } = {},
): Tensor<D> {
  if (!(low <= high)) throw new ValueError(`uniform: low ${low} is above high ${high}; exchange them`)
  const unit = draw('uniform', key, shape, dtype ?? 'float32')
  // The constants adopt the dtype of the drawn numbers.
  return (low === 0 && high === 1 ? unit : add(mul(unit, high - low), low)) as Tensor<D>
}

/**
 * Numbers drawn from the normal distribution, by the transform of Box and Muller (1958): √(−2 log(1 − u)) cos 2πv.
 *
 * @throws ValueError for a negative standard deviation; DTypeError for anything but one random key.
 * @example
 * normal(randomKey(0), [784, 50], { std: 0.01 }).shape // [784, 50]
 */
export function normal<D extends Float = 'float32'>(
  key: Tensor<'key'>,
  shape: Shape,
  { mean = 0, std = 1, dtype }: { readonly mean?: number; readonly std?: number; readonly dtype?: D } = {},
): Tensor<D> {
  checkKey('normal', key)
  if (!(std >= 0)) throw new ValueError(`normal: the standard deviation ${std} is negative; give a number from 0 up`)
  const [first, second] = splitKey(key, 2)
  const radius = sqrt(mul(log1p(neg(draw('normal', first, shape, dtype ?? 'float32'))), -2))
  const angle = mul(draw('normal', second, shape, dtype ?? 'float32'), 2 * Math.PI)
  return add(mul(mul(radius, cos(angle)), std), mean) as Tensor<D>
}

/**
 * Bools that are true with probability p, each on its own.
 *
 * @throws ValueError for a probability outside [0, 1]; DTypeError for anything but one random key.
 * @example
 * bernoulli(randomKey(0), [4], { p: 0.5 }) // [False False  True  True]
 */
export function bernoulli(key: Tensor<'key'>, shape: Shape, { p = 0.5 }: { readonly p?: number } = {}): Tensor<'bool'> {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`bernoulli: the probability ${p} is outside [0, 1]`)
  return less(draw('bernoulli', key, shape, 'float32'), p)
}

/**
 * The integers 0 to n − 1 in random order, int32 [n], every order as likely as the next.
 *
 * @throws ValueError for a count that is not a non-negative integer; DTypeError for anything but one random key.
 * @example
 * permutation(randomKey(0), 5) // [4 3 0 1 2]
 */
export function permutation(key: Tensor<'key'>, count: number): Tensor<'int32'> {
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 31) {
    throw new ValueError(`permutation: cannot order ${count} things; give an integer from 0 up`)
  }
  checkKey('permutation', key)
  return shuffled(key, { count }) as unknown as Tensor<'int32'>
}

function draw(operation: string, key: Tensor<'key'>, shape: Shape, dtype: Float): Tensor {
  checkKey(operation, key)
  checkShape(operation, shape)
  if (!isFloat(dtype))
    throw new DTypeError(`${operation}: numbers are drawn as float32 or float64, not as ${dtype}; cast them`)
  return drawn(key, { shape: [...shape], dtype })
}

const drawn: Operation<{ shape: Shape; dtype: Float }> = definePrimitive<{ shape: Shape; dtype: Float }>({
  name: 'uniform',
  shape: (_, { shape }) => shape,
  dtype: (_, { dtype }) => dtype,
  kernel: { family: 'random', draw: 'uniform' },
  vjp: [null],
})

const shuffled: Operation<{ count: number }> = definePrimitive<{ count: number }>({
  name: 'permutation',
  shape: (_, { count }) => [count],
  dtype: () => 'int32',
  kernel: { family: 'random', draw: 'permutation' },
  vjp: [null],
})

/** Throws, in the name of `operation`, for anything but one random key. */
export function checkKey(operation: string, key: AnyTensor): void {
  if (key.dtype !== 'key' || key.rank !== 0) {
    throw new DTypeError(
      `${operation}: a ${key.dtype} tensor of shape ${shapeText(key.shape)} is not one random key; make one with randomKey(seed) or splitKey`,
    )
  }
}
