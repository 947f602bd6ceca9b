import { compile } from '@cotangent/compile'
import { type AnyTensor, foldIn, record, Tensor, treeLeaves } from '@cotangent/core'
import type { Net, TensorTree } from '@cotangent/models'
import { distributionOf } from './distribution.ts'
import type { LayerSignals } from './report.ts'

/** What is looked at. */
interface Look {
  readonly net: Net
  readonly params: TensorTree
  readonly netState: TensorTree
  readonly x: AnyTensor
  readonly t: AnyTensor
  readonly prepare: (x: AnyTensor) => AnyTensor
  /** The loss that gradients are of, from the net's output. */
  readonly loss: (output: Tensor, t: AnyTensor) => Tensor
  /** What dropout draws from. */
  readonly key: Tensor<'key'>
}

/** What flows through each layer for one batch, forward and back, as in a training step. Layers that only reshape are left out. */
export function signalsOf({ net, params, netState, x, t, prepare, loss, key }: Look): LayerSignals[] {
  if (net.layers.length === 0) return []
  const measure = compile(
    (params: TensorTree, netState: TensorTree, x: AnyTensor, t: AnyTensor, key: Tensor<'key'>) => {
      const [[value, outputs], tape] = record(() => {
        const outputs = outputsOf(net, { params, netState, x: prepare(x), key })
        return [loss(outputs.at(-1)!, t), outputs] as const
      })
      return { outputs, gradients: tape.gradient(value, { outputs, params }) }
    },
    // So few samples are not worth the start of other threads.
    { threads: 1 },
  )
  const { outputs, gradients } = measure(params, netState, x, t, key)
  return net.layers.flatMap(({ name, layer, output }, index): LayerSignals[] => {
    if (layer.kind.name === 'flatten') return []
    const own = treeLeaves(gradients.params[name] ?? {})
    return [
      {
        layer: name,
        shape: output,
        activations: distributionOf([outputs[index]!.data], 'linear'),
        gradients: distributionOf([gradients.outputs[index]!.data], 'log10'),
        parameterGradients:
          own.length === 0
            ? null
            : distributionOf(
                own.map((leaf) => leaf.data),
                'log10',
              ),
      },
    ]
  })
}

/** The output of each layer, one after the other. */
function outputsOf(net: Net, { params, netState, x, key }: Pick<Look, 'params' | 'netState' | 'x' | 'key'>): Tensor[] {
  // Layers take a batch of integers as well: their operations bring it to the dtype of the parameters.
  let value = x as Tensor
  return net.layers.map(({ name, layer: { kind, options } }, index) => {
    const applied = kind.apply(value, {
      options,
      params: subtree(params, name),
      state: subtree(netState, name),
      training: true,
      key: () => foldIn(key, index),
    })
    value = applied instanceof Tensor ? applied : applied[0]
    return value
  })
}

/** The tensors of one layer. */
function subtree(tree: TensorTree, name: string): TensorTree {
  const found = tree[name]
  return found === undefined || found instanceof Tensor ? {} : found
}
