import { record, type Step } from '@cotangent/core'
import { argMax } from '@cotangent/ops'

/** Which way a computation went where it could have gone another: of relu the sign of each element, of max pooling the place. */
export type Choices = readonly ArrayLike<number>[]

/** Runs `f`, and gives the choices of all operations in it. */
export function withChoices<R>(f: () => R): [R, Choices] {
  const [value, tape] = record(f)
  return [value, choicesOf(tape.steps)]
}

/** Whether all choices were the same: then a step from one computation to the other crossed no kink. */
export const sameChoices = (a: Choices, b: Choices): boolean =>
  a.every((one, index) => {
    const other = b[index]!
    for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
    return true
  })

/** Comparisons are steps with a bool result; a maximum keeps the place of what it chose to itself. */
const choicesOf = (steps: readonly Step[]): ArrayLike<number>[] =>
  steps.flatMap(({ primitive, inputs: [input], options, output, inside }) => {
    if (inside) return choicesOf(inside.steps)
    if (output.dtype === 'bool') return [output.data]
    if (primitive.name === 'max' && input && hasAxes(options)) return [argMax(input, { axis: options.axes }).data]
    return []
  })

const hasAxes = (options: unknown): options is { readonly axes: readonly number[] } =>
  typeof options === 'object' && options !== null && 'axes' in options
