import { type AnyTensor, ones, type Tensor, TraceError, tensor, zeros } from '@cotangent/core'
import { add, cos, exp, matmul, mul, sin, sum } from '@cotangent/ops'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { carry } from './carry.ts'
import { compile } from './compile.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const silent = () => vi.spyOn(console, 'warn').mockImplementation(() => undefined)

describe('many structures of arguments', () => {
  test('the 32 used last are kept; what changes is said once', () => {
    const warn = silent()
    let traces = 0
    const compiled = compile(
      ({ x }: { x: Tensor }) => {
        traces++
        return mul(x, 2)
      },
      { threads: 1 },
    )
    const call = (length: number) => expect(compiled({ x: ones([length]) }).toArray()).toEqual(Array(length).fill(2))
    for (let length = 1; length <= 32; length++) call(length)
    call(1)
    expect([traces, warn.mock.calls.length]).toEqual([32, 0])
    call(33)
    expect(warn.mock.calls).toEqual([
      [
        'compile: more than 32 programs were made for one function, as its arguments change: args[0].x was float32 [1], then float32 [33]; those used last are kept, the others are made again',
      ],
    ])
    call(1)
    expect(traces).toBe(33)
    call(2)
    for (let length = 40; length < 80; length++) call(length)
    call(33)
    expect(traces).toBe(75)
    expect(warn).toHaveBeenCalledOnce()
  })

  test.each([
    [
      'a dtype',
      (at: number) => [at % 2 ? zeros([at]) : zeros([at], { dtype: 'int32' })],
      /args\[0\] was float32 \[31\], then int32 \[32\]/,
    ],
    ['a static value', (at: number) => [{ kind: `k${at}` }], /args\[0\]\.kind was "k31", then "k32"/],
    ['a flag', (at: number) => [zeros([1]), `${at}`, at === 32], /args\[1\] was "31", then "32"/],
    ['a function', (_: number) => [() => 1], /args\[0\] was another function, then another function/],
    ['structure', (at: number) => [Array(at + 1).fill(true)], /args\[0\]\[32\] is new/],
    ['structure that shrinks', (at: number) => [Array(40 - at).fill(true)], /args\[0\]\[8\] is missing/],
  ])('%s is named', (_, args, message) => {
    const warn = silent()
    const compiled = compile((..._args: readonly unknown[]) => zeros([1]), { threads: 1 })
    for (let at = 0; at <= 32; at++) compiled(...args(at))
    expect(warn.mock.calls).toEqual([[expect.stringMatching(message)]])
  })

  test('programs shared by threads come and go, of carried state too', () => {
    silent()
    const product = compile((x: Tensor) => sum(matmul(x, x)), { threads: 2 })
    const training = carry({ w: ones([200, 1]) }, { threads: 2 })
    const step = training.step(({ w }, x: Tensor) => [{ w: mul(w, 1) }, sum(matmul(x, w))])
    for (let turn = 0; turn < 2; turn++) {
      for (let rows = 120; rows < 156; rows++) {
        expect(product(ones([rows, rows])).item()).toBe(rows ** 3)
        expect(step(ones([rows, 200])).item()).toBe(rows * 200)
      }
    }
  })
})

describe('verify', () => {
  const verified = <A extends readonly unknown[], R>(f: (...args: A) => R) => compile(f, { threads: 1, verify: true })
  const x = tensor([1, 2])

  test('lets pass what stays the same, constants made anew included', () => {
    const compiled = verified((y: Tensor) => [add(mul(y, tensor([3, Number.NaN])), 1), 'text'] as const)
    for (let call = 0; call < 3; call++) expect(compiled(x)[0].data[0]).toBe(4)
  })

  test('names a tensor that was reassigned, and a number', () => {
    let factor: AnyTensor = tensor([3, 4])
    let offset = 1
    const compiled = verified((y: Tensor) => add(mul(y, factor as Tensor), offset))
    compiled(x)
    factor = tensor([3, 5])
    expect(() => compiled(x)).toThrow(
      new TraceError(
        'compile: traced again to verify it, the function is another: mul used other elements in a float32 tensor of shape [2], which it closes over; pass it as an argument',
      ),
    )
    factor = tensor([[3, 4]])
    expect(() => compiled(x)).toThrow(
      'mul used a float32 tensor of shape [2], now a float32 tensor of shape [1, 2], which',
    )
    factor = tensor([3, 4])
    compiled(x)
    offset = 2
    expect(() => compiled(x)).toThrow('the function is another: add used 1, now 2, which it closes over')
  })

  test('names another operation, and what is returned', () => {
    let f: (x: Tensor) => Tensor = sin
    let label = 'one'
    let twice = false
    const compiled = verified((y: Tensor) => {
      const z = exp(f(y))
      return { z: twice ? mul(z, z) : z, label, swapped: label === 'three' ? [y, z] : [z, y] }
    })
    compiled(x)
    f = cos
    expect(() => compiled(x)).toThrow('operation 1 was sin to float32 [2], now cos to float32 [2]')
    f = sin
    twice = true
    expect(() => compiled(x)).toThrow('operation 3 was missing, now mul to float32 [2]')
    twice = false
    label = 'two'
    expect(() => compiled(x)).toThrow('what it returns beside tensors has changed')
    label = 'three'
    expect(() => compiled(x)).toThrow('it returns other values')
  })

  test('holds for carried steps', () => {
    let rate = 0.5
    const training = carry({ w: tensor([1, 2]) }, { threads: 1, verify: true })
    const step = training.step(({ w }, y: Tensor) => [{ w: add(w, mul(y, rate)) }, sum(w)])
    step(x)
    step(x)
    rate = 0.25
    expect(() => step(x)).toThrow('mul used 0.5, now 0.25')
    expect(training.snapshot().w.toArray()).toEqual([2, 4])
  })
})
