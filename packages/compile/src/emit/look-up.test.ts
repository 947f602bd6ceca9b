import { type AnyTensor, cast, full, type Tensor, tensor } from '@cotangent/core'
import { add, div, mul, pad, slice, take, transpose } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { compile } from '../compile.ts'
import { integers, plain } from '../exact.fixtures.ts'

const places = tensor([4, 0, 4, 6, 1, 6], { dtype: 'int32' })

/** Bytes, or numbers below and above 0. */
function tableOf(shape: readonly number[], dtype: 'uint8' | 'float32' | 'int32'): AnyTensor {
  if (dtype !== 'uint8') return integers(shape, dtype)
  const numbers = integers(shape, 'int32')
  return cast(mul(numbers, numbers), 'uint8')
}

/** Which bytes of the rows that a step looks up are read ahead, counted from the first one of the first table. */
function readAhead(f: (...args: never[]) => unknown, args: readonly AnyTensor[]): number[] {
  const code = compile(f as (...args: AnyTensor[]) => unknown, { threads: 1 }).explain({ args: [...args], wat: true })
  const offsets = [...code.matchAll(/\(drop \(i32\.load8_u(?: offset=(\d+))?/g)].map(([, offset]) =>
    Number(offset ?? 0),
  )
  return offsets.map((offset) => offset - offsets[0]!)
}

/** A byte of each cache line, and the last one. */
const linesOf = (bytes: number): number[] => {
  const lines = Array.from({ length: Math.ceil(bytes / 64) }, (_, line) => 64 * line)
  return lines.at(-1) === bytes - 1 ? lines : [...lines, bytes - 1]
}

test.each([
  { dtype: 'uint8', row: [28, 28], reads: linesOf(784) },
  { dtype: 'uint8', row: [127], reads: [] },
  { dtype: 'uint8', row: [128], reads: [0, 64, 127] },
  { dtype: 'uint8', row: [129], reads: [0, 64, 128] },
  { dtype: 'float32', row: [8, 50], reads: linesOf(1600) },
  { dtype: 'int32', row: [1024], reads: linesOf(4096) },
  { dtype: 'float32', row: [1025], reads: [] },
] as const)('rows of $row $dtype', ({ dtype, row, reads }) => {
  const table = tableOf([7, ...row], dtype)
  const f = (places: Tensor<'int32'>) => take(table, places)
  expect(readAhead(f, [places])).toEqual(reads)
  expect(plain(compile(f, { threads: 1 })(places))).toEqual(plain(f(places)))
})

test('of two tables the rows of both, of one that is used twice once', () => {
  const [images, weights] = [tableOf([7, 784], 'uint8'), tableOf([7, 784], 'float32')]
  const both = (places: Tensor<'int32'>) => mul(div(take(images, places), 255), take(weights, places))
  expect(readAhead(both, [places])).toHaveLength(linesOf(784).length + linesOf(3136).length)
  const twice = (places: Tensor<'int32'>) => {
    const rows = take(images, places)
    return add(mul(rows, rows), rows)
  }
  expect(readAhead(twice, [places])).toEqual(linesOf(784))
  for (const f of [both, twice]) expect(plain(compile(f, { threads: 1 })(places))).toEqual(plain(f(places)))
})

test('nothing of rows that stand only in some places, as in padding there is none to be looked up', () => {
  const table = tableOf([7, 784], 'float32')
  const padded = (places: Tensor<'int32'>) =>
    pad(take(table, places), [
      [2, 1],
      [0, 0],
    ])
  const more = (places: Tensor<'int32'>) => mul(padded(places), 2)
  for (const f of [padded, more]) {
    expect(readAhead(f, [places])).toEqual([])
    expect(plain(compile(f, { threads: 1 })(places))).toEqual(plain(f(places)))
  }
})

test('nothing of rows whose places stand only in some places: what lies around these are no places', () => {
  const line = integers([300], 'float32')
  const table = cast(tableOf([7, 784], 'uint8'), 'int32')
  // What lies around the places in memory is read as one that is far behind its end.
  const f = (before: Tensor, places: Tensor<'int32'>, after: Tensor) => [
    take(
      line,
      pad(take(table, places), [
        [40, 40],
        [0, 0],
      ]),
    ),
    mul(before, after),
  ]
  const args: [Tensor, Tensor<'int32'>, Tensor] = [full([1000], 1e30), places, full([1000], 1e30)]
  expect(readAhead(f, args)).toEqual([])
  expect(plain(compile(f, { threads: 1 })(...args))).toEqual(plain(f(...args)))
})

test('of rows of which a part is taken that part, and nothing of such as are taken in another order', () => {
  const table = tableOf([7, 28, 28], 'uint8')
  const part = (places: Tensor<'int32'>) => slice(take(table, places), { begin: [0, 10, 0], end: [6, 20, 28] })
  expect(readAhead(part, [places])).toEqual(linesOf(280))
  const turned = (places: Tensor<'int32'>) => transpose(take(table, places), [0, 2, 1])
  expect(readAhead(turned, [places])).toEqual([])
  for (const f of [part, turned]) expect(plain(compile(f, { threads: 1 })(places))).toEqual(plain(f(places)))
})

test('nothing of what is looked up along another axis, or element by element', () => {
  const table = integers([300, 7], 'float32')
  expect(readAhead((places: Tensor<'int32'>) => take(table, places, { axis: 1 }), [places])).toEqual([])
  const line = integers([3000], 'float32')
  const many = integers([4, 200], 'int32')
  expect(readAhead((places: Tensor<'int32'>) => take(line, places), [many])).toEqual([])
})
