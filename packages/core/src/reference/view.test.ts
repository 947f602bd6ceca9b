import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type View, wholeView } from '../kernel/view.ts'
import { sizeOf } from '../shape.ts'
import { indicesOf, listOf, operandOf, placeOf } from './operands.fixtures.ts'
import { evaluateScatterView, evaluateView } from './view.ts'

/** The source coordinate that a view shows at `index`, or `undefined` in the padding. */
function seenAt(view: View, index: readonly number[]): readonly number[] | undefined {
  const at = [...view.start]
  view.axes.forEach(({ source, step }, axis) => {
    if (source >= 0) at[source]! += step * index[axis]!
  })
  return at.every((coordinate, axis) => coordinate >= 0 && coordinate < view.source[axis]!) ? at : undefined
}

const naiveView = (view: View, from: ArrayLike<number>): number[] =>
  indicesOf(view.shape).map((index) => {
    const at = seenAt(view, index)
    return at ? from[placeOf(at, view.source)]! : view.fill
  })

function naiveScatter(view: View, from: ArrayLike<number>): number[] {
  const total = new Array<number>(sizeOf(view.source)).fill(0)
  indicesOf(view.shape).forEach((index, place) => {
    const at = seenAt(view, index)
    if (at) total[placeOf(at, view.source)]! += from[place]!
  })
  return total
}

/** Views with padding, steps of either sign, windows (two axes along one of the source), repeats and pinned axes. */
const views: fc.Arbitrary<View> = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
  .chain((source) =>
    fc.record({
      source: fc.constant(source),
      axes: fc.array(
        fc.record({
          source: fc.integer({ min: -1, max: source.length - 1 }),
          step: fc.constantFrom(1, 1, 2, 3, -1, -2),
          length: fc.integer({ min: 0, max: 4 }),
        }),
        { maxLength: 4 },
      ),
      start: fc.tuple(...source.map((length) => fc.integer({ min: -2, max: length + 1 }))),
      fill: fc.constantFrom(0, 0, 5, Number.NEGATIVE_INFINITY),
    }),
  )
  .map(({ axes, ...view }) => ({ ...view, axes, shape: axes.map((axis) => axis.length) }))

const numbered = (size: number): number[] => Array.from({ length: size }, (_, index) => index + 1)

describe('against loops over every index', () => {
  test('views', () => {
    fc.assert(
      fc.property(views, (view) => {
        const x = operandOf('float64', view.source, numbered(sizeOf(view.source)))
        expect(listOf(evaluateView(view, x))).toEqual(naiveView(view, x.array))
      }),
      { seed: 20, numRuns: 2000 },
    )
  })

  test.each([-70, -1, 0, 5, 150])('views of long rows that begin at column %i', (column) => {
    const axes = [
      { source: 0, step: 1 },
      { source: 1, step: 1 },
    ]
    const view: View = { source: [3, 200], shape: [4, 130], axes, start: [-1, column], fill: 7 }
    const x = operandOf('float64', view.source, numbered(600))
    expect(listOf(evaluateView(view, x))).toEqual(naiveView(view, x.array))
  })

  test.each(['float32', 'float64', 'int32'] as const)('their transposes in %s', (dtype) => {
    fc.assert(
      fc.property(views, (view) => {
        const x = operandOf(dtype, view.shape, numbered(sizeOf(view.shape)))
        expect(listOf(evaluateScatterView(view, x))).toEqual(naiveScatter(view, x.array))
      }),
      { seed: 21, numRuns: 1000 },
    )
  })

  test('⟨view x, y⟩ = ⟨x, scatterView y⟩', () => {
    fc.assert(
      fc.property(views, (drawn) => {
        const view = { ...drawn, fill: 0 }
        const x = operandOf('float64', view.source, numbered(sizeOf(view.source)))
        const y = operandOf('float64', view.shape, numbered(sizeOf(view.shape)))
        const product = (a: ArrayLike<number>, b: ArrayLike<number>) =>
          Array.from(a).reduce((total, value, index) => total + value * b[index]!, 0)
        expect(product(evaluateView(view, x), y.array)).toBe(product(x.array, evaluateScatterView(view, y)))
      }),
      { seed: 22, numRuns: 1000 },
    )
  })
})

describe('by hand', () => {
  const x = operandOf('float32', [2, 3], [1, 2, 3, 4, 5, 6])

  test('the whole', () => {
    expect(listOf(evaluateView(wholeView([2, 3]), x))).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('transposed', () => {
    const view: View = {
      ...wholeView([2, 3]),
      shape: [3, 2],
      axes: [
        { source: 1, step: 1 },
        { source: 0, step: 1 },
      ],
    }
    expect(listOf(evaluateView(view, x))).toEqual([1, 4, 2, 5, 3, 6])
  })

  test('reversed, from the end backwards', () => {
    const view: View = {
      ...wholeView([2, 3]),
      axes: [
        { source: 0, step: 1 },
        { source: 1, step: -1 },
      ],
      start: [0, 2],
    }
    expect(listOf(evaluateView(view, x))).toEqual([3, 2, 1, 6, 5, 4])
  })

  test('padded', () => {
    const view: View = { ...wholeView([3]), shape: [6], start: [-1], fill: 9 }
    expect(listOf(evaluateView(view, operandOf('int32', [3], [1, 2, 3])))).toEqual([9, 1, 2, 3, 9, 9])
  })

  test('windows of 3 with stride 2 over a padded row, and their overlapping transpose', () => {
    const view: View = {
      source: [5],
      shape: [3, 3],
      axes: [
        { source: 0, step: 2 },
        { source: 0, step: 1 },
      ],
      start: [-1],
      fill: 0,
    }
    expect(listOf(evaluateView(view, operandOf('float32', [5], [1, 2, 3, 4, 5])))).toEqual([0, 1, 2, 2, 3, 4, 4, 5, 0])
    const ones = operandOf('float32', [3, 3], new Array(9).fill(1))
    expect(listOf(evaluateScatterView(view, ones))).toEqual([1, 2, 1, 2, 1])
  })

  test('keys move as pairs of words', () => {
    const keys = operandOf('key', [2], [1, 2, 3, 4])
    const view: View = { ...wholeView([2]), axes: [{ source: 0, step: -1 }], start: [1] }
    expect(listOf(evaluateView(view, keys))).toEqual([3, 4, 1, 2])
  })

  test('overlapping sums of float32 are carried in float64', () => {
    const view: View = { source: [1], shape: [5], axes: [{ source: -1, step: 0 }], start: [0], fill: 0 }
    const many = operandOf('float32', [5], [2 ** 24, 1, 1, 1, 1])
    expect(listOf(evaluateScatterView(view, many))).toEqual([2 ** 24 + 4])
  })
})
