import { type DType, type Float, isFloat } from './dtype.ts'
import { type Shape, sizeOf } from './shape.ts'

// The format is NumPy 2.4's with its default print options: the rules are those of `numpy/_core/arrayprint.py`
// (`FloatingFormat`, `IntegerFormat`, `BoolFormat`, `_formatArray`, `_extendLine`) and, for digits, of its Dragon4.
const PRECISION = 8 // at most so many digits after the point
const THRESHOLD = 1000 // arrays of more elements show only their edges
const EDGE_ITEMS = 3
const LINE_WIDTH = 75

/** The magnitude from which floats are written with exponents: when an array holds one so large, and as a scalar. */
const EXPONENT_FROM: Record<Float, { array: number; scalar: number }> = {
  float32: { array: 1e6, scalar: 1e6 },
  float64: { array: 1e8, scalar: 1e16 },
}

/**
 * What NumPy's `print` shows for the same array: row-major `data` of any `shape` and `dtype`. Floats have the fewest
 * digits that identify them in their dtype, in arrays at most 8 after the point, and share one notation and width.
 * Above 1000 elements only three at each end of an axis are read and shown. A random key, two words of `data`, is
 * written `key(0x00000000 0x0000002a)`. Throws nothing.
 *
 * @example
 * formatTensor([2, 2], 'float32', new Float32Array([1, -0.5, 10, Number.NaN]))
 * // [[ 1.  -0.5]
 * //  [10.   nan]]
 */
export function formatTensor(shape: Shape, dtype: DType, data: ArrayLike<number>): string {
  const size = sizeOf(shape)
  if (size === 0) return '[]'
  if (shape.length === 0) return formatScalar(dtype, data)
  const axes = shape.map((length) => shownAxis(length, size > THRESHOLD))
  return layOut(axes, formatElements(dtype, data, shownOffsets(axes)))
}

/** An axis as it is shown: all of its positions, or only those at its ends, with `...` between them. */
interface ShownAxis {
  readonly length: number
  readonly positions: readonly number[]
  readonly elided: boolean
}

function shownAxis(length: number, summarise: boolean): ShownAxis {
  const elided = summarise && length > 2 * EDGE_ITEMS
  const count = elided ? 2 * EDGE_ITEMS : length
  const positions = Array.from({ length: count }, (_, i) => (i < EDGE_ITEMS ? i : length - count + i))
  return { length, positions, elided }
}

/** Where the shown elements stand in row-major data. */
function shownOffsets(axes: readonly ShownAxis[]): number[] {
  let offsets = [0]
  for (const { length, positions } of axes) {
    offsets = offsets.flatMap((offset) => positions.map((position) => offset * length + position))
  }
  return offsets
}

/** Nests `words`, the shown elements in row-major order, in brackets, with blank lines between blocks of higher rank. */
function layOut(axes: readonly ShownAxis[], words: readonly string[]): string {
  let next = 0
  const layOutFrom = (depth: number): string => {
    const axis = axes[depth]
    if (axis === undefined) return words[next++]!
    const items = axis.positions.map(() => layOutFrom(depth + 1))
    if (axis.elided) items.splice(EDGE_ITEMS, 0, '...')
    const indent = ' '.repeat(depth + 1)
    const below = axes.length - 1 - depth
    return `[${below === 0 ? wrapRow(items, indent) : items.join('\n'.repeat(below) + indent)}]`
  }
  return layOutFrom(0)
}

/** Joins a row's words by spaces, breaking lines so that its closing brackets also fit. */
function wrapRow(words: readonly string[], indent: string): string {
  const width = LINE_WIDTH - indent.length
  let lines = ''
  let line = indent
  for (const word of words) {
    if (line.length + word.length > width && line !== indent) {
      lines += `${line.trimEnd()}\n`
      line = indent
    }
    line += `${word} `
  }
  return (lines + line).slice(indent.length, -1)
}

/** One word for each element at `offsets`, all equally wide. */
function formatElements(dtype: DType, data: ArrayLike<number>, offsets: readonly number[]): string[] {
  if (dtype === 'key') {
    return offsets.map((offset) => `key(${hexadecimal(data[2 * offset]!)} ${hexadecimal(data[2 * offset + 1]!)})`)
  }
  const values = offsets.map((offset) => data[offset]!)
  if (isFloat(dtype)) return formatFloats(values, dtype)
  if (dtype === 'bool') return values.map((value) => (value ? ' True' : 'False'))
  return alignRight(values.map(String))
}

const hexadecimal = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`

function alignRight(words: readonly string[]): string[] {
  const width = widest(words)
  return words.map((word) => word.padStart(width))
}

const widest = (words: readonly string[]): number => words.reduce((width, word) => Math.max(width, word.length), 0)

/** NumPy prints an array without axes as it prints a scalar: its digits are not limited. */
function formatScalar(dtype: DType, data: ArrayLike<number>): string {
  if (!isFloat(dtype)) return formatElements(dtype, data, [0]).join('').trim()
  const value = data[0]!
  const magnitude = Math.abs(value)
  if (!Number.isFinite(value)) return nonFinite(value)
  const positional = magnitude === 0 || (magnitude >= 1e-4 && magnitude < EXPONENT_FROM[dtype].scalar)
  const text = shortest(magnitude, dtype)
  return sign(value) + (positional ? withPoint(String(Number(text)), '.0') : padExponent(text, 2))
}

/** Floats in one notation, aligned at their points; what is not finite, to the right. */
function formatFloats(values: readonly number[], dtype: Float): string[] {
  const magnitudes = values.filter(Number.isFinite).map(Math.abs)
  const write = needsExponent(magnitudes, dtype) ? exponentWriter(magnitudes, dtype) : positionalWriter(dtype)
  const words = values.map((value) =>
    Number.isFinite(value) ? sign(value) + write(Math.abs(value)) : nonFinite(value),
  )
  return alignRight(alignPoints(words))
}

function alignPoints(words: readonly string[]): string[] {
  const split = words.map((word) => word.split('.'))
  const wholeWidth = widest(split.map(([whole = '', rest]) => (rest === undefined ? '' : whole)))
  const restWidth = widest(split.map(([, rest = '']) => rest))
  return split.map(([whole = '', rest]) =>
    rest === undefined ? whole : `${whole.padStart(wholeWidth)}.${rest.padEnd(restWidth)}`,
  )
}

const sign = (value: number): string => (value < 0 || Object.is(value, -0) ? '-' : '')

const nonFinite = (value: number): string => (Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf')

/** Whether the values are too large, too small or too far apart to be read without exponents; in the dtype's arithmetic. */
function needsExponent(magnitudes: readonly number[], dtype: Float): boolean {
  const round = (value: number) => (dtype === 'float32' ? Math.fround(value) : value)
  let largest = 0
  let smallest = Number.POSITIVE_INFINITY
  for (const magnitude of magnitudes) {
    if (magnitude === 0) continue
    largest = Math.max(largest, magnitude)
    smallest = Math.min(smallest, magnitude)
  }
  return largest >= EXPONENT_FROM[dtype].array || smallest < round(1e-4) || round(largest / smallest) > 1000
}

/** Writes as many digits as identify a value, at most 8 after the point: `12.` and `0.125`. */
function positionalWriter(dtype: Float): (magnitude: number) => string {
  return (magnitude) => {
    const text = withPoint(String(Number(shortest(magnitude, dtype))), '.')
    if (fractionLength(text) <= PRECISION) return text
    const rounded = roundHalfEven((digits) => magnitude.toFixed(digits), PRECISION)
    return withPoint(String(Number(rounded)), '.')
  }
}

/** Writes all values with as many digits as the one that needs most, at most 8 after the point: `1.50e-07`. */
function exponentWriter(magnitudes: readonly number[], dtype: Float): (magnitude: number) => string {
  const texts = magnitudes.map((magnitude) => {
    const text = shortest(magnitude, dtype)
    return fractionLength(text) <= PRECISION ? text : Number(roundToExponent(magnitude, PRECISION)).toExponential()
  })
  const digits = texts.reduce((most, text) => Math.max(most, fractionLength(text)), 0)
  const exponentDigits = texts.reduce((most, text) => Math.max(most, text.length - text.indexOf('e') - 2), 2)
  return (magnitude) => {
    const text = shortest(magnitude, dtype)
    const filled = fractionLength(text) === digits ? text : roundToExponent(magnitude, digits)
    return padExponent(withPoint(filled, '.'), exponentDigits)
  }
}

const roundToExponent = (magnitude: number, fractionDigits: number): string =>
  roundHalfEven((digits) => magnitude.toExponential(digits), fractionDigits)

/**
 * The fewest digits that read back as the same value of the dtype, written `d.ddde±d`. A decimal reads back as a power
 * of two from farther above than below, so that where the nearest fails, the one nearest to that range's middle may do.
 */
function shortest(magnitude: number, dtype: Float): string {
  if (dtype === 'float64') return magnitude.toExponential()
  const enough = 8 // nine digits in all identify every float32
  for (let digits = 0; digits < enough; digits++) {
    for (const target of [magnitude, magnitude * (1 + 2 ** -26)]) {
      if (Math.fround(Number(target.toExponential(digits))) === magnitude) return roundToExponent(target, digits)
    }
  }
  return magnitude.toExponential(enough)
}

/** What `write` (a number's toFixed or toExponential) gives, but an exact tie goes to the even digit instead of up. */
function roundHalfEven(write: (fractionDigits: number) => string, fractionDigits: number): string {
  const rounded = write(fractionDigits)
  const isOdd = /^[\d.]*[13579](e|$)/.test(rounded)
  if (!isOdd) return rounded
  const [exact = '', exponent] = write(100).split('e')
  const end = exact.indexOf('.') + 1 + fractionDigits
  const isTie = /^50*$/.test(exact.slice(end))
  if (!isTie) return rounded
  const truncated = exact.slice(0, end)
  return exponent === undefined ? truncated : `${truncated}e${exponent}`
}

const fractionLength = (text: string): number => /\.(\d*)/.exec(text)?.[1]?.length ?? 0

/** Puts `point` behind a whole part that has no fraction: `12` → `12.` and `1e+5` → `1.e+5`. */
const withPoint = (text: string, point: string): string =>
  text.includes('.') ? text : text.replace(/^\d+/, `$&${point}`)

const padExponent = (text: string, digits: number): string =>
  text.replace(/\d+$/, (exponent) => exponent.padStart(digits, '0'))
