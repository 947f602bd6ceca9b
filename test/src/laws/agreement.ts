/** What compiled programs are held against: the reference backend, tensor by tensor. */
import { type AnyTensor, isFloat, shapeText, Tensor, tensor, treeLeaves } from '@cotangent/core'

/** What compiled float64 may differ by from the reference, relative to the tensor's largest element. */
const DOUBLE = 1e-11

/** What compiled float32 may err by where the reference does not err at all: some sixteen roundings of 1. */
const SINGLE = 1e-6

/** Throws unless compiled results are the reference's: floats but for rounding, everything else exactly. */
export function agree(what: string, got: unknown, expected: unknown): void {
  compareAll(what, got, expected, (index, a, b) => {
    if (!isFloat(b.dtype)) return exactly(`${what}, tensor ${index}`, a, b)
    const allowed = (b.dtype === 'float64' ? DOUBLE : SINGLE) * scaleOf(b)
    within(`${what}, tensor ${index}`, a, b, allowed)
  })
}

/**
 * Throws unless compiled float32 results err from float64 ones by little more than the reference's float32 results do: by four
 * times its error, and what `allowance` gives for the exact values.
 */
export function agreeInSingle(
  what: string,
  got: unknown,
  { reference, wide }: { readonly reference: unknown; readonly wide: unknown },
  allowance: (truth: AnyTensor) => number,
): void {
  const [single, double] = [tensorsOf(reference), tensorsOf(wide)]
  compareAll(what, got, reference, (index, a, b) => {
    if (b.dtype !== 'float32') return exactly(`${what}, tensor ${index}`, a, b)
    const truth = double[index]!
    let erred = 0
    ;[...truth.data].forEach((value, at) => {
      if (Number.isFinite(value)) erred = Math.max(erred, Math.abs(single[index]!.data[at]! - value))
    })
    within(`${what}, tensor ${index}`, a, truth, 4 * erred + allowance(truth))
  })
}

/**
 * 1e-6, or less where all that goes in and comes out is smaller than 1. What comes out may be what is left of larger values, and
 * cannot be nearer than these are rounded.
 */
export const ofOne =
  (...given: readonly AnyTensor[]) =>
  (truth: AnyTensor): number =>
    SINGLE * Math.min(1, Math.max(...[truth, ...given].map(scaleOf)))

/** 1e-6 of the largest value; the roundings of sums of so many terms, which the reference makes in float64, add up as a random walk. */
export const ofSums =
  (terms: number) =>
  (truth: AnyTensor): number =>
    SINGLE * Math.sqrt(terms) * scaleOf(truth)

/** Throws unless results have the same bits, −0 and 0 told apart, all NaN alike. */
export function agreeExactly(what: string, got: unknown, expected: unknown): void {
  compareAll(what, got, expected, (index, a, b) => exactly(`${what}, tensor ${index}`, a, b))
}

/** The tensor with float elements rounded to, or widened to, another float dtype; others as they are. */
export function toFloat(x: AnyTensor, dtype: 'float32' | 'float64'): AnyTensor {
  if (!isFloat(x.dtype)) return x
  const data = dtype === 'float32' ? Float32Array.from(x.data) : Float64Array.from(x.data)
  return tensor(data, { shape: x.shape, adopt: true })
}

const tensorsOf = (tree: unknown): AnyTensor[] =>
  treeLeaves(tree as AnyTensor).filter((leaf: unknown) => leaf instanceof Tensor)

function compareAll(
  what: string,
  got: unknown,
  expected: unknown,
  compare: (index: number, got: AnyTensor, expected: AnyTensor) => void,
): void {
  const [a, b] = [tensorsOf(got), tensorsOf(expected)]
  if (a.length !== b.length) throw new Error(`${what}: ${a.length} compiled tensors, ${b.length} by reference`)
  b.forEach((one, index) => {
    const [is, should] = [a[index]!, one].map((x) => `${x.dtype} ${shapeText(x.shape)}`)
    if (is !== should) throw new Error(`${what}, tensor ${index}: compiled ${is}, by reference ${should}`)
    compare(index, a[index]!, one)
  })
}

const scaleOf = (x: AnyTensor): number => {
  let scale = 1e-3
  for (const value of x.data) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value))
  return scale
}

function within(what: string, got: AnyTensor, expected: AnyTensor, allowed: number): void {
  ;[...expected.data].forEach((value, at) => {
    const is = got.data[at]!
    if (Object.is(is, value) || Math.abs(is - value) <= allowed) return
    throw new Error(`${what}, element ${at}: compiled ${is}, by reference ${value}; they may differ by ${allowed}`)
  })
}

function exactly(what: string, got: AnyTensor, expected: AnyTensor): void {
  if (got.data.length !== expected.data.length)
    throw new Error(`${what}: ${got.data.length} elements for ${expected.data.length}`)
  ;[...expected.data].forEach((value, at) => {
    if (Object.is(got.data[at], value)) return
    throw new Error(`${what}, element ${at}: compiled ${got.data[at]}, by reference ${value}`)
  })
}
