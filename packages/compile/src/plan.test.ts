import { type AnyTensor, sizeOf, type Tensor, vjp, zeros } from '@cotangent/core'
import { conv2d, exp, matmul, maxPool2d, mul, relu, reshape, sin, softmaxCrossEntropy, sum } from '@cotangent/ops'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Graph } from './graph.ts'
import { tasksOf } from './lower.ts'
import { placementOf } from './placement.ts'
import { type Lifetime, lifetimesOf, placeLifetimes, planMemory, readsOf } from './plan.ts'
import { simplify } from './simplify.ts'
import { storesOf } from './tasks.ts'
import { trace } from './trace.ts'
import { tensorBytes } from './value.ts'

const SEED = 20_261_124
/** Vectors may read so far beyond the end of a value. */
const BEYOND = 16

const lifetimes: fc.Arbitrary<Lifetime[]> = fc
  .array(fc.record({ bytes: fc.oneof(fc.nat(200), fc.nat(100_000)), from: fc.nat(40), length: fc.nat(12) }), {
    maxLength: 40,
  })
  .map((lives) => lives.map(({ bytes, from, length }, buffer) => ({ buffer, bytes, from, to: from + length })))

test('values that are in memory at the same time do not overlap, nor what vectors read beyond them', () => {
  fc.assert(
    fc.property(lifetimes, (lives) => {
      const { offsets, bytes } = placeLifetimes(lives)
      for (const life of lives) {
        const offset = offsets.get(life.buffer)!
        expect(offset % 64).toBe(0)
        expect(offset + life.bytes + BEYOND).toBeLessThanOrEqual(bytes)
        for (const other of lives) {
          if (other.buffer <= life.buffer || other.to < life.from || life.to < other.from) continue
          const there = offsets.get(other.buffer)!
          const apart = offset + life.bytes + BEYOND <= there || there + other.bytes + BEYOND <= offset
          expect(apart, `${JSON.stringify(life)} at ${offset}, ${JSON.stringify(other)} at ${there}`).toBe(true)
        }
      }
    }),
    { seed: SEED, numRuns: process.env.LAWS === 'full' ? 20_000 : 300 },
  )
})

test('values one after the other share memory', () => {
  const chain = Array.from({ length: 50 }, (_, at) => ({ buffer: at, bytes: 1000, from: at, to: at + 1 }))
  expect(placeLifetimes(chain).bytes).toBeLessThan(3 * 1200)
})

/** A training step of a small convolutional net: every family of kernels. */
function planned(): { graph: Graph; placement: ReturnType<typeof placementOf>; tasks: ReturnType<typeof tasksOf> } {
  const loss = (w: Tensor, v: Tensor, x: Tensor, labels: Tensor<'int32'>) =>
    softmaxCrossEntropy(matmul(reshape(maxPool2d(relu(conv2d(x, w, null)), { kernel: 2 }), [4, 27]), v), labels)
  const step = (w: Tensor, v: Tensor, x: Tensor, labels: Tensor<'int32'>) => {
    const [value, pullback] = vjp((a: Tensor, b: Tensor) => loss(a, b, x, labels) as Tensor, w, v)
    return [value, pullback(zeros([])), sum(exp(sin(x)))]
  }
  const args: AnyTensor[] = [zeros([3, 1, 3, 3]), zeros([27, 5]), zeros([4, 1, 8, 8]), zeros([4], { dtype: 'int32' })]
  const graph = simplify(trace(step as (...given: never[]) => unknown, args).graph)
  const placement = placementOf(graph)
  return { graph, placement, tasks: tasksOf(graph, placement) }
}

test('lifetimes reach from the first write to the last read, results to the end', () => {
  const { graph, placement, tasks } = planned()
  const lives = new Map(lifetimesOf(graph, placement, tasks).map((life) => [life.buffer, life]))
  tasks.forEach(({ task }, at) => {
    for (const { buffer } of storesOf(task)) {
      const written = lives.get(buffer)!
      expect(written.from).toBeLessThanOrEqual(at)
      expect(written.to).toBeGreaterThanOrEqual(at)
    }
    for (const read of readsOf(task)) {
      const life = lives.get(read)
      if (life === undefined) expect(graph.nodes[read]!.origin.from).not.toBe('kernel')
      else expect(life.from <= at && at <= life.to).toBe(true)
    }
  })
  for (const result of graph.results) expect(lives.get(placement.bufferOf(result)!)!.to).toBe(tasks.length)
})

test('no task writes where something that is still needed lies', () => {
  const { graph, placement, tasks } = planned()
  const { addresses, end } = planMemory(graph, placement, tasks, new Set())
  const reach = (buffer: number): [number, number] => {
    const { shape, dtype } = graph.nodes[buffer]!
    return [addresses.get(buffer)!, addresses.get(buffer)! + tensorBytes(shape, dtype)]
  }
  /** Who wrote last at each byte. */
  const owner = new Int32Array(end).fill(-1)
  const own = (buffer: number) => owner.fill(buffer, ...reach(buffer))
  const intact = (buffer: number) => owner.subarray(...reach(buffer)).every((one) => one === buffer)
  graph.nodes.forEach(({ origin }, place) => {
    if (origin.from === 'argument') own(place)
  })
  for (const { task } of tasks) {
    for (const { buffer } of storesOf(task)) own(buffer)
    for (const read of readsOf(task)) {
      if (graph.nodes[read]!.origin.from !== 'constant') expect(intact(read)).toBe(true)
    }
  }
  for (const result of graph.results) expect(intact(placement.bufferOf(result)!)).toBe(true)
})

test('what has no elements has an address all the same', () => {
  const graph = simplify(trace((x: never) => [mul(x, 2), x], [zeros([0, 3])]).graph)
  const placement = placementOf(graph)
  const { addresses } = planMemory(graph, placement, tasksOf(graph, placement), new Set())
  for (const result of graph.results) {
    expect(sizeOf(graph.nodes[result]!.shape)).toBe(0)
    expect(addresses.has(placement.bufferOf(result)!)).toBe(true)
  }
})
