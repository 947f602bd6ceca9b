import { type AnyTensor, grad, type Tensor } from '@cotangent/core'
import {
  add,
  argMax,
  concat,
  conv2d,
  cumsum,
  matmul,
  max,
  maxPool2d,
  mul,
  relu,
  reshape,
  square,
  sum,
  take,
  tanh,
  transpose,
} from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { compile } from './compile.ts'
import { integers, plain } from './exact.fixtures.ts'
import { innermostAxes, orderOf, stridesFor } from './layout.ts'
import { simplify } from './simplify.ts'
import { trace } from './trace.ts'

type Function = (...args: Tensor[]) => unknown

/** The nodes of a function that are not in rows: the name of each, its shape, and the axis that lies innermost. */
function laidOut(f: Function, args: readonly AnyTensor[], winograd = true): string[] {
  const graph = simplify(trace(f as (...args: never[]) => unknown, args).graph, { winograd })
  const axes = innermostAxes(graph)
  return graph.nodes.flatMap(({ shape, origin }, place) => {
    if (axes[place] === undefined) return []
    expect(axes[place]).toBeLessThan(shape.length - 1)
    return [`${origin.from === 'kernel' ? origin.name : origin.from} ${shape.join('×')} by ${axes[place]}`]
  })
}

function holds(f: Function, ...args: readonly Tensor[]): void {
  expect(plain(compile(f, { threads: 1 })(...args))).toEqual(plain(f(...args)))
}

test('the order of axes, and how far their neighbours are apart', () => {
  expect(orderOf(4, undefined)).toEqual([0, 1, 2, 3])
  expect(orderOf(4, 1)).toEqual([0, 2, 3, 1])
  expect(stridesFor([2, 3, 4, 5], undefined)).toEqual([60, 20, 5, 1])
  expect(stridesFor([2, 3, 4, 5], 1)).toEqual([60, 1, 15, 3])
  expect(stridesFor([2, 3, 4, 5], 0)).toEqual([1, 40, 10, 2])
})

const [x, w] = [integers([2, 8, 4, 4], 'float64'), integers([8, 8, 3, 3], 'float64', 1)] as [Tensor, Tensor]
const convolved = (y: Tensor, v: Tensor) => conv2d(y, v, null, { pad: 1 })

describe('channels innermost', () => {
  test('images on the way, through what is done element by element, pooled or folded', () => {
    const f: Function = (y, v) => {
      const hidden = maxPool2d(relu(add(convolved(y!, v!), 1)), { kernel: 2 })
      return sum(convolved(hidden, v!), { axis: [2] })
    }
    expect(laidOut(f, [x, w])).toEqual(
      expect.arrayContaining([
        'contract 2×8×4×4 by 1',
        'where 2×8×4×4 by 1',
        'max 2×8×2×2 by 1',
        'contract 2×8×2×2 by 1',
      ]),
    )
    holds(f, x, w)
    const single = [integers([2, 8, 4, 4], 'float32'), integers([8, 8, 3, 3], 'float32', 1)]
    expect(laidOut(f, single)).toEqual(
      expect.arrayContaining(['contract 2×8×4×4 by 1', 'max 2×8×2×2 by 1', 'contract 2×8×2×2 by 1']),
    )
    // Where channels are the last axis, that is in rows.
    const folded: Function = (y, v) => sum(tanh(mul(sum(convolved(y!, v!), { axis: [2, 3] }), 0)), { axis: 0 })
    expect(laidOut(folded, [x, w]).join()).not.toContain(' 2×8 ')
    holds(folded, x, w)
  })

  test('padded copies of what is given in rows', () => {
    expect(laidOut((y, v) => convolved(y!, v!), [x, w])).toContain('pad 2×8×6×6 by 1')
  })

  test('cotangents, for the gradient by filters', () => {
    const f: Function = (y, v) => grad((u: Tensor) => sum(square(convolved(convolved(y!, u), u))))(v!)
    expect(laidOut(f, [x, w]).filter((one) => one.endsWith('2×8×4×4 by 1')).length).toBeGreaterThan(2)
    holds(f, x, w)
  })

  test('a cotangent alone, and through the gradient of pooling', () => {
    const byFilters: Function = (y, v, g) => grad((u: Tensor) => sum(mul(convolved(y!, u), mul(g!, 2))))(v!)
    expect(laidOut(byFilters, [x, w, x])).toContain('mul 2×8×4×4 by 1')
    holds(byFilters, x, w, x)
    const pooled: Function = (y, v) => grad((u: Tensor) => sum(square(maxPool2d(convolved(y!, u), { kernel: 2 }))))(v!)
    expect(laidOut(pooled, [x, w])).toEqual(
      expect.arrayContaining(['scatterView 2×8×4×4 by 1', 'where 2×8×2×2×2×2 by 1']),
    )
    holds(pooled, x, w)
  })

  test('through axes of length 1 that come and go, and through permutations', () => {
    const f: Function = (y, v) => {
      const moved = transpose(mul(tanh(convolved(y!, v!)), 0), [1, 0, 2, 3])
      return sum(add(reshape(moved, [8, 1, 2, 4, 4]), 1), { axis: 4 })
    }
    expect(laidOut(f, [x, w])).toEqual(
      expect.arrayContaining(['transpose 8×2×4×4 by 0', 'reshape 8×1×2×4×4 by 0', 'add 8×1×2×4×4 by 0']),
    )
    holds(f, x, w)
  })
})

describe('in rows', () => {
  test('arguments, results, and what is multiplied as matrices alone', () => {
    const f: Function = (y, v) => convolved(y!, v!)
    expect(laidOut(f, [x, w]).filter((one) => !one.startsWith('pad') && !one.startsWith('view'))).toEqual([])
    const product: Function = (a, b) => matmul(tanh(matmul(a!, b!)), b!)
    expect(laidOut(product, [integers([8, 8], 'float64'), integers([8, 8], 'float64', 1)])).toEqual([])
  })

  test.each([
    ['joined', (y) => sum(concat([y, y], { axis: 1 }), { axis: 0 })],
    ['gathered from', (y) => sum(take(y, argMax(sum(y, { axis: [2, 3] }), { axis: 0 }), { axis: 1 }), { axis: 0 })],
    ['summed up as it goes', (y) => sum(cumsum(y, { axis: 2 }), { axis: 0 })],
  ] as [string, (y: Tensor) => AnyTensor][])('what is %s', (_, use) => {
    const f: Function = (y, v) => use(mul(convolved(y!, v!), 0) as Tensor)
    expect(laidOut(f, [x, w])).not.toContain('mul 2×8×4×4 by 1')
    holds(f, x, w)
  })

  test('what is pooled and then flattened is written in rows at once, with the places of the maxima', () => {
    const pooled =
      (flattened: boolean): Function =>
      (y, v) => {
        const slopes = grad((u: Tensor) => {
          const hidden = maxPool2d(relu(convolved(y!, u)), { kernel: 2 })
          return sum(square(flattened ? reshape(hidden, [2, 32]) : convolved(hidden, u)))
        })
        return slopes(v!)
      }
    const seen = (flattened: boolean) => laidOut(pooled(flattened), [x, w]).filter((name) => /max/i.test(name))
    expect(seen(false)).toEqual(['max 2×8×2×2 by 1', 'argMax 2×8×2×2 by 1'])
    expect(seen(true)).toEqual([])
    const { tasks } = compile(pooled(true), { threads: 1 }).plan({ args: [x, w] })
    expect(tasks.filter(({ name, shape }) => name === 'reshape' && shape.join() === '2,32')).toEqual([])
    for (const flattened of [false, true]) holds(pooled(flattened), x, w)
  })

  test('images behind a reshape of others: elements keep their order', () => {
    for (const shape of [
      [2, 16, 2, 4],
      [4, 8, 4, 2],
      [1, 16, 4, 4],
    ]) {
      const filters = integers([8, shape[1]!, 3, 3], 'float64', 2) as Tensor
      const f: Function = (y, v, u) => sum(convolved(reshape(convolved(y!, v!), shape), u!), { axis: 3 })
      expect(laidOut(f, [x, w, filters])).not.toContain(`reshape ${shape.join('×')} by 1`)
      holds(f, x, w, filters)
      const behind: Function = (y, v, u) =>
        sum(convolved(relu(reshape(relu(convolved(y!, v!)), shape)), u!), { axis: 3 })
      holds(behind, x, w, filters)
    }
  })
})

test('a maximum and its place are found in one go, and counted as the axes go, however they lie', () => {
  for (const axis of [[1, 2], [1, 2, 3], [0, 1], [1], [2, 3]]) {
    const first: Function = (y, v) => {
      const hidden = convolved(y!, v!)
      return [max(hidden, { axis }), argMax(hidden, { axis })]
    }
    const second: Function = (y, v) => (first(y!, v!) as Tensor[]).toReversed()
    const also: Function = (y, v) => {
      const hidden = convolved(y!, v!)
      const place = argMax(hidden, { axis })
      return [place, max(hidden, { axis })]
    }
    holds((y, v) => argMax(convolved(y!, v!), { axis }), x, w)
    holds((y, v) => add(argMax(convolved(y!, v!), { axis }), 1), x, w)
    for (const f of [first, second, also]) {
      holds(f, x, w)
      const kinds = compile(f, { threads: 1 })
        .plan({ args: [x, w] })
        .tasks.map(({ name }) => name)
      expect(kinds.filter((name) => /max/i.test(name))).toHaveLength(1)
    }
  }
})

test('a maximum and the place of another are not', () => {
  const f: Function = (y, v) => {
    const hidden = convolved(y!, v!)
    return [max(hidden, { axis: 2 }), argMax(hidden, { axis: 3 }), argMax(y!, { axis: 2 })]
  }
  holds(f, x, w)
})
