import { ValueError } from '@cotangent/core'
import { isLayerJSON, layerFromJSON } from './json.ts'
import { builtInKinds } from './layer/kinds.ts'
import type { LayerKind } from './layer.ts'
import { type Net, type NetOptions, netKind, netOf } from './net.ts'

export interface NetFromJSONOptions {
  /** The user's own layers in it: what `layer.define` gave. */
  readonly layers?: readonly { readonly kind: LayerKind }[]
}

/**
 * The net that `net.toJSON()` wrote: the same layers, the same shapes, the same parameter names. Weights are not part of it.
 *
 * @throws ValueError for what is not a net's JSON, options that are none, or a layer that is neither built in nor in `layers`;
 * ShapeError for layers that do not fit.
 * @example
 * const swish = layer.define({ name: 'swish', apply: (x) => mul(x, sigmoid(x)) })
 * const text = JSON.stringify(chain(input([784]), layer.dense(10), swish()))
 * const net = netFromJSON(JSON.parse(text), { layers: [swish] })
 */
export function netFromJSON(json: unknown, { layers = [] }: NetFromJSONOptions = {}): Net {
  if (!isLayerJSON(json) || json.layer !== netKind.name) {
    const hint = typeof json === 'string' ? 'it is a text, so pass JSON.parse(text)' : 'pass what net.toJSON() gave'
    throw new ValueError(`netFromJSON: this is no net; ${hint}`)
  }
  const { options } = layerFromJSON(json, [...builtInKinds, ...layers.map(({ kind }) => kind)])
  // What netKind made of them.
  return netOf(options as unknown as NetOptions)
}
