import type { Tensor, TensorLike } from '@cotangent/core'
import { equal, greater, greaterEqual, less, lessEqual, notEqual, where } from './compare.ts'
import { elementwise } from './laws/dense.ts'
import { inputs } from './laws/draw.ts'
import { type Law, law } from './laws.ts'

const comparing = (
  operation: (a: TensorLike, b: TensorLike) => Tensor<'bool'>,
  definition: (a: number, b: number) => boolean,
): Law =>
  law({
    calls: inputs((draw) => {
      const [one, other] = draw.broadcast(2)
      const numbers = (shape: readonly number[]) =>
        draw.boolean() ? draw.whole(shape, -2, 2) : draw.integers(shape, -2, 2)
      return [numbers(one!), numbers(other!)]
    }),
    apply: ([a, b]) => operation(a, b),
    definition: ([a, b]) => elementwise([a, b], (x, y) => Number(definition(x!, y!))),
    orders: 0,
  })

export const laws = {
  equal: comparing(equal, (a, b) => a === b),
  notEqual: comparing(notEqual, (a, b) => a !== b),
  less: comparing(less, (a, b) => a < b),
  lessEqual: comparing(lessEqual, (a, b) => a <= b),
  greater: comparing(greater, (a, b) => a > b),
  greaterEqual: comparing(greaterEqual, (a, b) => a >= b),
  where: law({
    calls: inputs((draw) => {
      const [condition, one, other] = draw.broadcast(3)
      return [draw.booleans(condition!), draw.floats(one!), draw.floats(other!)]
    }),
    apply: ([condition, a, b]) => where(condition, a, b),
    definition: (operands) => elementwise(operands, (condition, a, b) => (condition === 1 ? a! : b!)),
  }),
} satisfies Record<string, Law>
