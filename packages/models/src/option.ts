import { type Shape, ShapeError, ValueError } from '@cotangent/core'
import { isLayer, type Layer } from './layer.ts'

/** One number for both axes of an image, or one for its height and one for its width. */
export type Pair = number | readonly [height: number, width: number]

/** `value`, once it is an integer from `least` up; options may come from JSON. */
export function integerOption(layer: string, option: string, value: unknown, least = 1): number {
  if (!isInteger(value, least))
    throw new ValueError(`${layer}: ${option} is ${JSON.stringify(value)}; give an integer from ${least} up`)
  return value
}

/** `value`, once it is an integer from `least` up or a pair of them. */
export function pairOption(layer: string, option: string, value: unknown, least = 1): Pair {
  if (isInteger(value, least)) return value
  if (Array.isArray(value)) {
    const [height, width, ...more] = value
    if (isInteger(height, least) && isInteger(width, least) && more.length === 0) return [height, width]
  }
  throw new ValueError(
    `${layer}: ${option} is ${JSON.stringify(value)}; give an integer from ${least} up, or two as [height, width]`,
  )
}

/** `value`, once it is a list of sizes. */
export function shapeOption(layer: string, value: unknown): Shape {
  if (Array.isArray(value) && value.every((length) => isInteger(length, 1))) return Object.freeze([...value])
  throw new ShapeError(
    `${layer}: ${JSON.stringify(value)} is not a sample's shape; give sizes from 1 up, as [1, 28, 28]`,
  )
}

/** `value`, once it is a list of layers. */
export function layersOption(layer: string, option: string, value: readonly Layer[]): readonly Layer[] {
  if (Array.isArray(value) && value.every(isLayer)) return Object.freeze([...value])
  throw new ValueError(`${layer}: ${option} is no list of layers; make them with the functions of layer`)
}

/** `value`, once it is a number from `low` up to, not including, `high`. */
export function numberOption(
  layer: string,
  option: string,
  value: unknown,
  { low, high = Number.POSITIVE_INFINITY }: { readonly low: number; readonly high?: number },
): number {
  if (typeof value === 'number' && value >= low && value < high) return value
  const range = high === Number.POSITIVE_INFINITY ? `from ${low} up` : `from ${low} up to, not including, ${high}`
  throw new ValueError(`${layer}: ${option} is ${JSON.stringify(value)}; give a number ${range}`)
}

const isInteger = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && Number(value) >= least
