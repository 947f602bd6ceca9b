import { type Tensor, tensor } from '@cotangent/core'
import { type Convention, type Law, law } from '../laws.ts'
import { elementwise } from './dense.ts'
import { type Domain, inputs } from './draw.ts'

/** A convention without the words that are the same for all elementwise ones. */
type Conventions = readonly Convention<readonly [Tensor<'float64'>], undefined>[]

/** The law of an elementwise function of one number. */
export const ofOne = (
  operation: (x: Tensor<'float64'>) => Tensor<'float64'>,
  definition: (x: number) => number,
  domain: Domain = {},
  conventions: Conventions = [],
): Law =>
  law({
    calls: inputs((draw) => [draw.floats(draw.shape(), domain)]),
    apply: ([x]) => operation(x),
    definition: ([x]) => elementwise([x], definition),
    conventions,
  })

/** The law of an elementwise function of two numbers, with broadcasting. */
export const ofTwo = (
  operation: (a: Tensor<'float64'>, b: Tensor<'float64'>) => Tensor<'float64'>,
  definition: (a: number, b: number) => number,
  domains: readonly [Domain, Domain] = [{}, {}],
  conventions: readonly Convention<readonly [Tensor<'float64'>, Tensor<'float64'>], undefined>[] = [],
): Law =>
  law({
    calls: inputs((draw) => {
      const [one, other] = draw.broadcast(2)
      return [draw.floats(one!, domains[0]), draw.floats(other!, domains[1])]
    }),
    apply: ([a, b]) => operation(a, b),
    definition: ([a, b]) => elementwise([a, b], definition),
    conventions,
  })

/** float64 elements on one axis. */
export const elements = (...numbers: readonly number[]): Tensor<'float64'> => tensor(Float64Array.from(numbers))
