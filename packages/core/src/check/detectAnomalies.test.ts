import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { CotangentError } from '../errors.ts'
import { wholeView } from '../kernel/view.ts'
import { div, exp, log, maximum, sqrt } from '../operations.fixtures.ts'
import { add, mul, reshape, sum } from '../operations.ts'
import { customVjp, definePrimitive } from '../primitive.ts'
import { record } from '../tape.ts'
import { type AnyTensor, type Tensor, tensor } from '../tensor.ts'
import { runningRule, scope } from '../trace.ts'
import { grad, jvp, valueAndGrad } from '../transforms.ts'
import { AnomalyError, detectAnomalies } from './detectAnomalies.ts'

const FILE = fileURLToPath(import.meta.url)
const LINES = readFileSync(FILE, 'utf8').split('\n')

/** The number of the line of this file that ends in `// marker`. */
const lineOf = (marker: string): number => LINES.findIndex((line) => line.endsWith(`// ${marker}`)) + 1

function anomalyOf(f: () => unknown): AnomalyError {
  try {
    detectAnomalies(f)
  } catch (error) {
    if (error instanceof AnomalyError) return error
    throw error
  }
  throw new Error('no anomaly was found')
}

test('gives what the function returns where all is finite', () => {
  const x = tensor([1, 2])
  expect(detectAnomalies(() => 5)).toBe(5)
  const [loss, gradient] = detectAnomalies(() => valueAndGrad((a: Tensor) => sum(log(a)))(x))
  expect(loss.item()).toBeCloseTo(Math.log(2), 6)
  expect(gradient.toArray()).toEqual([1, 0.5])
})

describe('in the forward computation', () => {
  const inHidden = (x: Tensor) =>
    scope('hidden', () => {
      const shifted = add(x, -2)
      return exp(log(shifted)) // log of −1
    })

  test('names the operation, the element, the shapes, the scope and the line', () => {
    const error = anomalyOf(() =>
      inHidden(
        tensor([
          [3, 1],
          [5, 4],
        ]),
      ),
    )
    expect(error).toBeInstanceOf(CotangentError)
    expect(error.anomaly).toEqual({
      operation: 'log',
      value: Number.NaN,
      index: [0, 1],
      shape: [2, 2],
      inputs: [{ shape: [2, 2], dtype: 'float32', finite: true, value: -1 }],
      inside: null,
      rule: null,
      scope: 'hidden',
      callSite: { file: FILE, line: lineOf('log of −1'), column: expect.any(Number) },
    })
    expect(error.message).toBe(
      `log gave NaN at index [0, 1] of its output, shape [2, 2], in the forward computation, in scope hidden, called at ${FILE}:${lineOf('log of −1')}:${error.anomaly.callSite!.column}; input 0 (float32 [2, 2]) was finite and -1 there`,
    )
  })

  test('an infinity counts, and inputs that were not finite already are named', () => {
    const error = anomalyOf(() => div(tensor([1, Number.POSITIVE_INFINITY, 1]), tensor([1, 2, 0])))
    expect(error.anomaly).toMatchObject({ operation: 'div', value: Number.POSITIVE_INFINITY, index: [1] })
    expect(error.anomaly.inputs.map(({ finite }) => finite)).toEqual([false, true])
    expect(error.message).toContain('input 0 (float32 [3]) was not finite already')
  })

  test('overflow of float32', () => {
    const error = anomalyOf(() => sum(exp(tensor([1, 100]))))
    expect(error.anomaly).toMatchObject({ operation: 'exp', value: Number.POSITIVE_INFINITY, index: [1] })
  })

  test('inside a composed operation, which is the one to name', () => {
    const entropy = customVjp(
      function entropy(x) {
        return sum(mul(x, log(x)))
      },
      (g, [x]) => mul(g, add(1, log(x))),
    )
    const error = anomalyOf(() => entropy(tensor([0.5, 0])))
    expect(error.anomaly).toMatchObject({ operation: 'entropy', inside: 'log' })
    expect(error.message).toMatch(/^entropy \(in its log\) gave NaN in the forward computation/)
  })

  test('what a composed operation only passes through on the way is none', () => {
    // exp(−∞) is 0.
    const halfLine = customVjp(
      (x) => exp(log(x)),
      (g) => g,
    )
    expect(detectAnomalies(() => halfLine(tensor([0, 1]))).toArray()).toEqual([0, 1])
  })

  test('padding with −∞ is asked for, and so is moving it; computing with it is not', () => {
    const padded = definePrimitive({
      name: 'padded',
      shape: ([x]) => [x.shape[0]! + 2],
      kernel: ([x]) => ({
        family: 'view',
        view: { ...wholeView(x.shape), shape: [x.shape[0]! + 2], start: [-1], fill: Number.NEGATIVE_INFINITY },
      }),
      vjp: [null],
    })
    const x = tensor([1, 2])
    expect(detectAnomalies(() => maximum(reshape(padded(x), [2, 2]), 0)).toArray()).toEqual([
      [0, 1],
      [2, 0],
    ])
    expect(anomalyOf(() => mul(padded(x), 2)).anomaly).toMatchObject({ operation: 'mul', index: [0] })
    expect(anomalyOf(() => padded(tensor([1, Number.POSITIVE_INFINITY]))).anomaly).toMatchObject({
      operation: 'padded',
    })
  })
})

describe('in the reverse sweep', () => {
  const root = (x: Tensor) => scope('norm', () => sqrt(x)) // root of 0

  test('sqrt at 0: the rule, its input, the scope and the line where sqrt was called', () => {
    const error = anomalyOf(() => grad((x: Tensor) => sum(root(mul(x, x))))(tensor([3, 0])))
    expect(error.anomaly).toMatchObject({
      operation: 'div',
      value: Number.POSITIVE_INFINITY,
      index: [1],
      shape: [2],
      rule: { operation: 'sqrt', input: 0 },
      scope: 'norm',
      callSite: { file: FILE, line: lineOf('root of 0') },
    })
    expect(error.message).toContain(
      `in the reverse sweep, in the vjp rule of sqrt for input 0, in scope norm, sqrt called at ${FILE}:${lineOf('root of 0')}`,
    )
  })

  test('a gradient of a gradient', () => {
    // The derivative of √x³ is finite at 0, its second derivative is not.
    const f = (x: Tensor) => mul(x, sqrt(x))
    const first = (x: Tensor) => grad((a: Tensor) => sum(f(a)))(x)
    expect(() => detectAnomalies(() => grad((x: Tensor) => sum(first(x)))(tensor(0)))).toThrow(AnomalyError)
  })

  test('forward mode', () => {
    const error = anomalyOf(() => jvp((x: Tensor) => sqrt(x), [tensor(0)], [tensor(1)]))
    expect(error.anomaly.rule).toEqual({ operation: 'sqrt', input: 0 })
  })

  test('cotangents that overflow where they meet', () => {
    const huge = customVjp(
      (x) => mul(x, 1),
      (g) => mul(g, 3e38),
    )
    const error = anomalyOf(() => grad((x: Tensor) => add(huge(x), huge(x)))(tensor(1)))
    expect(error.anomaly).toMatchObject({ operation: 'add', rule: { operation: 'customVjp' } })
  })

  test('an operation recorded before the search began is still named, with the line of the sweep', () => {
    const x = tensor([0])
    const [y, tape] = record(() => sum(sqrt(x)))
    const error = anomalyOf(() => tape.gradient(y, x)) // sweep
    expect(error.anomaly).toMatchObject({ rule: { operation: 'sqrt' }, callSite: { line: lineOf('sweep') } })
  })
})

test('a promise is refused', () => {
  expect(() => detectAnomalies(async () => tensor(1))).toThrow(/^detectAnomalies: the function returned a promise/)
})

test('outside sweeps no rule is running, and after an anomaly none is left running', () => {
  const seen: unknown[] = []
  const watched = customVjp(
    (x: AnyTensor) => mul(x, 1),
    (g) => {
      seen.push(runningRule()?.step.primitive.name)
      return g
    },
  )
  grad((x: Tensor) => watched(x))(tensor(1))
  anomalyOf(() => grad((x: Tensor) => sqrt(x))(tensor(0)))
  expect(seen).toEqual(['customVjp'])
  expect(runningRule()).toBeUndefined()
})
