import { expect, test } from 'vitest'
import { WasmModule } from '../wasm/module.ts'
import { evaluate, unaryNames } from './evaluate.fixtures.ts'
import { exact, ulps } from './exact.fixtures.ts'
import { mathFunctions } from './functions.ts'

const { POSITIVE_INFINITY: infinity, NaN: nan } = Number

test.each(unaryNames)('%s of zeros, infinities and NaN, in both widths', (name) => {
  const arguments_ = [
    0,
    -0,
    infinity,
    -infinity,
    nan,
    ...(name === 'log' ? [1, -1] : []),
    ...(name === 'log1p' ? [-1, -2] : []),
  ]
  const expected = name === 'erf' ? [0, -0, 1, -1, nan] : arguments_.map((x) => Math[name](x))
  for (const floats of [Float32Array, Float64Array]) {
    for (const [i, x] of arguments_.entries()) {
      const results = [...evaluate(name, new floats(4).fill(x))]
      expect(results, `${name}(${x})`).toEqual(new Array(4).fill(expected[i]))
    }
  }
})

test('functions that keep small arguments keep them to the last bit', () => {
  const names = ['expm1', 'log1p', 'sin', 'tanh'] as const
  for (const name of names) {
    const single = Float32Array.from([2 ** -149, 3 * 2 ** -149, 2 ** -126, 1.5 * 2 ** -40])
    const double = Float64Array.from([5e-324, 1.5e-323, 2 ** -1022, 1.5 * 2 ** -70])
    for (const x of [single, double, single.map((x) => -x), double.map((x) => -x)]) {
      expect([...evaluate(name, x)], name).toEqual([...x])
    }
  }
})

test.each(['float32', 'float64'] as const)('pow over its special cases as Math.pow, %s', (dtype) => {
  const magnitudes = [0, 1, 2, 3, 0.5, 1.5, infinity, 2 ** 24 - 1, 2 ** 24, 2 ** 53 - 1, 2 ** 53, 1e30, 1e-30]
  const own =
    dtype === 'float32'
      ? [2 ** -149, 1e-40, 3e38, 1 + 2 ** -23, 1 - 2 ** -24]
      : [5e-324, 1e-310, 1e308, 1 + 2 ** -52, 1 - 2 ** -53]
  const floats = dtype === 'float32' ? Float32Array : Float64Array
  const values = new floats([...magnitudes, ...own].flatMap((value) => [value, -value]).concat(nan))
  const pairs = [...values].flatMap((x) => [...values].map((y) => [x, y] as const))
  const results = evaluate('pow', new floats(pairs.map(([x]) => x)), new floats(pairs.map(([, y]) => y)))
  for (const [i, [x, y]] of pairs.entries()) {
    const result = results[i]!
    const expected = new floats([x ** y])[0]!
    if (Object.is(result, expected)) continue
    // Not the same bits: within the bound of what is true, and of the right sign.
    const place = dtype === 'float32' ? 2 ** 29 : 1
    const regular = x !== 0 && Number.isFinite(x) && Number.isFinite(y) && !Number.isNaN(expected)
    expect(regular && Math.sign(result) === Math.sign(expected), `pow(${x}, ${y}) = ${result}, not ${expected}`).toBe(
      true,
    )
    expect(ulps(Math.abs(result), exact.pow(x, y)) / place, `pow(${x}, ${y})`).toBeLessThanOrEqual(1.45)
  }
})

test.each([...unaryNames, 'pow'] as const)('%s gives a lane the same bits whatever stands in the others', (name) => {
  const pool = [
    0,
    -0,
    1,
    -1,
    infinity,
    -infinity,
    nan,
    1e-40,
    -1e-40,
    1e-310,
    0.3,
    -0.7,
    0.9,
    2.5,
    -3.7,
    11,
    -30,
    100,
    -100,
    720,
    1e7,
    -1e15,
    1e30,
    1e300,
  ]
  for (const floats of [Float32Array, Float64Array]) {
    const value = (i: number) => pool[(Math.imul(i, 0x9e3779b1) >>> 16) % pool.length]!
    const x = Float64Array.from({ length: 4096 }, (_, i) => value(i))
    const y = Float64Array.from({ length: 4096 }, (_, i) => value(i + 9999))
    const together = new floats(evaluate(name, new floats(x), new floats(y)))
    for (let i = 0; i < 512; i++) {
      const alone = evaluate(name, new floats(4).fill(x[i]!), new floats(4).fill(y[i]!))
      expect([...alone], `${name}(${x[i]}, ${y[i]})`).toEqual(new Array(4).fill(together[i]))
    }
  }
})

test('a function is defined once, when it is first asked for', () => {
  const module = new WasmModule('lazy')
  const functions = mathFunctions(module)
  const count = () => module.toWat().split('(func $').length - 1
  expect(count()).toBe(0)
  const exp = functions.get('exp', 'f32x4')
  const defined = count()
  expect(defined).toBeGreaterThan(0)
  expect(functions.get('exp', 'f32x4')).toBe(exp)
  expect(count()).toBe(defined)
  functions.get('erf', 'f32x4')
  expect(count()).toBe(defined + 1)
})
