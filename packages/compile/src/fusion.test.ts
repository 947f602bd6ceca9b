/** Movements and gathers that are computed where they are used: what each turn of a loop looks at. */
import { type AnyTensor, cast, grad, type Tensor, tensor, treeMap, treeZip, valueAndGrad } from '@cotangent/core'
import {
  add,
  concat,
  conv2d,
  less,
  lessEqual,
  matmul,
  maximum,
  maxPool2d,
  mul,
  pad,
  relu,
  reshape,
  slice,
  square,
  sub,
  sum,
  take,
  takeAlongAxis,
  transpose,
  where,
} from '@cotangent/ops'
import { expect, test } from 'vitest'
import { carry } from './carry.ts'
import { compile } from './compile.ts'
import { integers, plain } from './exact.fixtures.ts'

const x = integers([4, 6], 'float32')
const cube = integers([3, 4, 5], 'float32', 1)

/** What `f` gives compiled is what it gives by the reference backend. */
const holds = <A extends readonly AnyTensor[]>(f: (...args: A) => unknown, ...args: A): void =>
  expect(plain(compile(f, { threads: 1 })(...args))).toEqual(plain(f(...args)))

const indices = (values: readonly (number | readonly number[])[]) => tensor(values as number[], { dtype: 'int32' })

test('gathers along any axis, by indices of any shape', () => {
  holds((y: Tensor, at: Tensor<'int32'>) => add(take(y, at, { axis: 1 }), 1), x, indices([5, 0, 3]))
  holds(
    (y: Tensor, at: Tensor<'int32'>) => add(take(y, at), 1),
    x,
    indices([
      [3, 0, 1],
      [2, 2, 0],
    ]),
  )
  holds(
    (y: Tensor, at: Tensor<'int32'>) => sum(take(y, at, { axis: 1 }), { axis: 0 }),
    cube,
    indices([
      [3, 0],
      [2, 2],
    ]),
  )
  holds((y: Tensor, at: Tensor<'int32'>) => mul(takeAlongAxis(y, at, { axis: 1 }), 2), x, indices([[5], [0], [1], [4]]))
})

test('padding seen from behind, in steps, and twice', () => {
  const padded = (y: Tensor) =>
    pad(
      y,
      [
        [1, 2],
        [2, 0],
      ],
      { value: 7 },
    )
  holds((y: Tensor) => add(slice(padded(y), { step: [-1, 1] }), 1), x)
  holds((y: Tensor) => add(slice(padded(y), { step: [-2, -3] }), 1), x)
  holds(
    (y: Tensor) =>
      add(
        pad(
          slice(padded(y), { begin: [0, 1] }),
          [
            [1, 1],
            [1, 1],
          ],
          { value: -2 },
        ),
        1,
      ),
    x,
  )
  holds((y: Tensor) => sum(transpose(padded(y)), { axis: 0 }), x)
})

test('broadcasts of rows, columns and scalars, below leading axes', () => {
  const [row, column, one] = [integers([5], 'float32', 2), integers([4, 1], 'float32', 3), integers([], 'float32', 4)]
  holds((a: Tensor, b: Tensor, c: Tensor, d: Tensor) => add(mul(a, b), sub(c, d)), cube, row, column, one)
  holds((a: Tensor, b: Tensor) => maximum(reshape(b, [1, 4, 1]), a), cube, column)
})

test('choices, and pieces side by side along any axis', () => {
  const mask = tensor([1, 0, 0, 1, 1, 0], { dtype: 'bool' })
  holds((y: Tensor, m: Tensor<'bool'>) => where(m, mul(y, 2), sub(y, 1)), x, mask)
  for (const axis of [0, 1, 2]) {
    holds((y: Tensor) => concat([y, mul(y, 3), sub(1, y)], { axis }), cube)
  }
})

test('contractions of what is looked at, with batches, and either operand turned', () => {
  holds((a: Tensor, b: Tensor) => matmul(transpose(a, [0, 2, 1]), slice(b, { step: [1, -1, 1] })), cube, cube)
  holds(
    (a: Tensor, b: Tensor) =>
      matmul(
        slice(
          pad(a, [
            [1, 0],
            [0, 0],
          ]),
          { end: [4, 6] },
        ),
        transpose(b),
      ),
    x,
    x,
  )
})

test('contractions that walk backwards along any axis of either operand', () => {
  const steps = [
    [1, 1],
    [-1, 1],
    [1, -1],
    [-1, -1],
  ]
  for (const [m, k, n] of [
    [3, 5, 4],
    [9, 20, 33],
  ] as const) {
    const [a, b] = [integers([m, k], 'float32', 5), integers([k, n], 'float32', 6)]
    for (const left of steps) {
      for (const right of steps) {
        const turned = (y: Tensor, z: Tensor) => [slice(y, { step: left }), slice(z, { step: right })] as const
        holds((y: Tensor, z: Tensor) => matmul(...turned(y, z)), a, b)
        holds((y: Tensor, z: Tensor) => matmul(transpose(turned(z, y)[0]), transpose(turned(z, y)[1])), a, b)
      }
    }
  }
})

/** Two padded convolutions with bias, relu and pooling, and a momentum update: all gradients are sums of products of integers. */
const channels = 8
const net = {
  first: integers([channels, channels, 3, 3], 'float64', 7),
  bias: integers([channels, 1, 1], 'float64', 8),
  second: integers([channels, channels, 3, 3], 'float64', 9),
}
const step = (params: typeof net, moments: typeof net, images: Tensor<'float64'>) => {
  const loss = ({ first, bias, second }: { first: Tensor; bias: Tensor; second: Tensor }) => {
    const hidden = relu(add(conv2d(images, first, null, { pad: 1 }), bias))
    return sum(relu(conv2d(maxPool2d(hidden, { kernel: 2 }), second, null, { pad: 1 })))
  }
  const [value, gradients] = valueAndGrad(loss)(params)
  const kept = treeZip((m, g) => sub(mul(m as Tensor, 2), g as Tensor), moments, gradients)
  return [treeZip((p, m) => add(p as Tensor, m as Tensor), params, kept), kept, value] as const
}
const images = integers([2, channels, 6, 6], 'float64', 10)

test('convolutions: windows, gradients by images and filters, bias and activation, and the update', () => {
  const args = [net, treeMap((leaf) => mul(leaf, 3), net), images] as const
  const compiled = compile(step, { threads: 1 })
  expect(plain(compiled(...args))).toEqual(plain(step(...args)))
  // What finishes a convolution is made with it, and slots are updated with their parameters.
  const { tasks, nodes } = compiled.plan()
  const computed = tasks.map((task) => task.nodes.map((node) => nodes[node]!.name))
  expect(computed.some((names) => names.includes('contract') && names.includes('where'))).toBe(true)
  expect(tasks.every(({ kind }) => kind !== 'scatter')).toBe(true)
})

test('the same with steps on carried state, and a mask that is not of the output', () => {
  const carried = carry({ params: net, moments: net }, { threads: 1 })
  const run = carried.step(({ params, moments }) => {
    const [next, kept, value] = step(params, moments, images)
    return [{ params: next, moments: kept }, value]
  })
  const [once, , value] = step(net, net, images)
  expect(plain(run())).toEqual(plain(value))
  expect(plain(carried.snapshot().params)).toEqual(plain(once))
  const odd = (y: Tensor) => {
    const mask = lessEqual(y, 1)
    return [where(mask, 0, y), where(mask, 1, y), sum(where(mask, y, 0))]
  }
  holds((y: Tensor) => odd(y), x)
})

test('products that are results themselves, that two others use, or that are added up', () => {
  const [a, b] = [integers([9, 9], 'float32', 15), integers([9, 9], 'float32', 16)]
  holds((y: Tensor, z: Tensor) => [matmul(y, z), relu(matmul(y, z))], a, b)
  holds((y: Tensor, z: Tensor) => [relu(matmul(y, z)), mul(matmul(y, z), 2)], a, b)
  holds((y: Tensor, z: Tensor) => relu(add(matmul(y, z), matmul(z, y))), a, b)
})

test('masks that are no mask of the output', () => {
  const masked = (y: Tensor, mask: Tensor<'bool'>) => [where(mask, 0, y), where(mask, 1, y)]
  holds((y: Tensor) => [masked(y, less(y, 0)), masked(y, lessEqual(y, 0)), masked(y, lessEqual(y, 1))], x)
  holds((y: Tensor) => masked(y, lessEqual(sub(1, y), 0)), x)
})

test('gradients through windows side by side, and through such as overlap or leave gaps', () => {
  const board = integers([2, 3, 8, 8], 'float64', 17)
  for (const [kernel, stride] of [
    [2, 2],
    [4, 3],
    [2, 3],
    [3, 1],
  ] as const) {
    holds((y: Tensor) => grad((z: Tensor) => sum(square(maxPool2d(z, { kernel, stride }))))(y), board)
  }
})

test('convolutions by Winograd: forward, and both gradients, but for the roundings of its transforms', () => {
  const f = (weights: Tensor, pictures: Tensor) => {
    const loss = (w: Tensor, y: Tensor) => sum(square(conv2d(y, w, null, { pad: 1 })))
    return [conv2d(pictures, weights, null), ...grad(loss, { argnums: [0, 1] })(weights, pictures)]
  }
  // Sizes that tiles of four by four do not divide.
  const wide = [integers([12, 8, 3, 3], 'float64', 11), integers([3, 8, 11, 9], 'float64', 12)] as const
  const single = wide.map((one) => cast(one, 'float32')) as [Tensor, Tensor]
  const compiled = compile(f, { threads: 1 })
  const [got, expected] = [compiled(...single), f(...wide)]
  expect(compiled.plan().tasks.map(({ kind }) => kind)).toContain('winogradFilters')
  expected.forEach((one, at) => {
    const largest = Math.max(...[...one.data].map(Math.abs))
    const apart = [...one.data].map((value, index) => Math.abs(got[at]!.data[index]! - value))
    expect(Math.max(...apart) / largest).toBeLessThan(1e-5)
  })
})

test('images that run in blocks see those of other blocks only when they are done', () => {
  const pictures = integers([16, 8, 32, 32], 'float64', 13)
  const filters = integers([8, 8, 3, 3], 'float64', 14)
  const layer = (y: Tensor) => relu(conv2d(y, filters, null, { pad: 1 }))
  const alone = (y: Tensor) => layer(layer(y))
  const turned = (y: Tensor) => layer(sub(layer(y), slice(layer(y), { step: [-1, 1, 1, 1] })))
  expect(plain(compile(alone, { threads: 1 })(pictures))).toEqual(plain(alone(pictures)))
  expect(plain(compile(turned, { threads: 1 })(pictures))).toEqual(plain(turned(pictures)))
})
