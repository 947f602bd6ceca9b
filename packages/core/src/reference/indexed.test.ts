import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ValueError } from '../errors.ts'
import type { Shape } from '../shape.ts'
import { evaluateConcat, evaluateGather, evaluateScan, evaluateScatterAdd } from './indexed.ts'
import { counted, indicesOf, listOf, operandOf, placeOf } from './operands.fixtures.ts'

/** A gather: x of `shape` along `axis`, where the first `batch` axes are those of the indices too. */
const gathers = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
  .chain((shape) =>
    fc.record({ shape: fc.constant(shape), axis: fc.integer({ min: 0, max: shape.length - 1 }) }).chain(({ axis }) =>
      fc.record({
        shape: fc.constant(shape),
        axis: fc.constant(axis),
        batch: fc.integer({ min: 0, max: axis }),
        chosen: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
        draws: fc.array(fc.nat(), { minLength: 600, maxLength: 600 }),
      }),
    ),
  )
  .map(({ shape, axis, batch, chosen, draws }) => {
    const indexShape = [...shape.slice(0, batch), ...chosen]
    const count = indexShape.reduce((a, b) => a * b, 1)
    const indices = operandOf(
      'int32',
      indexShape,
      draws.slice(0, count).map((draw) => draw % shape[axis]!),
    )
    const output = [...shape.slice(0, axis), ...chosen, ...shape.slice(axis + 1)]
    return { shape, axis, batch, chosen, indices, output }
  })

/** Which element of x each element of the gathered tensor is. */
function sources({
  shape,
  axis,
  batch,
  chosen,
  indices,
  output,
}: typeof gathers extends fc.Arbitrary<infer G> ? G : never) {
  return indicesOf(output).map((index) => {
    const at = index.slice(axis, axis + chosen.length)
    const chosenAt = [...index.slice(0, batch), ...at]
    const picked = indices.array[placeOf(chosenAt, indices.shape)]!
    return placeOf([...index.slice(0, axis), picked, ...index.slice(axis + chosen.length)], shape)
  })
}

describe('gather and scatterAdd, against loops over every index', () => {
  test('gather', () => {
    fc.assert(
      fc.property(gathers, (drawn) => {
        const x = counted('float32', drawn.shape)
        const actual = evaluateGather('take', drawn, x, drawn.indices, { shape: drawn.output, dtype: 'float32' })
        expect(listOf(actual)).toEqual(sources(drawn).map((place) => x.array[place]))
      }),
      { seed: 50, numRuns: 500 },
    )
  })

  test.each(['float32', 'float64', 'int32'] as const)('scatterAdd in %s adds where indices meet', (dtype) => {
    fc.assert(
      fc.property(gathers, (drawn) => {
        const x = counted(dtype, drawn.shape)
        const updates = counted(dtype, drawn.output, 3)
        const expected = listOf(x.array)
        sources(drawn).forEach((place, at) => {
          expected[place]! += updates.array[at]!
        })
        expect(listOf(evaluateScatterAdd('scatterAdd', drawn, x, drawn.indices, updates))).toEqual(expected)
        // The operand stays as it was.
        expect(listOf(x.array)).toEqual(listOf(counted(dtype, drawn.shape).array))
      }),
      { seed: 51, numRuns: 500 },
    )
  })

  test('keys are gathered whole', () => {
    const keys = operandOf('key', [3], [1, 2, 3, 4, 5, 6])
    const indices = operandOf('int32', [2], [2, 0])
    const picked = evaluateGather('take', { axis: 0, batch: 0 }, keys, indices, { shape: [2], dtype: 'key' })
    expect(listOf(picked)).toEqual([5, 6, 1, 2])
  })

  test.each([3, -1])('the index %i is refused, saying where it stands', (index) => {
    const x = counted('float32', [3, 2])
    const indices = operandOf('int32', [2], [0, index])
    const call = () => evaluateGather('take', { axis: 0, batch: 0 }, x, indices, { shape: [2, 2], dtype: 'float32' })
    expect(call).toThrow(ValueError)
    expect(call).toThrow(
      `take: index ${index} (element 1 of the indices) is outside the axis of length 3 of a tensor of shape [3, 2]; indices run from 0 to 2`,
    )
  })
})

describe('concat', () => {
  test('against loops over every index', () => {
    const shapes = fc
      .record({
        outer: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
        inner: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
        lengths: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
      })
      .map(({ outer, inner, lengths }) => ({
        axis: outer.length,
        shapes: lengths.map((length) => [...outer, length, ...inner]),
      }))
    fc.assert(
      fc.property(shapes, ({ axis, shapes: all }) => {
        const inputs = all.map((shape, index) => counted('float32', shape, index))
        const total = all.reduce((sum, shape) => sum + shape[axis]!, 0)
        const shape: Shape = all[0]!.with(axis, total)
        const expected = indicesOf(shape).map((index) => {
          let at = index[axis]!
          let which = 0
          while (at >= all[which]![axis]!) at -= all[which++]![axis]!
          return inputs[which]!.array[placeOf(index.with(axis, at), all[which]!)]
        })
        expect(listOf(evaluateConcat(axis, inputs, { shape, dtype: 'float32' }))).toEqual(expected)
      }),
      { seed: 52, numRuns: 300 },
    )
  })

  test('of keys', () => {
    const keys = [operandOf('key', [1], [1, 2]), operandOf('key', [2], [3, 4, 5, 6])]
    expect(listOf(evaluateConcat(0, keys, { shape: [3], dtype: 'key' }))).toEqual([1, 2, 3, 4, 5, 6])
  })
})

describe('scan', () => {
  test.each([
    [false, false, [1, 3, 6, 10]],
    [false, true, [0, 1, 3, 6]],
    [true, false, [10, 9, 7, 4]],
    [true, true, [9, 7, 4, 0]],
  ])('reverse %s, exclusive %s', (reverse, exclusive, expected) => {
    const x = operandOf('float32', [4], [1, 2, 3, 4])
    expect(listOf(evaluateScan({ axis: 0, reverse, exclusive }, x))).toEqual(expected)
  })

  test('along any axis, against loops over every index', () => {
    const cases = fc
      .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 })
      .chain((shape) => fc.tuple(fc.constant(shape), fc.nat({ max: shape.length - 1 }), fc.boolean(), fc.boolean()))
    fc.assert(
      fc.property(cases, ([shape, axis, reverse, exclusive]) => {
        const x = counted('int32', shape)
        const expected = indicesOf(shape).map((index) => {
          let total = 0
          for (let at = 0; at < shape[axis]!; at++) {
            const before = reverse ? at > index[axis]! : at < index[axis]!
            if (before || (!exclusive && at === index[axis])) total += x.array[placeOf(index.with(axis, at), shape)]!
          }
          return total
        })
        expect(listOf(evaluateScan({ axis, reverse, exclusive }, x))).toEqual(expected)
      }),
      { seed: 53, numRuns: 300 },
    )
  })
})
