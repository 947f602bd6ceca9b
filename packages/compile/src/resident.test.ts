/** Large tensors that a compiled function closes over stay in its memory, and nowhere else. */
import { type AnyTensor, knownValues, ones, type Tensor, tensor } from '@cotangent/core'
import { add, cast, sum, take } from '@cotangent/ops'
import { expect, test, vi } from 'vitest'
import { compile } from './compile.ts'
import { freshMemoryIsSlow } from './fresh-memory.ts'
import { ThreadPool } from './threads.ts'

vi.mock('./fresh-memory.ts', async (original) => ({ ...(await original<object>()), freshMemoryIsSlow: vi.fn() }))

const table = () =>
  tensor(
    Uint8Array.from({ length: 2 ** 20 }, (_, at) => at % 251),
    { shape: [2 ** 12, 2 ** 8] },
  )
const rowsOf = (data: Tensor<'uint8'>, threads: number) =>
  compile((at: Tensor<'int32'>) => sum(cast(take(data, at), 'float32'), { axis: 1 }), { threads })

/** The memory behind a tensor. */
const memoryOf = (data: AnyTensor) => (knownValues(data) as Uint8Array).buffer

test.each([1, 2])('with %i threads its elements, and what is computed of them, stay the same', (threads) => {
  const [data, expected] = [table(), table()]
  const at = tensor([3, 4095, 0], { dtype: 'int32' })
  const rows = rowsOf(data, threads)
  expect([...rows(at).data]).toEqual([...rowsOf(expected, 1)(at).data])
  expect(memoryOf(data) instanceof SharedArrayBuffer).toBe(threads > 1)

  // Programs made later make the memory grow; operations outside of it read the tensor where it is.
  compile((x: Tensor) => add(x, cast(data, 'float32')), { threads })(ones([2 ** 12, 2 ** 8]))
  expect(sum(cast(data, 'float64')).item()).toBe(sum(cast(expected, 'float64')).item())
  expect(Buffer.compare(data.data as Uint8Array, expected.data as Uint8Array)).toBe(0)
})

test('what a user reads of it is not the memory of a program', () => {
  const data = table()
  const at = tensor([1], { dtype: 'int32' })
  const rows = rowsOf(data, 2)
  const before = rows(at).item()
  // Against the type, as a careless caller might.
  ;(data.data as Uint8Array).fill(0)
  expect(memoryOf(data)).toBeInstanceOf(ArrayBuffer)
  expect(data.data).toBe(data.data)
  expect(rows(at).item()).toBe(before)
})

test('small tensors stay where they are', () => {
  const data = tensor(new Uint8Array(2 ** 10), { shape: [4, 2 ** 8] })
  rowsOf(data, 2)(tensor([1], { dtype: 'int32' }))
  expect(memoryOf(data)).toBeInstanceOf(ArrayBuffer)
})

test('workers touch the memory that a large tensor is to have where the system is slow to hand it out', () => {
  const touch = vi.spyOn(ThreadPool.prototype, 'touch')
  for (const slow of [true, false]) {
    vi.mocked(freshMemoryIsSlow).mockReturnValue(slow)
    rowsOf(table(), 2)(tensor([1], { dtype: 'int32' }))
  }
  expect(touch).toHaveBeenCalledTimes(1)
})

test('workers that touch the memory before it is filled change nothing there', () => {
  vi.mocked(freshMemoryIsSlow).mockReturnValue(true)
  for (let time = 0; time < 4; time++) {
    // No number of pages, and elements that differ in each of them.
    const data = tensor(
      Int32Array.from({ length: 2 ** 20 + 333 }, (_, at) => Math.imul(at + time, 2_654_435_761)),
      { shape: [2 ** 20 + 333] },
    )
    const expected = Int32Array.from(data.data as Int32Array)
    const at = tensor([0, 1023, 2 ** 20, 2 ** 20 + 332], { dtype: 'int32' })
    const taken = compile((at: Tensor<'int32'>) => take(data, at), { threads: 2 })(at)
    expect([...taken.data]).toEqual(Array.from(at.data, (place) => expected[place]))
    expect(memoryOf(data)).toBeInstanceOf(SharedArrayBuffer)
    expect(Buffer.compare(Buffer.from((data.data as Int32Array).buffer), Buffer.from(expected.buffer))).toBe(0)
  }
})
