/** Up to nine digits, without trailing zeros; with an exponent where the number is very small or large. */
export function numberText(value: number): string {
  const rounded = Number(value.toPrecision(9))
  const size = Math.abs(rounded)
  return size !== 0 && (size < 1e-4 || size >= 1e9) && Number.isFinite(size) ? rounded.toExponential() : String(rounded)
}
