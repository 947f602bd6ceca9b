import { type Float, ones, type Shape, type Tensor, ValueError, zeros } from '@cotangent/core'
import { normal, uniform } from '@cotangent/ops'

/** Which number of connections the spread is scaled by: into an output, out of an input, or the mean of the two. */
export type Fan = 'in' | 'out' | 'average'

export type Distribution = 'normal' | 'uniform'

/** How a parameter starts, as data; made by the functions of `init`. */
export type Initializer =
  | { readonly init: 'zeros' | 'ones' }
  | { readonly init: 'normal'; readonly mean: number; readonly std: number }
  | { readonly init: 'uniform'; readonly low: number; readonly high: number }
  | { readonly init: 'xavier' | 'he'; readonly fan: Fan; readonly distribution: Distribution }

/** A tensor that a layer learns or keeps, before it has values. */
export interface Parameter {
  readonly shape: Shape
  readonly initializer: Initializer
  /** How many inputs each output sums over, and how many outputs each input goes to: what `xavier` and `he` scale by. */
  readonly fans?: Fans
  /** Whether the net's weight decay applies to it. Default: false. */
  readonly decays?: boolean
}

interface Fans {
  readonly in: number
  readonly out: number
}

/** The parameter's first values, drawn from `key`. */
export function initialize(parameter: Parameter, key: Tensor<'key'>, dtype: Float): Tensor {
  const { shape, initializer } = parameter
  switch (initializer.init) {
    case 'zeros':
      return zeros(shape, { dtype })
    case 'ones':
      return ones(shape, { dtype })
    case 'normal':
      return normal(key, shape, { mean: initializer.mean, std: initializer.std, dtype })
    case 'uniform':
      return uniform(key, shape, { low: initializer.low, high: initializer.high, dtype })
    case 'xavier':
    case 'he': {
      const std = Math.sqrt((initializer.init === 'he' ? 2 : 1) / fanOf(parameter, initializer))
      if (initializer.distribution === 'normal') return normal(key, shape, { std, dtype })
      // A uniform distribution on ±limit has the standard deviation limit / √3.
      const limit = Math.sqrt(3) * std
      return uniform(key, shape, { low: -limit, high: limit, dtype })
    }
  }
}

function fanOf({ fans }: Parameter, { init, fan }: { readonly init: string; readonly fan: Fan }): number {
  if (fans === undefined) {
    throw new ValueError(
      `init.${init}: this parameter has no fan-in and fan-out to scale by; give its layer's parameter \`fans\`, or use init.normal(std)`,
    )
  }
  return fan === 'in' ? fans.in : fan === 'out' ? fans.out : (fans.in + fans.out) / 2
}

const FIELDS: Record<Initializer['init'], readonly string[]> = {
  zeros: [],
  ones: [],
  normal: ['mean', 'std'],
  uniform: ['low', 'high'],
  xavier: ['fan', 'distribution'],
  he: ['fan', 'distribution'],
}

/**
 * `value`, once it is an initialiser: options may come from JSON.
 *
 * @throws ValueError naming the layer and its option.
 */
export function checkInitializer(layer: string, option: string, value: unknown): Initializer {
  const found: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {}
  const fields = Object.entries(FIELDS).find(([name]) => name === found.init)?.[1]
  const fits = fields?.every((field) => ALLOWED[field]?.(found[field]))
  if (!fits) {
    throw new ValueError(
      `${layer}: ${option} is ${JSON.stringify(value)}, which is not an initialiser; use one of init, such as init.he()`,
    )
  }
  // Its name and all its fields have been looked at.
  return value as Initializer
}

const ALLOWED: Record<string, (value: unknown) => boolean> = {
  mean: Number.isFinite,
  std: (value) => Number.isFinite(value) && Number(value) >= 0,
  low: Number.isFinite,
  high: Number.isFinite,
  fan: (value) => value === 'in' || value === 'out' || value === 'average',
  distribution: (value) => value === 'normal' || value === 'uniform',
}
