import { isFloat } from '../dtype.ts'
import { GradientError, ValueError } from '../errors.ts'
import { shapeText } from '../shape.ts'
import { type AnyTensor, Tensor, tensor } from '../tensor.ts'
import { refusePromise, unrecorded } from '../trace.ts'
import { treeMap } from '../tree.ts'
import { floatLeaves, type NumericalGradientOf, withFloatLeaves } from './float64.ts'

/** The cube root of the spacing of float64 numbers at 1, about 6.06e-6. */
const DEFAULT_EPSILON = Math.cbrt(Number.EPSILON)

export interface NumericalGradientOptions {
  /** The step, for an element x in units of max(1, |x|). Default: the cube root of 2^−52, about 6.06e-6. */
  readonly epsilon?: number
}

/**
 * The gradient of the scalar function `f` at `x` by central differences, (f(x + h) − f(x − h)) / 2h for each element, in float64:
 * a float64 tensor of the same shape for each float leaf of the tree `x`, `null` for other leaves. `f` sees `x` with its float
 * leaves cast to float64. Nothing is recorded on tapes. Takes two calls of `f` an element.
 *
 * The error of a central difference is about h²·|f‴|/6 from cutting off the series and 2^−52·|f|/h from rounding; their sum is
 * smallest near h = ∛(2^−52), the default, where ten to eleven digits are right (W. H. Press et al., Numerical Recipes, 3rd ed.,
 * section 5.7).
 *
 * @throws GradientError if `f` does not return a scalar float tensor or a number, or `x` holds no float tensor.
 * @throws ValueError for an epsilon that is not a positive number.
 * @example
 * numericalGradient((x: Tensor) => sum(mul(x, x)), tensor([1, 2])) // [2. 4.]
 */
export function numericalGradient<T>(
  f: (x: T) => AnyTensor | number,
  x: T,
  { epsilon = DEFAULT_EPSILON }: NumericalGradientOptions = {},
): NumericalGradientOf<T> {
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw new ValueError(`numericalGradient: epsilon is ${epsilon}; it must be a positive number such as 1e-5`)
  return unrecorded(() => {
    const leaves = floatLeaves(x).map((leaf) => leaf.tensor)
    if (leaves.length === 0)
      throw new GradientError(
        'numericalGradient: the argument holds no float tensor to differentiate by; make one with tensor(…), or cast to float32 or float64',
      )
    const gradients = leaves.map((leaf, at) => {
      const values = Float64Array.from(leaf.data)
      const valueWith = (index: number, value: number): number => {
        const moved = values.slice()
        moved[index] = value
        const there = leaves.with(at, tensor(moved, { shape: leaf.shape, adopt: true }))
        return scalarOf(f(withFloatLeaves(x, there)))
      }
      const slopes = values.map((value, index) => {
        const step = epsilon * Math.max(1, Math.abs(value))
        const [above, below] = [value + step, value - step]
        // Divided by the distance of the two points as rounded, not as meant.
        return (valueWith(index, above) - valueWith(index, below)) / (above - below)
      })
      return tensor(slopes, { shape: leaf.shape, adopt: true })
    })
    let next = 0
    // NumericalGradientOf says what stands in place of each leaf.
    return treeMap((leaf) => (isFloat(leaf.dtype) ? gradients[next++] : null), x) as unknown as NumericalGradientOf<T>
  })
}

function scalarOf(value: unknown): number {
  if (typeof value === 'number') return value
  refusePromise('numericalGradient', value)
  if (!(value instanceof Tensor))
    throw new GradientError(
      `numericalGradient: the function returned ${value === null ? 'null' : `a value of type ${typeof value}`}; it must return a scalar tensor or a number`,
    )
  if (value.size !== 1 || !isFloat(value.dtype))
    throw new GradientError(
      `numericalGradient: the function returned a ${value.dtype} tensor of shape ${shapeText(value.shape)}; it must return a scalar of dtype float32 or float64, so reduce it with sum or mean`,
    )
  return value.item()
}
