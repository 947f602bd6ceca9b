import { describe, expect, test } from 'vitest'
import { zeros } from '../create.ts'
import { CotangentError, DTypeError, GradientError, ValueError } from '../errors.ts'
import { abs, cos, div, exp, log, maximum, sin, sqrt } from '../operations.fixtures.ts'
import { add, broadcastTo, cast, mul, reshape, stopGradient, sum } from '../operations.ts'
import { randomKey } from '../random/key.ts'
import { record } from '../tape.ts'
import { type AnyTensor, type Tensor, tensor } from '../tensor.ts'
import { checkGradients } from './checkGradients.ts'

const x = tensor([
  [0.5, -1.2, 2],
  [3, 0.1, -0.7],
])
const row = tensor([0.3, -0.4, 1.5])

describe.each(['reverse', 'forward', 'both'] as const)('right gradients pass at orders 1 and 2, mode %s', (mode) => {
  test.each<[string, (...args: never[]) => unknown, readonly unknown[]]>([
    ['a scalar', (a: Tensor) => sum(mul(a, mul(a, a))), [x]],
    ['a tensor', (a: Tensor) => exp(sin(a)), [x]],
    ['a tree', (a: Tensor) => ({ s: sin(a), list: [cos(a), cast(a, 'int32')], name: 'net' }), [x]],
    ['broadcasting', (a: Tensor, b: Tensor) => div(add(a, b), add(2, mul(b, b))), [x, row]],
    ['movement', (a: Tensor) => mul(reshape(a, [3, 2]), broadcastTo(sum(a), [3, 2])), [x]],
    ['reductions', (a: Tensor) => log(sum(exp(a), { axis: 1, keepDims: true })), [x]],
    ['roots away from 0', (a: Tensor) => sqrt(add(1, mul(a, a))), [x]],
    ['a scalar argument', (a: Tensor) => mul(a, exp(a)), [tensor(0.25)]],
    ['no dependence', (_: Tensor, b: Tensor) => mul(b, b), [x, row]],
    ['constants of float32 beside', (a: Tensor) => mul(a, row), [x]],
  ])('%s', (_, f, args) => {
    const report = checkGradients(f as (...args: unknown[]) => unknown, [...args], { order: 2, mode })
    expect(report.ok).toBe(true)
    expect(report.blame).toBeNull()
    const leaves = args.length
    expect(report.leaves).toHaveLength(leaves * 2 * (mode === 'both' ? 2 : 1))
    for (const leaf of report.leaves) {
      expect(leaf.largestRelative!.relativeError).toBeLessThan(1e-8)
      expect(leaf.kinks).toEqual([])
    }
  })
})

test('rounding of derivatives that cancel to 0 is not taken for an error', () => {
  const one = (a: Tensor) => sum(div(exp(a), sum(exp(a))))
  for (const point of [x, tensor([10, -10, 12, 3]), tensor([1e-3, 0, 2e-3])])
    expect(checkGradients(one, [point], { order: 2, mode: 'both' }).ok).toBe(true)
})

describe('what is reported', () => {
  test('trees: a row a float leaf, named by its path; other leaves are skipped', () => {
    const parameters = {
      layers: [{ w: x, b: row }],
      count: tensor([1, 2], { dtype: 'int32' }),
      mask: tensor([true]),
      key: randomKey(1),
      rate: 0.1,
      name: 'net',
    }
    const report = checkGradients(
      (p: typeof parameters, scale: Tensor) => mul(scale, add(mul(p.layers[0]!.w, p.layers[0]!.w), p.layers[0]!.b)),
      [parameters, tensor(2, { dtype: 'float64' })],
    )
    expect(report.ok).toBe(true)
    expect(report.leaves.map(({ path, shape, elements, size }) => [path, shape, elements, size])).toEqual([
      ['[0].layers[0].w', [2, 3], 6, 6],
      ['[0].layers[0].b', [3], 3, 3],
      ['[1]', [], 1, 1],
    ])
  })

  test('a wrong gradient: where, and both values', () => {
    // The second factor is left out of the gradient, so that it is half of what it should be.
    const report = checkGradients((a: Tensor) => sum(mul(stopGradient(a), a)), [tensor([0.5, 4, -2])])
    expect(report.ok).toBe(false)
    const [leaf] = report.leaves
    expect(leaf!.ok).toBe(false)
    const worst = leaf!.largestAbsolute!
    expect(worst).toMatchObject({ index: [1], direction: null, autodiff: 4, kink: false, ok: false })
    expect(worst.numerical).toBeCloseTo(8, 9)
    expect(worst.absoluteError).toBeCloseTo(4, 9)
    expect(leaf!.largestRelative!.relativeError).toBeCloseTo(0.5, 9)
  })

  test('each order has a row of its own', () => {
    const report = checkGradients((a: Tensor) => mul(a, stopGradient(a)), [tensor([1, 2])], { order: 2 })
    expect(report.leaves.map(({ order, ok }) => [order, ok])).toEqual([
      [1, false],
      [2, false],
    ])
  })

  test('the report is plain data', () => {
    const report = checkGradients((a: Tensor) => sin(a), [row])
    const data = JSON.parse(JSON.stringify(report))
    expect(data).toMatchObject({ ok: true, order: 1, mode: 'reverse', seed: 0, blame: null })
    expect(data.leaves[0].largestRelative.index).toHaveLength(1)
  })

  test('an argument without elements has nothing to compare', () => {
    const report = checkGradients((a: Tensor, b: Tensor) => add(sum(a), b), [zeros([0, 3]), tensor(1)])
    expect(report.ok).toBe(true)
    expect(report.leaves[0]).toMatchObject({
      elements: 0,
      size: 0,
      largestAbsolute: null,
      largestRelative: null,
      ok: true,
    })
  })

  test('leaves no trace on a tape', () => {
    const [, tape] = record(() => checkGradients((a: Tensor) => sin(a), [row], { order: 2, mode: 'both' }))
    expect(tape.steps).toEqual([])
  })
})

describe('kinks', () => {
  const indices = (report: ReturnType<typeof checkGradients>) =>
    report.leaves.map((leaf) => leaf.kinks.map((one) => one.index))

  test('abs at 0 is marked, and 0 passes as its derivative', () => {
    const report = checkGradients((a: Tensor) => abs(a), [tensor([-1, 0, 2])], { mode: 'both' })
    expect(report.ok).toBe(true)
    expect(indices(report)).toEqual([[[1]], [[1]]])
  })

  test('maximum with 0 at 0 is marked, and one half passes', () => {
    const report = checkGradients(
      (a: Tensor) => maximum(a, 0),
      [
        tensor([
          [-1, 0],
          [0, 2],
        ]),
      ],
      { order: 2 },
    )
    expect(report.ok).toBe(true)
    expect(indices(report)[0]).toEqual([
      [0, 1],
      [1, 0],
    ])
  })

  test('elements beside a kink are marked and still checked', () => {
    const wrongBesideKink = (a: Tensor) => add(maximum(a, 0), mul(0.01, mul(a, stopGradient(a))))
    const report = checkGradients((a: Tensor) => maximum(a, 0), [tensor([2e-4, -3e-4, 1])])
    expect(report.ok).toBe(true)
    expect(indices(report)[0]).toEqual([[0], [1]])
    expect(checkGradients(wrongBesideKink, [tensor([2e-4, -3e-4])]).ok).toBe(false)
  })

  test('an infinite derivative at the end of the domain is not confirmed', () => {
    const report = checkGradients((a: Tensor) => sqrt(a), [tensor([0, 1])])
    expect(report.ok).toBe(false)
    expect(report.blame).toBeNull()
    expect(report.leaves[0]!.largestRelative).toMatchObject({
      index: [0],
      autodiff: Number.POSITIVE_INFINITY,
      kink: true,
    })
    expect(report.toString()).toContain('cannot be confirmed')
  })
})

describe('large arguments', () => {
  const weights = tensor(
    Float64Array.from({ length: 3000 }, (_, index) => Math.sin(index) / 10),
    { shape: [30, 100] },
  )
  const f = (w: AnyTensor) => sum(exp(sum(mul(w, w), { axis: 1 })))

  test('are checked at some elements and along random directions', () => {
    const report = checkGradients(f, [weights], { order: 2, mode: 'both', maxElements: 20, directions: 4 })
    expect(report.ok).toBe(true)
    for (const leaf of report.leaves) expect(leaf).toMatchObject({ size: 3000, elements: 20, directions: 4 })
  })

  test('along directions alone', () => {
    const report = checkGradients(f, [weights], { maxElements: 0, directions: 3 })
    expect(report.leaves[0]).toMatchObject({ elements: 0, directions: 3, ok: true })
    expect(report.leaves[0]!.largestRelative).toMatchObject({ index: null })
  })

  test('a direction sees one wrong element in three thousand', () => {
    const mask = tensor(
      Float64Array.from({ length: 3000 }, (_, index) => (index === 1234 ? 1 : 0)),
      { shape: [30, 100] },
    )
    const wrong = (w: AnyTensor) => add(f(w), sum(mul(mask, stopGradient(w))))
    expect(checkGradients(wrong, [weights], { maxElements: 0, directions: 3 }).ok).toBe(false)
  })

  test('all elements are checked where there are no more than the limit', () => {
    const report = checkGradients(
      f,
      [
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ],
      { maxElements: 4, directions: 7 },
    )
    expect(report.leaves[0]).toMatchObject({ elements: 4, directions: 0 })
  })

  test('the seed decides: the same gives the same report, another one another', () => {
    const options = { maxElements: 5, directions: 2 }
    const once = checkGradients(f, [weights], { ...options, seed: 11 })
    const again = checkGradients(f, [weights], { ...options, seed: 11 })
    const other = checkGradients(f, [weights], { ...options, seed: 12 })
    expect(again).toEqual(once)
    expect(other.leaves[0]!.largestAbsolute).not.toEqual(once.leaves[0]!.largestAbsolute)
    expect(once.toString()).toContain('seed 11')
    expect(checkGradients(f, [weights], options).seed).toBe(0)
  })
})

describe('options', () => {
  const bent = (a: Tensor) => add(sin(a), mul(1e-5, stopGradient(a)))

  test('tolerance decides what passes', () => {
    expect(checkGradients(bent, [row]).ok).toBe(false)
    expect(checkGradients(bent, [row], { tolerance: 1e-3 }).ok).toBe(true)
  })

  test('scale excuses errors of small derivatives', () => {
    const small = (a: Tensor) => mul(1e-6, bent(a))
    expect(checkGradients(small, [row]).ok).toBe(false)
    expect(checkGradients(small, [row], { scale: 1 }).ok).toBe(true)
  })

  test.each([
    [{ order: 3 }, /order is 3; it must be 1 or 2/],
    [{ mode: 'sideways' }, /mode is sideways; it must be 'reverse', 'forward' or 'both'/],
    [{ tolerance: 0 }, /tolerance is 0; it must be a positive number/],
    [{ epsilon: -1 }, /epsilon is -1; it must be a positive number/],
    [{ scale: Number.NaN }, /scale is NaN; it must be a positive number/],
    [{ maxElements: 1.5 }, /maxElements is 1.5; it must be an integer/],
    [{ directions: -2 }, /directions is -2; it must be an integer/],
    [{ maxElements: 0, directions: 0 }, /directions is 0; .* nothing would be checked/],
    [{ seed: -1 }, /seed is -1/],
    [{ tolerence: 1e-3 }, /there is no option tolerence; the options are .*tolerance/],
  ])('%j is refused', (options, message) => {
    const call = () => checkGradients((a: Tensor) => sin(a), [row], options as object)
    expect(call).toThrow(ValueError)
    expect(call).toThrow(message)
  })
})

describe('bad input: one clear sentence', () => {
  test.each<[string, () => unknown, new (message: string) => CotangentError, RegExp]>([
    ['arguments that are no list', () => checkGradients((a: Tensor) => a, row as never), ValueError, /is not a list/],
    [
      'no tensor',
      () => checkGradients((_: object) => row, [{}]),
      GradientError,
      /the arguments hold no tensor to differentiate by/,
    ],
    [
      'integers alone',
      () => checkGradients((_: AnyTensor) => row, [tensor([1], { dtype: 'int32' })]),
      GradientError,
      /no argument holds a float tensor/,
    ],
    ['a value that is a number', () => checkGradients((a: Tensor) => a.size, [row]), GradientError, /returned number/],
    ['no value', () => checkGradients((_: Tensor) => {}, [row]), GradientError, /returned undefined/],
    [
      'an integer value',
      () => checkGradients((a: Tensor) => cast(a, 'int32'), [row]),
      GradientError,
      /returned a tensor of dtype int32/,
    ],
    ['a promise', () => checkGradients(async (a: Tensor) => a, [row]), CotangentError, /promise/],
    [
      'a cast to float32',
      () => checkGradients((a: Tensor) => cast(a, 'float32'), [row]),
      DTypeError,
      /returned float32/,
    ],
    ['a value of NaN', () => checkGradients((a: Tensor) => log(a), [tensor([-1])]), ValueError, /holds NaN/],
  ])('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind)
    expect(call).toThrow(message)
  })

  test('a function that is not repeatable', () => {
    let calls = 0
    expect(() => checkGradients((a: Tensor) => mul(a, ++calls), [row])).toThrow(/two calls .* different values/)
  })

  test('a value whose shape depends on the point', () => {
    const f = (a: Tensor) => (a.data[0]! > 0.5 ? reshape(a, [3]) : sum(a))
    expect(() => checkGradients(f, [tensor([0.5, 1, 2])])).toThrow(/shape of the function's value changed/)
  })
})
