/** Training steps of convolutional nets: the same bits for any number of threads, and from run to run. */
import {
  type AnyTensor,
  add,
  mul,
  randomKey,
  splitKey,
  type Tensor,
  tensor,
  treeMap,
  treeZip,
  valueAndGrad,
} from '@cotangent/core'
import {
  conv2d,
  div,
  dropout,
  matmul,
  maxPool2d,
  normal,
  relu,
  reshape,
  softmaxCrossEntropy,
  sqrt,
  square,
  sub,
} from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { carry } from './carry.ts'
import { compile } from './compile.ts'
import { plain } from './exact.fixtures.ts'
import { makeProgram } from './program.ts'
import { planProgram } from './program-plan.ts'
import { Session } from './session.ts'
import { argumentLeaves, trace } from './trace.ts'
import { availableThreads } from './workers/host.ts'

type Params = Readonly<Record<string, Tensor>>

interface State {
  readonly params: Params
  readonly first: Params
  readonly second: Params
  readonly key: Tensor<'key'>
}

type Net = (params: Params, x: Tensor, key: Tensor<'key'>) => Tensor

/** Weights of such shapes, and slots of Adam. */
function stateOf(shapes: Readonly<Record<string, readonly number[]>>): State {
  const params = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], at) => [name, mul(normal(randomKey(at), shape), 0.2) as Tensor]),
  )
  const nothing = treeMap((leaf) => mul(leaf, 0), params) as Params
  return { params, first: nothing, second: nothing, key: randomKey(99) }
}

/** A step of Adam; the key goes on. */
const adam =
  (net: Net) =>
  ({ params, first, second, key }: State, x: Tensor, labels: Tensor<'int32'>): [State, Tensor] => {
    const [next, use] = splitKey(key, 2)
    const [loss, slopes] = valueAndGrad((p: Params) => softmaxCrossEntropy(net(p, x, use!), labels))(params)
    const zip = (f: (a: Tensor, b: Tensor) => unknown, a: Params, b: Params) => treeZip(f as never, a, b) as Params
    const m = zip((one, g) => add(mul(one, 0.9), mul(g, 0.1)), first, slopes as Params)
    const v = zip((one, g) => add(mul(one, 0.999), mul(square(g), 0.001)), second, slopes as Params)
    const moves = zip((one, two) => div(mul(one, 0.01), add(sqrt(two), 1e-7)), m, v)
    return [{ params: zip((p, move) => sub(p, move), params, moves), first: m, second: v, key: next! }, loss]
  }

const pairs = { kernel: 2 } as const

/** A convolution and pooling, then two dense layers: SimpleConvNet. */
const simple: Net = (p, x) => {
  const hidden = maxPool2d(relu(add(conv2d(x, p.w1!, null), p.b1!)), pairs)
  const flat = reshape(hidden, [x.shape[0]!, hidden.size / x.shape[0]!])
  return add(matmul(relu(add(matmul(flat, p.w2!), p.b2!)), p.w3!), p.b3!) as Tensor
}

/** Convolutions one after the other, with pooling and dropout: DeepConvNet. */
const deep: Net = (p, x, key) => {
  const layer = (y: Tensor, at: number, pad = 1) => relu(add(conv2d(y, p[`w${at}`]!, null, { pad }), p[`b${at}`]!))
  const first = maxPool2d(layer(layer(x, 1), 2), pairs)
  const second = maxPool2d(layer(layer(first, 3), 4, 2), pairs)
  const flat = reshape(second, [x.shape[0]!, second.size / x.shape[0]!])
  return dropout(matmul(relu(matmul(flat, p.w5!)), p.w6!), key, { rate: 0.5 }) as Tensor
}

const bias = (filters: number) => [filters, 1, 1]

const NETS: Record<string, { net: Net; shapes: Record<string, readonly number[]>; images: readonly number[] }> = {
  'SimpleConvNet, small': {
    net: simple,
    shapes: { w1: [8, 1, 5, 5], b1: bias(8), w2: [288, 20], b2: [20], w3: [20, 10], b3: [10] },
    images: [17, 1, 16, 16],
  },
  'DeepConvNet, small': {
    net: deep,
    shapes: {
      ...{ w1: [8, 1, 3, 3], b1: bias(8), w2: [8, 8, 3, 3], b2: bias(8), w3: [12, 8, 3, 3], b3: bias(12) },
      ...{ w4: [16, 12, 3, 3], b4: bias(16), w5: [256, 20], w6: [20, 10] },
    },
    images: [19, 1, 12, 12],
  },
  'DeepConvNet, large enough to run depth-first': {
    net: deep,
    shapes: {
      ...{ w1: [16, 1, 3, 3], b1: bias(16), w2: [16, 16, 3, 3], b2: bias(16), w3: [8, 16, 3, 3], b3: bias(8) },
      ...{ w4: [8, 8, 3, 3], b4: bias(8), w5: [512, 20], w6: [20, 10] },
    },
    images: [24, 1, 28, 28],
  },
}

describe.each(Object.entries(NETS))('%s', (_, { net, shapes, images }) => {
  const state = stateOf(shapes)
  const labels = tensor(
    Array.from({ length: images[0]! }, (__, at) => (at * 7) % 10),
    { dtype: 'int32' },
  )
  const batch = (run: number) => normal(randomKey(1000 + run), images)

  test('one, two and three threads give the same bits, and so do two runs', () => {
    const args = [state, batch(0), labels] as const
    const run = (threads: number): (() => unknown) => {
      const program = makeProgram(trace(adam(net), args), new Session({ threads }))
      for (const [index, leaf] of argumentLeaves(args).entries()) program.write(index, leaf)
      return () => {
        program.run()
        return plain(program.read())
      }
    }
    const expected = run(1)()
    for (const threads of [1, 2, 3]) {
      const again = run(threads)
      for (let time = 0; time < 3; time++) expect(again(), `${threads} threads`).toEqual(expected)
    }
  })

  test.runIf(availableThreads() > 1)('carried steps on one thread and on two', () => {
    const train = (threads: number): unknown[] => {
      const carried = carry(state, { threads })
      const step = carried.step(adam(net))
      const losses = [0, 1, 2, 3].map((run) => plain(step(batch(run), labels)))
      return [losses, plain(carried.snapshot())]
    }
    const once = train(1)
    expect(train(1)).toEqual(once)
    expect(train(2)).toEqual(once)
  })

  test('the reference backend comes to the same but for roundings', () => {
    const f = (s: State, x: Tensor) => {
      const [, use] = splitKey(s.key, 2)
      return valueAndGrad((p: Params) => softmaxCrossEntropy(net(p, x, use!), labels))(s.params)
    }
    const leaves = ([loss, slopes]: ReturnType<typeof f>): AnyTensor[] => [loss, ...(Object.values(slopes) as Tensor[])]
    const [got, expected] = [leaves(compile(f, { threads: 1 })(state, batch(0))), leaves(f(state, batch(0)))]
    expected.forEach((one, index) => {
      const largest = [...one.data].reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
      const apart = [...one.data].map((value, at) => Math.abs(got[index]!.data[at]! - value) / largest)
      expect(Math.max(...apart)).toBeLessThan(2e-5)
    })
  })
})

test('the large one does run depth-first', () => {
  const { net, shapes, images } = NETS['DeepConvNet, large enough to run depth-first']!
  const args = [stateOf(shapes), normal(randomKey(0), images), tensor(new Int32Array(images[0]!))] as const
  expect(planProgram(trace(adam(net), args).graph, [], []).regions).not.toEqual([])
})
