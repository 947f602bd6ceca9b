import { type AnyTensor, grad, type Tensor, tensor } from '@cotangent/core'
import { add, less, lessEqual, mul, relu, sum, where } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { integers } from '../exact.fixtures.ts'
import { inputsOf, scalarConstant } from '../graph.ts'
import { afterRules, ancestorsOf, type TensorFunction, tracedGraph } from './graphs.fixtures.ts'
import { holdsTo } from './laws.fixtures.ts'
import { maskOfOutput } from './maskOfOutput.ts'

const x = integers([40], 'float32')
const special = tensor([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1, 2, 1e-40])

/** Whether masks behind the choice read what was chosen: the last result comes from the argument only through the first. */
function fires(f: TensorFunction, ...args: readonly AnyTensor[]): boolean {
  const { nodes, results } = afterRules(tracedGraph(f, args), [maskOfOutput])
  const [chosen, last] = results
  const cut = nodes.map((node, place) =>
    place === chosen ? { ...node, origin: { from: 'constant', tensor: tensor(0) } as const } : node,
  )
  return ![...ancestorsOf({ nodes: cut, results }, last!)].some((place) => nodes[place]!.origin.from === 'argument')
}

/** What is chosen, and a use of its mask behind it. */
const choice =
  (bound: number | Tensor, compare = lessEqual) =>
  (y: Tensor) => {
    const mask = compare(y, bound)
    return [where(mask, bound, y), where(mask, 2, 3)]
  }

test("a relu's gradient needs its output alone", () => {
  const f = (y: Tensor) => [relu(y), grad((z: Tensor) => sum(mul(relu(z), 3)))(y)]
  const { nodes, results } = afterRules(tracedGraph(f, [x]), [maskOfOutput])
  const mask = nodes.findLast(({ origin }) => origin.from === 'kernel' && origin.name === 'lessEqual')!
  const [read] = inputsOf(mask)
  expect(nodes[read!]!.origin).toMatchObject({ from: 'kernel', name: 'where' })
  expect(results).toHaveLength(2)
  holdsTo([maskOfOutput], f, x)
})

test.each([0, -0, 1, -2.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'bounds of %d, for all kinds of numbers',
  (bound) => {
    expect(fires(choice(bound), x)).toBe(true)
    holdsTo([maskOfOutput], choice(bound), special)
  },
)

test('integers and float64 as well, and the sides of the comparison as they are numbered', () => {
  for (const dtype of ['int32', 'float64'] as const) {
    const y = integers([40], dtype)
    expect(fires(choice(1), y)).toBe(true)
    holdsTo([maskOfOutput], choice(1), y)
  }
})

test('a mask that is read before and is a result', () => {
  const f = (y: Tensor) => {
    const mask = lessEqual(y, 1)
    const before = where(mask, 4, 5)
    const chosen = where(mask, 1, y)
    return [chosen, before, mask, where(mask, 6, 7), relu(add(chosen, 1))]
  }
  holdsTo([maskOfOutput], f, special)
})

test('not where the bound is no number, or no number at all', () => {
  expect(fires(choice(Number.NaN), x)).toBe(false)
  expect(fires(choice(tensor([0, 1])), integers([20, 2], 'float32'))).toBe(false)
  holdsTo([maskOfOutput], choice(Number.NaN), special)
  holdsTo([maskOfOutput], choice(tensor([0, 1])), integers([20, 2], 'float32'))
})

test('not where something else is compared, or compared otherwise, or chosen', () => {
  const others: Record<string, (y: Tensor) => [AnyTensor, Tensor<'bool'>]> = {
    'another tensor': (y) => [where(lessEqual(mul(y, 2), 1), 1, y), lessEqual(mul(y, 2), 1)],
    'another bound': (y) => [where(lessEqual(y, 1), 0, y), lessEqual(y, 1)],
    less: (y) => [where(less(y, 1), 1, y), less(y, 1)],
    'sides exchanged': (y) => [where(lessEqual(1, y), 1, y), lessEqual(1, y)],
    'choice exchanged': (y) => [where(lessEqual(y, 1), y, 1), lessEqual(y, 1)],
    'something computed': (y) => [where(lessEqual(y, 1), 1, mul(y, 2)), lessEqual(y, 1)],
  }
  for (const [name, build] of Object.entries(others)) {
    const f = (y: Tensor) => {
      const [chosen, mask] = build(y)
      return [chosen, where(mask, 2, 3)]
    }
    expect(fires(f, x), name).toBe(false)
    holdsTo([maskOfOutput], f, special)
  }
})

test('the bound stays the constant that it was', () => {
  const { nodes } = afterRules(tracedGraph(choice(1), [x]), [maskOfOutput])
  expect(nodes.map(scalarConstant).filter((value) => value !== undefined)).toContain(1)
})
