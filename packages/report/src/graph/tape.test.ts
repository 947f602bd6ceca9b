import {
  type AnyTensor,
  abstractTensor,
  grad,
  ones,
  randomKey,
  record,
  scope,
  type Tensor,
  tensor,
  valueAndGrad,
  zeros,
} from '@cotangent/core'
import { type TensorTree, twoLayerNet } from '@cotangent/models'
import { add, mul, reshape, sum, transpose } from '@cotangent/ops'
import { describe, expect, it } from 'vitest'
import { graphToDot } from './tape.ts'

/** The lines of the nodes and of the edges: `name` and `from > to: text`. */
function readDot(dot: string) {
  const text = (line: string): string => {
    const [, label = ''] = /label=(?:"((?:[^"\\]|\\.)*)"|<(.*)>\])/.exec(line) ?? []
    const html = /label=<(.*)>\]/.exec(line)?.[1]
    return (html?.replaceAll('<BR/>', '|').replace(/<[^>]*>/g, '') ?? label.replaceAll('\\n', '|')).replaceAll(
      '\u00a0',
      '',
    )
  }
  const lines = dot.split('\n').map((line) => line.trim())
  const nodes = new Map(lines.filter((line) => /^n\d+ \[/.test(line)).map((line) => [line.split(' ')[0]!, text(line)]))
  const edges = lines.flatMap((line) => {
    const [, left, right] = /^(n\d+) -> (n\d+)/.exec(line) ?? []
    if (left === undefined || right === undefined) return []
    const [from, to] = line.includes('dir=back') ? [right, left] : [left, right]
    return [`${nodes.get(from)} > ${nodes.get(to)}: ${text(line)}`]
  })
  return { nodes: [...nodes.values()], edges }
}

describe('graphToDot', () => {
  it('draws buy_apple as the book does: values, and below them gradients', () => {
    const [apple, count, tax] = [tensor(100), tensor(2), tensor(1.1)]
    const [price, tape] = record(() => mul(mul(apple, count), tax))
    const { edges } = readDot(
      graphToDot(tape, { inputs: { apple, count, tax }, outputs: { price }, gradientOf: price }),
    )
    expect(edges).toEqual([
      'apple > ×: 100|2.2',
      'count > ×: 2|110',
      '× > ×: 200|1.1',
      'tax > ×: 1.1|200',
      '× > price: 220|1',
    ])
  })

  const lossOf = (rows: number) => {
    const net = twoLayerNet({ inputSize: 6, hiddenSize: 5, outputSize: 3 })
    const [params, state] = net.init(randomKey(0))
    const images = abstractTensor([rows, 6], 'float32')
    const labels = zeros([rows], { dtype: 'int32' })
    const [[loss, gradients], tape] = record(() =>
      valueAndGrad((params: TensorTree) => net.loss(params, state, images, labels)[0])(params),
    )
    return { tape, options: { parameters: params, inputs: { images, labels }, outputs: { loss, '∂': gradients } } }
  }

  it('groups the forward and backward steps of a layer, with shapes on the edges', () => {
    const { tape, options } = lossOf(4)
    const dot = graphToDot(tape, options)
    expect([...dot.matchAll(/subgraph "cluster_(.*)"/g)].map(([, name]) => name)).toEqual([
      'dense1',
      'relu1',
      'dense2',
      'loss',
    ])
    const dense2 = dot.slice(dot.indexOf('cluster_dense2'), dot.indexOf('cluster_loss'))
    expect(readDot(dense2).nodes).toEqual([
      'contract|ij, jk → ik',
      'dense2.W',
      '+',
      'dense2.b',
      'sum|axis 0',
      'contract|ik, jk → ij',
      'contract|ik, ij → jk',
      '∂.dense2.W',
      '∂.dense2.b',
    ])
    const { edges } = readDot(dot)
    expect(edges).toContain('images > contract|ij, jk → ik: [4, 6]')
    expect(edges).toContain('contract|ik, ij → jk > ∂.dense2.W: [5, 3]')
    expect(edges).toContain('softmaxCrossEntropy > loss: []')
  })

  it('leaves the reverse sweep out where only the function itself is asked for', () => {
    const { tape, options } = lossOf(4)
    const forward = readDot(graphToDot(tape, { ...options, forwardOnly: true }))
    expect(forward.nodes.filter((name) => name.startsWith('∂'))).toEqual([])
    const drawn = tape.steps.filter(({ order, primitive, inputs: [input], output }) => {
      const freshLeaf = primitive.name === 'reshape' && `${input!.shape}` === `${output.shape}`
      return order === 0 && !freshLeaf
    })
    const leaves = ['images', 'labels', '[0,1,2]', 'dense1.W', 'dense1.b', 'dense2.W', 'dense2.b']
    expect(forward.nodes).toHaveLength(drawn.length + leaves.length + 1)
    expect(forward.nodes).toEqual(expect.arrayContaining(leaves))
  })

  it('gives the same text for the same tape', () => {
    const [first, second] = [lossOf(4), lossOf(4)]
    expect(graphToDot(first.tape, first.options)).toBe(graphToDot(second.tape, second.options))
  })

  it('writes movement on edges where it is collapsed', () => {
    const x = ones([2, 3])
    const [y, tape] = record(() => sum(reshape(transpose(x), [6])))
    const names = (collapseMovement: boolean) =>
      readDot(graphToDot(tape, { inputs: { x }, outputs: { y }, collapseMovement }))
    expect(names(false).nodes).toEqual(['transpose|axes 1, 0', 'x', 'reshape', 'sum|axis 0', 'y'])
    expect(names(true)).toEqual({
      nodes: ['sum|axis 0', 'x', 'y'],
      edges: ['x > sum|axis 0: [[1,1,1],[1,1,1]]|transpose [3, 2]|reshape [6]', 'sum|axis 0 > y: 6'],
    })
  })

  it('tells updates and sweeps over sweeps from the function and its sweep', () => {
    const x = tensor(3)
    const step = () => add(x, grad((v: Tensor) => grad((w: Tensor) => mul(w, mul(w, w)))(v))(x))
    const [after, tape] = record(step)
    const dot = graphToDot(tape, { parameters: { x }, outputs: { after } })
    expect(dot).toMatch(/forward.*backward.*update.*parameters/)
    expect(new Set(tape.steps.map(({ order }) => order))).toEqual(new Set([0, 1, 2]))
  })

  it('nests the boxes of nested scopes', () => {
    const [, tape] = record(() => scope('net', () => scope('layer', () => add(ones([2]), 1))))
    const dot = graphToDot(tape)
    expect(dot.indexOf('subgraph "cluster_net/layer"')).toBeGreaterThan(dot.indexOf('subgraph "cluster_net"'))
    expect(dot).toContain('label="layer"')
  })

  it('shows no values that are not there yet', () => {
    const x: AnyTensor = abstractTensor([2], 'float32')
    const [y, tape] = record(() => add(x, 1))
    expect(readDot(graphToDot(tape, { inputs: { x }, outputs: { y } })).edges).toEqual(['x > + 1: [2]', '+ 1 > y: [2]'])
  })
})
