import { availableParallelism } from 'node:os'
import { randomKey, scope, type Tensor, ValueError, valueAndGrad, zeros } from '@cotangent/core'
import {
  add,
  concat,
  conv2d,
  cumsum,
  exp,
  matmul,
  maxPool2d,
  mean,
  mul,
  relu,
  reshape,
  scatterAdd,
  sin,
  square,
  sub,
  sum,
  take,
  transpose,
  uniform,
} from '@cotangent/ops'
import { expect, test } from 'vitest'
import { carry } from '../carry.ts'
import { compile } from '../compile.ts'
import type { PlanDescription, PlanTask } from './description.ts'

const alone = { threads: 1 }

/** A step of a small convolutional net with a weight decay: loops, folds, contractions, scatters and draws. */
interface State {
  readonly w: Tensor
  readonly v: Tensor
  readonly steps: Tensor<'int32'>
}
const start: State = { w: zeros([4, 1, 3, 3]), v: zeros([36, 5]), steps: zeros([], { dtype: 'int32' }) }
const step = ({ w, v, steps }: State, x: Tensor<'float32'>, key: Tensor<'key'>) => {
  const loss = (kernels: Tensor, weights: Tensor) => {
    const pooled = scope('pool', () => maxPool2d(relu(scope('conv', () => conv2d(x, kernels, null))), { kernel: 2 }))
    const noisy = mul(reshape(pooled, [2, 36]), uniform(key, [2, 36]))
    return mean(square(matmul(noisy, weights)))
  }
  const [value, [dw, dv]] = valueAndGrad(loss as (a: Tensor, b: Tensor) => Tensor, { argnums: [0, 1] })(w, v)
  return [{ w: sub(w, mul(dw, 0.1)), v: sub(v, mul(dv, 0.1)), steps: add(steps, 1) }, { loss: value }] as const
}
const call: [Tensor<'float32'>, Tensor<'key'>] = [zeros([2, 1, 8, 8]), randomKey(0)]

const namesIn = ({ nodes }: PlanDescription, task: PlanTask) => task.nodes.map((node) => nodes[node]!.name)

test('a plan lists what is fused, by operation and scope', () => {
  const f = (x: Tensor) => scope('outer', () => sum(exp(scope('inner', () => mul(x, 2)))))
  const plan = compile(f, alone).plan({ args: [zeros([3, 4])] })
  expect(plan.tasks).toHaveLength(1)
  expect(namesIn(plan, plan.tasks[0]!)).toEqual(['mul', 'exp', 'sum'])
  expect(plan.tasks[0]!.nodes.map((node) => plan.nodes[node]!.scope)).toEqual(['outer/inner', 'outer', 'outer'])
})

test('every value is an argument, a constant, computed by a task, or another look at memory', () => {
  const { nodes, tasks, results } = carry(start, alone).step(step).plan({ args: call })
  nodes.forEach(({ origin, tasks: computing, memory }, place) => {
    if (origin !== 'operation') expect(computing).toEqual([])
    // Another look at memory, or what is finished there by the task that makes it.
    else if (memory !== undefined && memory !== place) {
      for (const task of computing) expect(tasks[task]!.writes).toBe(memory)
    } else expect(computing.length).toBeGreaterThan(0)
    for (const task of computing) expect(tasks[task]!.nodes).toContain(place)
  })
  for (const task of tasks) {
    if (task.name !== 'carry') expect(task.nodes.at(-1)).toBe(task.writes)
    for (const read of task.reads) expect(nodes[read]!.memory).toBe(read)
  }
  for (const { node } of results) expect(nodes[node]!.memory).toBeDefined()
})

test('what a task takes: multiply-adds as two, each element read and written once', () => {
  const plan = compile((a: Tensor, b: Tensor) => matmul(a, b), alone).plan({ args: [zeros([7, 30]), zeros([30, 5])] })
  expect(plan.tasks).toMatchObject([
    { kind: 'contract', detail: '7×30 · 30×5', flops: 2 * 7 * 30 * 5, bytesRead: 4 * 360, bytesWritten: 4 * 35 },
  ])
  expect(plan.work).toEqual({ flops: 2100, bytesRead: 1440, bytesWritten: 140 })
  const row = compile((x: Tensor, y: Tensor) => add(mul(x, x), y), alone).plan({ args: [zeros([6, 9]), zeros([9])] })
  expect(row.work).toEqual({ flops: 2 * 54, bytesRead: 4 * (54 + 9), bytesWritten: 4 * 54 })
  const folded = compile((x: Tensor) => sum(sin(x), { axis: 1 }), alone).plan({ args: [zeros([6, 9])] })
  expect(folded.work).toEqual({ flops: 2 * 54, bytesRead: 4 * 54, bytesWritten: 4 * 6 })
})

test('of what is gathered from, only the rows that are read count', () => {
  const table = zeros([1000, 8])
  const { work, memory } = compile((at: Tensor<'int32'>) => take(table, at), alone).plan({
    args: [zeros([3], { dtype: 'int32' })],
  })
  expect(work).toEqual({ flops: 0, bytesRead: 4 * (3 + 24), bytesWritten: 4 * 24 })
  expect(memory).toMatchObject({ constants: 32_000, carried: 0 })
})

test('every kind of task is described', () => {
  const f = (x: Tensor, at: Tensor<'int32'>, key: Tensor<'key'>) => [
    concat([cumsum(x, { axis: 0 }), transpose(matmul(x, x))]),
    scatterAdd(x, at, take(x, at)),
    uniform(key, [5]),
  ]
  const compiled = compile(f, alone)
  const plan = compiled.plan({ args: [zeros([4, 4]), zeros([2], { dtype: 'int32' }), call[1]] })
  expect(plan.tasks.map(({ kind, detail }) => [kind, detail])).toEqual([
    ['scan', 'sums along 4'],
    ['contract', '4×4 · 4×4'],
    ['loop', ''],
    ['loop', ''],
    ['loop', ''],
    ['scatter', 'of 8 onto a copy'],
    ['random', '5 from a key'],
  ])
  const [, , first, second] = plan.tasks.map((task) => namesIn(plan, task))
  expect([first, second]).toEqual([['concat'], ['transpose', 'concat']])
})

test('carried state that is written over is named, and its memory is counted apart', () => {
  const plan = carry(start, alone).step(step).plan({ args: call })
  const replaced = plan.tasks.flatMap(({ replaces }) => replaces.map((argument) => plan.nodes[argument]!.name))
  expect(replaced.sort()).toEqual(['state.steps', 'state.v', 'state.w'])
  expect(plan.results.map(({ name }) => name)).toEqual(['result.loss'])
  expect(plan.nodes.filter(({ origin }) => origin === 'argument').map(({ name }) => name)).toEqual([
    'state.w',
    'state.v',
    'state.steps',
    'args[0]',
    'args[1]',
  ])
  expect(plan.memory.carried).toBe(4 * (36 + 180 + 1))
  expect(plan.memory.arena).toBeGreaterThan(0)
  expect(plan.memory.arena).toBeLessThan(plan.memory.values + 128 * plan.tasks.length)
})

test('a number is one argument, whatever dtypes it is used in', () => {
  const f = (x: Tensor, y: Tensor<'float64'>, rate: number) => [mul(x, rate), mul(y, rate)]
  const compiled = compile(f, alone)
  const args: Parameters<typeof f> = [zeros([3]), zeros([3], { dtype: 'float64' }), 0.5]
  expect(compiled.explain({ args })).toMatch(/^takes +args\[0\] float32 \[3\], args\[1\] float64 \[3\], args\[2\]/)
  const named = compiled.plan({ args }).nodes.filter(({ name }) => name === 'args[2]')
  expect(named.map(({ dtype }) => dtype)).toEqual(['float32', 'float64'])
})

test('what simplification takes away is counted by kind', () => {
  const f = (x: Tensor) => {
    exp(sin(x))
    return add(exp(x), exp(x))
  }
  const { traced, removed } = compile(f, alone).plan({ args: [zeros([3])] })
  expect(traced).toBe(5)
  expect(removed).toEqual([
    { what: 'computed twice', count: 1 },
    { what: 'needed by no result', count: 2 },
  ])
})

test('the text has a row for each task, and fits in 100 columns', () => {
  const compiled = carry(start, alone).step(step)
  const lines = compiled.explain({ args: call }).split('\n')
  const { tasks } = compiled.plan({ args: call })
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
  expect(lines.filter((line) => /^ *\d+ {2}(loop|contract|scatter|scan|random)/.test(line))).toHaveLength(tasks.length)
  expect(lines[0]).toBe('takes       state (3 tensors, 868 B), args[0] float32 [2, 1, 8, 8], args[1] key []')
  expect(lines[1]).toBe('gives       result.loss float32 []')
  expect(lines.join('\n')).toMatch(/pool\/conv: view, contract\s+72×9 · 9×4/)
  expect(lines.join('\n')).toContain('over state.v')
})

test('convolutions in blocks of images, and all that an update writes over', () => {
  const layer = (y: Tensor, w: Tensor) => scope('layer', () => relu(conv2d(y, w, null, { pad: 1 })))
  const deep = carry({ w: zeros([8, 8, 3, 3]), m: zeros([8, 8, 3, 3]) }, alone).step(({ w, m }, x: Tensor) => {
    const [value, slope] = valueAndGrad((u: Tensor) => sum([u, u, u].reduce(layer, x)))(w)
    const moved = sub(mul(m, 0.9), slope)
    return [{ w: add(w, moved), m: moved }, value]
  })
  const args: [Tensor] = [zeros([16, 8, 40, 40])]
  const { tasks, regions, nodes } = deep.plan({ args })
  expect(regions.length).toBeGreaterThan(0)
  const named = tasks.map(({ replaces }) => replaces.map((argument) => nodes[argument]!.name).sort())
  expect(named).toContainEqual(['state.m', 'state.w'])
  const lines = deep.explain({ args }).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
  expect(lines.join('\n')).toMatch(/some images at a time in tasks \d+–\d+/)
  expect(lines.filter((line) => / winograd /.test(line)).length).toBeGreaterThanOrEqual(4)
})

test('its code holds a function for each of the names that the tasks say', () => {
  const compiled = compile((x: Tensor) => matmul(exp(x), x), alone)
  const args: [Tensor] = [zeros([20, 20])]
  const text = compiled.explain({ args, wat: true })
  const functions = compiled.plan({ args }).tasks.flatMap((task) => task.functions)
  expect(functions.length).toBeGreaterThanOrEqual(2)
  for (const name of functions) expect(text).toContain(`(func $${name} `)
  expect(compiled.explain({ args })).not.toContain('(func ')
})

test('without arguments, the program that ran last is explained; explaining runs nothing', () => {
  const compiled = compile((x: Tensor) => mul(x, 3), alone)
  expect(() => compiled.explain()).toThrow(ValueError)
  compiled(zeros([5]))
  compiled(zeros([2, 2]))
  expect(compiled.plan().nodes[0]!.shape).toEqual([2, 2])
  compiled(zeros([5]))
  expect(compiled.plan().nodes[0]!.shape).toEqual([5])
  const carried = carry({ w: zeros([2]) }, alone)
  const add1 = carried.step(({ w }) => [{ w: add(w, 1) }, null])
  add1.explain({ args: [] })
  expect(carried.snapshot().w.toArray()).toEqual([0, 0])
  expect(carried.reader(({ w }) => sum(w)).plan({ args: [] }).tasks[0]!.replaces).toEqual([])
})

test.skipIf(availableParallelism() < 2)('a larger program shares its work among threads, a small one does not', () => {
  const f = (x: Tensor) => sum(matmul(x, x))
  const of = (size: number, threads: number) => compile(f, { threads }).plan({ args: [zeros([size, size])] })
  expect(of(100, 1)).toMatchObject({ threads: 1, meetings: 0 })
  expect(of(100, 2).meetings).toBeGreaterThan(0)
  expect(of(2, 2)).toMatchObject({ threads: 2, meetings: 0 })
  expect(of(100, 2).phases).toBe(of(100, 1).phases)
})
