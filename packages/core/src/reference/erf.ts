const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI)

/**
 * The error function in float64: below 2.5 the all-positive series erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, above it
 * one minus the continued fraction of erfc (Abramowitz and Stegun, 7.1.6 and 7.1.14).
 */
export function erf(x: number): number {
  const size = Math.abs(x)
  if (!(size < 6)) return Math.sign(x)
  return Math.sign(x) * (size < 2.5 ? series(size) : 1 - complement(size))
}

function series(x: number): number {
  let term = x
  let total = x
  for (let n = 1; term > total * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    total += term
  }
  return TWO_OVER_SQRT_PI * Math.exp(-x * x) * total
}

function complement(x: number): number {
  // Evaluated from the inside out; 60 levels are exact to float64 from 2.5 on.
  let fraction = x
  for (let level = 60; level >= 1; level--) fraction = x + level / 2 / fraction
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction)
}
