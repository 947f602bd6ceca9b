/** Rules leave what graphs give as it is, also where a graph is not quite what they look for. */
import { type AnyTensor, grad, type Tensor } from '@cotangent/core'
import { add, conv2d, maxPool2d, mul, relu, sum } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { integers } from '../exact.fixtures.ts'
import type { Graph } from '../graph.ts'
import { makeProgram } from '../program.ts'
import { Session } from '../session.ts'
import { simplify } from '../simplify.ts'
import { Result } from '../trace.ts'
import { evaluateGraph, familiesIn, type TensorFunction, tracedGraph } from './graphs.fixtures.ts'
import { type Perturbed, perturbationsOf } from './perturbed.fixtures.ts'

/** Rows, columns, channels, images and windows of the same lengths, so that one may stand for the other. */
const NETS: Record<string, readonly [f: TensorFunction, ...args: readonly AnyTensor[]]> = {
  'relu and pooling': [
    (y: Tensor, b: Tensor, w: Tensor) =>
      grad((z: Tensor, c: Tensor) => sum(mul(maxPool2d(relu(add(z, c)), { kernel: 2 }), w)), { argnums: [0, 1] })(y, b),
    integers([2, 4, 4, 4], 'float32'),
    integers([4, 1, 1], 'float32', 1),
    integers([2, 4, 2, 2], 'float32', 2),
  ],
  'a convolution': [
    (y: Tensor, w: Tensor, g: Tensor) =>
      grad((z: Tensor, v: Tensor) => sum(mul(conv2d(z, v, null, { pad: 1 }), g)), { argnums: [0, 1] })(y, w),
    integers([2, 3, 3, 3], 'float32'),
    integers([3, 3, 2, 2], 'float32', 1),
    integers([2, 3, 4, 4], 'float32', 2),
  ],
  "a convolution that is Winograd's": [
    (y: Tensor, w: Tensor, g: Tensor) =>
      grad((z: Tensor, v: Tensor) => sum(mul(conv2d(z, v, null, { pad: 1 }), g)), { argnums: [0, 1] })(y, w),
    integers([8, 8, 3, 3], 'float32'),
    integers([8, 8, 3, 3], 'float32', 1),
    integers([8, 8, 3, 3], 'float32', 2),
  ],
}

test.each(Object.entries(NETS))('%s', (_, [f, ...args]) => {
  const graph = tracedGraph(f, args)
  const families = familiesIn(simplify(graph)).join()
  let changed = 0
  for (const { change, graph: other } of perturbationsOf(graph)) {
    const expected = resultsOf(other, args)
    if (expected === undefined) continue
    const after = simplify(other)
    near(evaluateGraph(after, args), expected, 0, change)
    if (familiesIn(after).join() !== families) changed++
  }
  // Some of the changes do matter.
  expect(changed).toBeGreaterThan(10)
})

test.each(Object.entries(NETS))('%s, compiled', (_, [f, ...args]) => {
  const session = new Session({ threads: 1 })
  const every = process.env.LAWS === 'full' ? 1 : 3
  perturbationsOf(tracedGraph(f, args)).forEach(({ change, graph }: Perturbed, at) => {
    const expected = at % every === 0 ? resultsOf(graph, args) : undefined
    if (expected === undefined) return
    const value = graph.results.map((__, result) => new Result(result))
    const program = makeProgram({ graph, args: [], numbers: [], value }, session)
    for (const [index, argument] of args.entries()) program.write(index, argument)
    program.run()
    near(program.read() as AnyTensor[], expected, 1e-5, change)
    program.release()
  })
})

/** What a graph gives; `undefined` where it means nothing. */
function resultsOf(graph: Graph, args: readonly AnyTensor[]): AnyTensor[] | undefined {
  try {
    return evaluateGraph(graph, args)
  } catch {
    return undefined
  }
}

function near(got: readonly AnyTensor[], expected: readonly AnyTensor[], allowed: number, change: string): void {
  expected.forEach((one, index) => {
    const [is, should] = [[...got[index]!.data], [...one.data]]
    const largest = should.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    should.forEach((value, at) => {
      if (Math.abs(is[at]! - value) <= allowed * largest || Object.is(is[at], value)) return
      throw new Error(`${change}: result ${index}, element ${at} is ${is[at]} in place of ${value}`)
    })
  })
}
