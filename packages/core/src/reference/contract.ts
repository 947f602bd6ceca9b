import { allocate, type TypedArray } from '../dtype.ts'
import { InternalError } from '../errors.ts'
import type { Kernel, Labels, TensorType } from '../kernel/kernel.ts'
import { wholeView } from '../kernel/view.ts'
import { sizeOf } from '../shape.ts'
import type { Operand } from './operand.ts'
import { evaluateView } from './view.ts'

type Contract = Extract<Kernel, { family: 'contract' }>

/** Sums of products over labelled axes: both operands are brought to matrices, [batch, m, k] and [batch, k, n], and multiplied. */
export function evaluateContract(kernel: Contract, a: Operand, b: Operand, output: TensorType): TypedArray {
  const { batch, rows, columns, summed } = roles(kernel)
  const length = lengthsOf(kernel, a, b)
  const count = (labels: Labels): number => sizeOf(labels.map((label) => length.get(label)!))
  const [batches, m, n, k] = [count(batch), count(rows), count(columns), count(summed)]
  const left = ordered(a, kernel.a, [...batch, ...rows, ...summed])
  const right = ordered(b, kernel.b, [...batch, ...summed, ...columns])
  const product = allocate(output.dtype, batches * m * n)
  for (let at = 0; at < batches; at++) {
    multiply(
      left.subarray(at * m * k, (at + 1) * m * k),
      right.subarray(at * k * n, (at + 1) * k * n),
      product.subarray(at * m * n, (at + 1) * m * n),
      m,
      k,
      n,
    )
  }
  const made = [...batch, ...rows, ...columns]
  return ordered(
    { shape: made.map((label) => length.get(label)!), dtype: output.dtype, array: product },
    made,
    kernel.out,
  )
}

/** What each label does: in both operands and the output, in one operand and the output, or summed over. */
export function roles({ a, b, out }: Contract): { batch: Labels; rows: Labels; columns: Labels; summed: Labels } {
  return {
    batch: out.filter((label) => a.includes(label) && b.includes(label)),
    rows: out.filter((label) => a.includes(label) && !b.includes(label)),
    columns: out.filter((label) => !a.includes(label) && b.includes(label)),
    summed: a.filter((label) => !out.includes(label)),
  }
}

function lengthsOf(kernel: Contract, a: TensorType, b: TensorType): Map<number, number> {
  const lengths = new Map<number, number>()
  for (const [axis, label] of kernel.a.entries()) lengths.set(label, a.shape[axis]!)
  for (const [axis, label] of kernel.b.entries()) lengths.set(label, b.shape[axis]!)
  return lengths
}

/** The elements with their axes in the order `to`; without a copy where they are already. */
function ordered(x: Operand, from: Labels, to: Labels): TypedArray {
  const order = to.map((label) => from.indexOf(label))
  if (order.length !== from.length || order.includes(-1))
    throw new InternalError('a contraction with a label in one operand alone')
  if (order.every((axis, at) => axis === at)) return x.array
  const axes = order.map((source) => ({ source, step: 1 }))
  return evaluateView({ ...wholeView(x.shape), shape: order.map((axis) => x.shape[axis]!), axes }, x)
}

/** out[m, n] = a[m, k] · b[k, n]; sums in float64 (integers stay exact below 2^53 and wrap on writing). */
function multiply(a: TypedArray, b: TypedArray, out: TypedArray, m: number, k: number, n: number): void {
  // Four columns of b side by side, so that the inner loop reads one line of memory.
  const panel = new Float64Array(4 * k)
  for (let j = 0; j < n; j += 4) {
    const width = Math.min(4, n - j)
    if (width < 4) panel.fill(0)
    for (let p = 0; p < k; p++) for (let c = 0; c < width; c++) panel[4 * p + c] = b[p * n + j + c]!
    let i = 0
    for (; i + 1 < m; i += 2) twoRows(a, i * k, (i + 1) * k, panel, out, i * n + j, n, width, k)
    if (i < m) oneRow(a, i * k, panel, out, i * n + j, width, k)
  }
}

function twoRows(
  a: TypedArray,
  first: number,
  second: number,
  panel: Float64Array,
  out: TypedArray,
  at: number,
  n: number,
  width: number,
  k: number,
): void {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let t0 = 0
  let t1 = 0
  let t2 = 0
  let t3 = 0
  for (let p = 0, q = 0; p < k; p++, q += 4) {
    const x = a[first + p]!
    const y = a[second + p]!
    const b0 = panel[q]!
    const b1 = panel[q + 1]!
    const b2 = panel[q + 2]!
    const b3 = panel[q + 3]!
    s0 += x * b0
    s1 += x * b1
    s2 += x * b2
    s3 += x * b3
    t0 += y * b0
    t1 += y * b1
    t2 += y * b2
    t3 += y * b3
  }
  write(out, at, width, s0, s1, s2, s3)
  write(out, at + n, width, t0, t1, t2, t3)
}

function oneRow(
  a: TypedArray,
  first: number,
  panel: Float64Array,
  out: TypedArray,
  at: number,
  width: number,
  k: number,
): void {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (let p = 0, q = 0; p < k; p++, q += 4) {
    const x = a[first + p]!
    s0 += x * panel[q]!
    s1 += x * panel[q + 1]!
    s2 += x * panel[q + 2]!
    s3 += x * panel[q + 3]!
  }
  write(out, at, width, s0, s1, s2, s3)
}

function write(out: TypedArray, at: number, width: number, s0: number, s1: number, s2: number, s3: number): void {
  out[at] = s0
  if (width > 1) out[at + 1] = s1
  if (width > 2) out[at + 2] = s2
  if (width > 3) out[at + 3] = s3
}
