import { compile } from '@cotangent/compile'
import { type AnyTensor, foldIn, record, Tensor, treeLeaves } from '@cotangent/core'
import type { Net, TensorTree } from '@cotangent/models'
import { distributionOf } from './distribution.ts'
import type { LayerSignals } from './report.ts'

/** From one batch to the outputs of all layers, and the gradients of the loss by these and by the parameters. */
export type Probe = (
  params: TensorTree,
  netState: TensorTree,
  x: AnyTensor,
  t: AnyTensor,
  /** What dropout draws from. */
  key: Tensor<'key'>,
) => {
  readonly outputs: readonly Tensor[]
  readonly gradients: { readonly outputs: readonly Tensor[]; readonly params: TensorTree }
}

/** Such a probe of a net, as in a training step, with the loss from the net's output. Compiled at its first call. */
export function probeOf(
  net: Net,
  prepare: (x: AnyTensor) => AnyTensor,
  loss: (output: Tensor, t: AnyTensor) => Tensor,
): Probe {
  return compile(
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
}

/** What flows through each layer for one batch, forward and back. Layers that only reshape are left out. */
export function signalsOf(net: Net, { outputs, gradients }: ReturnType<Probe>): LayerSignals[] {
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

/** What a net is given. */
interface Look {
  readonly params: TensorTree
  readonly netState: TensorTree
  readonly x: AnyTensor
  readonly key: Tensor<'key'>
}

/** The output of each layer, one after the other. */
function outputsOf(net: Net, { params, netState, x, key }: Look): Tensor[] {
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
