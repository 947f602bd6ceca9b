import { carry, compile } from '@cotangent/compile'
import { type AnyTensor, ones, randomKey, type Tensor, treeLeaves, treeZip, valueAndGrad, zeros } from '@cotangent/core'
import { simpleConvNet, type TensorTree } from '@cotangent/models'
import { matmul, mean, mul, relu, square, sub } from '@cotangent/ops'
import { describe, expect, it } from 'vitest'
import { planToDot } from './plan.ts'
import { renderSvg } from './svg.ts'

const labels = (dot: string): string[] => [...dot.matchAll(/^ *n\d+ \[label="([^"]*)"/gm)].map(([, label]) => label!)

describe('planToDot', () => {
  it('has a node for each task, with what is fused in it', () => {
    const f = compile((x: Tensor, w: Tensor) => mul(relu(matmul(x, w)), 2))
    const plan = f.plan({ args: [ones([4, 3]), ones([3, 2])] })
    const found = labels(planToDot(plan, { nameOf: (name) => `<${name}>` }))
    const ends = ['<args[0]>', '<args[1]>', '<result>']
    expect(found).toEqual(expect.arrayContaining(ends))
    // How many tasks they are is the compiler's choice.
    const tasks = found.filter((label) => !ends.includes(label))
    expect(tasks).toHaveLength(plan.tasks.length)
    expect(tasks.join(', ').replaceAll('\\n', ', ')).toBe('contract 4×3 · 3×2, lessEqual, where, mul')
  })

  it('tells the tasks of the sweep, and gives every result a node', async () => {
    const loss = (w: Tensor, x: Tensor) => mean(square(matmul(x, w)))
    const plan = compile(valueAndGrad(loss)).plan({ args: [ones([3]), ones([8, 3])] })
    const dot = planToDot(plan)
    expect(labels(dot)).toEqual(expect.arrayContaining(['result[0]', 'result[1]']))
    expect(dot).toMatch(/forward.*backward/)
    expect(labels(dot).length).toBeGreaterThanOrEqual(plan.tasks.length + 4)
    expect(await renderSvg(dot)).toContain('result[1]')
  })

  it('knows who wrote what a task reads, also where one task writes several values', () => {
    const net = simpleConvNet({ filters: 3, hiddenSize: 4 })
    const [params, state] = net.init(randomKey(0))
    const [images, t] = [zeros([5, ...net.input]), zeros([5], { dtype: 'int32' })]
    const step = carry(params).step((weights: TensorTree, x: AnyTensor) => {
      const [value, gradients] = valueAndGrad((weights: TensorTree) => net.loss(weights, state, x, t)[0])(weights)
      return [treeZip((p, g) => sub(p, mul(0.1, g)), weights, gradients), value]
    })
    const plan = step.plan({ args: [images] })
    const dot = planToDot(plan)
    expect(dot).toMatch(/forward.*backward.*update/)
    const reads = plan.tasks.flatMap((task) => task.reads.filter((read) => read !== task.writes))
    expect([...dot.matchAll(/^ *n\d+ -> n\d+ /gm)]).toHaveLength(reads.length + plan.results.length)
    expect(labels(dot).filter((label) => label.includes('replaces state.'))).toHaveLength(treeLeaves(params).length)
  })
})
