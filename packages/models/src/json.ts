import { ValueError } from '@cotangent/core'
import { isLayer, type Layer, type LayerKind, layerOf } from './layer.ts'

/** A layer as JSON data: the name of its kind, and its options. */
export interface LayerJSON {
  readonly layer: string
  readonly [option: string]: unknown
}

/** The layer as JSON data, with layers among its options, however deep in lists, written the same way. */
export const layerToJSON = ({ kind, options }: Layer): LayerJSON => ({
  layer: kind.name,
  ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, written(value)])),
})

function written(value: unknown): unknown {
  if (isLayer(value)) return layerToJSON(value)
  return Array.isArray(value) ? value.map(written) : value
}

/**
 * The layer that `json` describes.
 *
 * @throws ValueError for a kind that is not among `kinds`, or options that the kind refuses.
 */
export function layerFromJSON({ layer: name, ...options }: LayerJSON, kinds: readonly LayerKind[]): Layer {
  const kind = kinds.find((one) => one.name === name)
  if (kind === undefined) {
    throw new ValueError(
      `netFromJSON: there is no layer "${name}"; pass what layer.define gave for it, as netFromJSON(json, { layers: [${name}] })`,
    )
  }
  const read = (value: unknown): unknown => {
    if (isLayerJSON(value)) return layerFromJSON(value, kinds)
    return Array.isArray(value) ? value.map(read) : value
  }
  return layerOf(kind, Object.fromEntries(Object.entries(options).map(([option, value]) => [option, read(value)])))
}

/** Whether `json` describes a layer: an object that names one. */
export const isLayerJSON = (json: unknown): json is LayerJSON =>
  typeof json === 'object' && json !== null && 'layer' in json && typeof json.layer === 'string'
