/** The step of the widest difference, a power of two so that points are exact: truncation near 1e-12, rounding near 1e-13. */
const STEP = 2 ** -6

/**
 * The derivative at 0 of a function of one number, element by element: central differences over three steps, their errors of
 * order 2 and 4 in the step removed by extrapolation (L. F. Richardson, 1911).
 */
export function derivative(f: (t: number) => readonly number[]): number[] {
  const central = (step: number): number[] => {
    const behind = f(-step)
    return f(step).map((value, index) => (value - behind[index]!) / (2 * step))
  }
  const [wide, middle, narrow] = [central(STEP), central(STEP / 2), central(STEP / 4)]
  return wide.map((coarse, index) => {
    const first = (4 * middle[index]! - coarse) / 3
    const second = (4 * narrow[index]! - middle[index]!) / 3
    return (16 * second - first) / 15
  })
}

/**
 * Fixed numbers in (−1, 1) that stand for a random direction or cotangent: fractional parts of multiples of the golden ratio,
 * another stretch of them for each `salt`, rounded to what float32 holds exactly.
 */
export const weights = (count: number, salt: number): Float64Array =>
  Float64Array.from({ length: count }, (_, index) => Math.fround(2 * (((index + 1 + 97 * salt) * GOLDEN) % 1) - 1))

const GOLDEN = (Math.sqrt(5) - 1) / 2
