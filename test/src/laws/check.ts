/**
 * The laws themselves: each takes one operation's law and one valid call, and throws a {@link LawError} when it does not hold. Those
 * that compare with numerical derivatives give the largest error they saw, as {@link agree} measures it.
 */
import { type AnyTensor, full, jvp, record, type Step, shapeText, sizeOf, Tensor, tensor, vjp } from '@cotangent/core'
import type { Call, Convention, Dense, Law } from '@cotangent/ops/laws'
import { derivative, weights } from './numerical.ts'

class LawError extends Error {
  override name = 'LawError'
}

/** What forward values may differ by from their definition, relative to the larger of 1 and the values: summation order. */
const VALUE = 1e-12
/** What derivatives may differ by from numerical ones, relative to the larger of 1 and the values. */
const FIRST_ORDER = 1e-8
const SECOND_ORDER = 1e-7
/** What float32 may differ by from float64 at the same inputs: 32 roundings. */
const SINGLE = 32 * 2 ** -24

/** The laws for which the operation itself is enough. */
export const VALUE_LAWS = { value, single }

/** The laws of an operation that can be differentiated twice. */
export const GRADIENT_LAWS = { linear, gradient, forward, curvature }

/** The value is the definition's, of the shape and dtype that every step announced; finite; and the inputs are as before. */
function value(law: Law, call: Call): void {
  const before = call.inputs.map(elementsOf)
  const [outputs, tape] = record(() => outputsOf(law, call.inputs, call.options))
  const expected = definitionOf(law, call)
  call.inputs.forEach((input, index) => {
    agree(`input ${index} after the call`, elementsOf(input), before[index]!, 0, 'now', 'before')
  })
  if (outputs.length !== expected.length) {
    throw new LawError(`there are ${outputs.length} results, ${expected.length} by definition`)
  }
  outputs.forEach((output, index) => {
    const name = nameOf(index, outputs)
    if (shapeText(output.shape) !== shapeText(expected[index]!.shape)) {
      throw new LawError(
        `${name} has shape ${shapeText(output.shape)}, by definition ${shapeText(expected[index]!.shape)}`,
      )
    }
    agree(name, elementsOf(output), expected[index]!.data, VALUE, 'value', 'definition')
    if (!elementsOf(output).every(Number.isFinite)) throw new LawError(`${name} is not finite`)
  })
  for (const step of allSteps(tape.steps)) keepsItsType(step)
}

function keepsItsType({ primitive, inputs, options, output }: Step): void {
  const type = primitive.type(inputs, options)
  const words = type.dtype === 'key' ? 2 : 1
  const fits = type.dtype === output.dtype && shapeText(type.shape) === shapeText(output.shape)
  if (!fits || output.data.length !== words * sizeOf(type.shape)) {
    throw new LawError(
      `${primitive.name} announces ${type.dtype} ${shapeText(type.shape)} and gives ${output.dtype} ${shapeText(output.shape)} with ${output.data.length} elements`,
    )
  }
}

/** In float32 the value, and the gradients, are float32 and those of float64 at the same inputs, but for rounding. */
function single(law: Law, call: Call): void {
  const narrow = call.inputs.map((input) => (input.dtype === 'float64' ? toDType(input, 'float32') : input))
  const wide = narrow.map((input) => (input.dtype === 'float32' ? toDType(input, 'float64') : input))
  const outputs = outputsOf(law, narrow, call.options)
  // Some operations have their result's dtype as an option.
  const { dtype: asked } = (call.options ?? {}) as { readonly dtype?: string }
  outputsOf(law, wide, call.options).forEach((expected, index) => {
    const name = nameOf(index, outputs)
    const dtype = asked ?? (expected.dtype === 'float64' ? 'float32' : expected.dtype)
    const output = outputs[index]!
    if (output.dtype !== dtype) throw new LawError(`${name} of float32 inputs is ${output.dtype}, not ${dtype}`)
    agree(name, elementsOf(output), elementsOf(expected), SINGLE, 'float32', 'float64')
  })
  if (law.orders === 0) return
  const cotangents = (dtype: 'float32' | 'float64') => outputs.map((output) => toDType(cotangentFor(output, 1), dtype))
  const gradients = pullBack(law, narrow, call.options, cotangents('float32'))
  pullBack(law, wide, call.options, cotangents('float64')).forEach((expected, index) => {
    const got = gradients[index]!
    if (got.dtype !== 'float32') throw new LawError(`gradient ${index} of float32 inputs is ${got.dtype}`)
    agree(`gradient ${index}`, elementsOf(got), elementsOf(expected), SINGLE, 'float32', 'float64')
  })
}

/** Each vjp is linear in the cotangent. */
function linear(law: Law, call: Call): void {
  const outputs = outputsOf(law, call.inputs, call.options)
  const [one, other] = [
    outputs.map((output) => cotangentFor(output, 1)),
    outputs.map((output) => cotangentFor(output, 2)),
  ]
  const [a, b] = [0.75, -1.5]
  const combined = one.map((tensor, index) => combine(a, tensor, b, other[index]!))
  const [first, second, both] = [one, other, combined].map((given) => pullBack(law, call.inputs, call.options, given))
  both!.forEach((got, index) => {
    const expected = combine(a, first![index]!, b, second![index]!)
    agree(
      `the gradient by float input ${index}`,
      elementsOf(got),
      elementsOf(expected),
      VALUE,
      'vjp(a·g + b·h)',
      'a·vjp(g) + b·vjp(h)',
    )
  })
}

/** Reverse mode against numerical derivatives, every element of every input. */
function gradient(law: Law, call: Call): number {
  const outputs = outputsOf(law, call.inputs, call.options)
  const cotangents = outputs.map((output) => cotangentFor(output, 1))
  const gradients = pullBack(law, call.inputs, call.options, cotangents)
  const weighted = cotangents.flatMap(elementsOf)
  const errors = floatPlaces(call.inputs).map((place, index) => {
    const numerical = Array.from({ length: call.inputs[place]!.size }, (_, element) => {
      const along = (t: number): number[] => {
        const moved = call.inputs.with(place, movedAt(call.inputs[place]!, element, t))
        return [inner(outputsOf(law, moved, call.options).flatMap(elementsOf), weighted)]
      }
      return derivative(along)[0]!
    })
    const name = `the gradient by input ${place}`
    return agree(name, elementsOf(gradients[index]!), numerical, FIRST_ORDER, 'tape', 'numerical')
  })
  return Math.max(0, ...errors)
}

/** Forward mode against the numerical derivative along a direction, every element of the value. */
function forward(law: Law, call: Call): number {
  const f = (...inputs: AnyTensor[]) => outputsOf(law, inputs, call.options)
  return alongDirection('forward mode', f, call.inputs, FIRST_ORDER).error
}

/**
 * The second derivatives. With s(x, w) = Σ w · f(x), the first-order gradient is (∂s/∂x, ∂s/∂w) = (vjp of w, f), whose numerical
 * derivative along u is the Hessian's product with u; reverse over reverse and forward over reverse must both give it, since a
 * Hessian is symmetric. That w is a variable too sees what a rule does with its cotangent.
 */
function curvature(law: Law, call: Call): number {
  const cotangents = outputsOf(law, call.inputs, call.options).map((output) => cotangentFor(output, 1))
  const count = call.inputs.length
  const f = (...variables: AnyTensor[]): AnyTensor[] => {
    const [inputs, w] = [variables.slice(0, count), variables.slice(count)]
    const [outputs, pullback] = vjp((...traced: AnyTensor[]) => outputsOf(law, traced, call.options), ...inputs)
    return [...(pullback(w) as readonly (AnyTensor | null)[]).filter((one) => one !== null), ...outputs]
  }
  const variables = [...call.inputs, ...cotangents]
  const { numerical, error } = alongDirection('second order, forward over reverse', f, variables, SECOND_ORDER)
  const directions = floatPlaces(variables).map((place) => directionFor(variables[place]!, place))
  const [, pullback] = vjp(f, ...variables)
  const reverse = floatsAmong(pullback(directions))
  let from = 0
  const errors = floatPlaces(variables).map((place, index) => {
    const expected = numerical.slice(from, from + variables[place]!.size)
    from += variables[place]!.size
    const name = place < count ? `input ${place}` : `the cotangent of result ${place - count}`
    return agree(
      `second order, reverse over reverse, by ${name}`,
      elementsOf(reverse[index]!),
      expected,
      SECOND_ORDER,
      'tape',
      'numerical',
    )
  })
  return Math.max(error, ...errors)
}

/** Checks the jvp of `f` along a direction against the numerical derivative, which it gives with the error. */
function alongDirection(
  what: string,
  f: (...inputs: AnyTensor[]) => AnyTensor[],
  inputs: readonly AnyTensor[],
  tolerance: number,
): { readonly numerical: number[]; readonly error: number } {
  const directions = inputs.map((input, place) => directionFor(input, place))
  const along = (t: number) =>
    f(...inputs.map((input, place) => moved(input, directions[place]!, t))).flatMap(elementsOf)
  const numerical = derivative(along)
  const [, tangents] = jvp(f, [...inputs], directions)
  const error = agree(what, tangents.flatMap(elementsOf), numerical, tolerance, 'tape', 'numerical')
  return { numerical, error }
}

/** Checks what the operation does at a kink or a tie, in reverse and forward mode. */
export function convention(law: Law, { says, inputs, options, value, gradients }: Convention): void {
  const variables = inputs.slice(0, gradients.length)
  const f = (...traced: AnyTensor[]) => outputsOf(law, [...traced, ...inputs.slice(gradients.length)], options)
  const [outputs, pullback] = vjp(f, ...variables)
  agree(`${says}: the value`, outputs.flatMap(elementsOf), value, VALUE, 'value', 'convention')
  const reverse = pullback(outputs.map(onesFor)) as AnyTensor[]
  gradients.forEach((expected, index) => {
    agree(`${says}: gradient ${index}`, elementsOf(reverse[index]!), expected, VALUE, 'tape', 'convention')
  })
  const directions = variables.map(directionFor)
  const [, tangents] = jvp(f, variables, directions)
  const along = inner(
    tangents.flatMap(elementsOf),
    outputs.flatMap((output) => elementsOf(onesFor(output))),
  )
  const expected = inner(gradients.flat(), directions.flatMap(elementsOf))
  agree(`${says}: forward mode`, [along], [expected], VALUE, 'tape', 'convention')
}

/** The cotangent of a sum: ones, and nothing for results that carry no gradient. */
const onesFor = (output: AnyTensor): AnyTensor =>
  full(output.shape, output.dtype === 'float32' || output.dtype === 'float64' ? 1 : 0, {
    dtype: output.dtype as 'float64',
  })

/** Every step of a tape, those inside composed primitives included. */
export const allSteps = (steps: readonly Step[]): Step[] =>
  steps.flatMap((step) => [step, ...allSteps(step.inside?.steps ?? [])])

const outputsOf = (law: Law, inputs: readonly AnyTensor[], options: unknown): AnyTensor[] =>
  [law.apply(inputs, options)].flat()

const definitionOf = (law: Law, { inputs, options }: Call): Dense[] =>
  [
    law.definition(
      inputs.map((input) => ({ shape: input.shape, data: elementsOf(input) })),
      options,
    ),
  ].flat()

/** The gradients by the float inputs. */
function pullBack(
  law: Law,
  inputs: readonly AnyTensor[],
  options: unknown,
  cotangents: readonly AnyTensor[],
): AnyTensor[] {
  const [, pullback] = vjp((...traced: AnyTensor[]) => outputsOf(law, traced, options), ...inputs)
  return floatsAmong(pullback([...cotangents]))
}

// A gradient stands for each float argument, null for each other.
const floatsAmong = (gradients: readonly unknown[]): AnyTensor[] => gradients.filter((one) => one instanceof Tensor)

const floatPlaces = (inputs: readonly AnyTensor[]): number[] =>
  [...inputs.keys()].filter((place) => inputs[place]!.dtype.startsWith('float'))

const elementsOf = (tensor: AnyTensor): number[] => [...tensor.data]

const cotangentFor = (output: AnyTensor, salt: number): AnyTensor =>
  tensor(weights(output.size, salt), { shape: output.shape })

const directionFor = (input: AnyTensor, place: number): AnyTensor =>
  input.dtype === 'float64' ? tensor(weights(input.size, 5 + place), { shape: input.shape }) : input

function moved(input: AnyTensor, direction: AnyTensor, t: number): AnyTensor {
  if (input.dtype !== 'float64') return input
  return tensor(
    Float64Array.from(input.data, (element, index) => element + t * direction.data[index]!),
    { shape: input.shape },
  )
}

function movedAt(input: AnyTensor, element: number, t: number): AnyTensor {
  const data = Float64Array.from(input.data)
  data[element]! += t
  return tensor(data, { shape: input.shape })
}

const combine = (a: number, x: AnyTensor, b: number, y: AnyTensor): AnyTensor =>
  tensor(
    Float64Array.from(x.data, (element, index) => a * element + b * y.data[index]!),
    { shape: x.shape },
  )

const toDType = (x: AnyTensor, dtype: 'float32' | 'float64'): AnyTensor =>
  dtype === 'float32'
    ? tensor(Float32Array.from(x.data), { shape: x.shape })
    : tensor(Float64Array.from(x.data), { shape: x.shape })

const inner = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, element, index) => sum + element * b[index]!, 0)

const nameOf = (index: number, outputs: readonly AnyTensor[]): string =>
  outputs.length === 1 ? 'the result' : `result ${index}`

/**
 * Throws unless both lists are the same but for `tolerance`, relative to the larger of 1 and the largest expected element; gives
 * the largest difference on that scale.
 */
function agree(
  what: string,
  got: readonly number[],
  expected: readonly number[],
  tolerance: number,
  gotName: string,
  expectedName: string,
): number {
  if (got.length !== expected.length) {
    throw new LawError(`${what}: ${got.length} elements (${gotName}) against ${expected.length} (${expectedName})`)
  }
  const scale = expected.filter(Number.isFinite).reduce((largest, element) => Math.max(largest, Math.abs(element)), 1)
  const wrong = got.findIndex((element, index) => !(Math.abs(element - expected[index]!) <= tolerance * scale))
  if (wrong < 0) {
    return got.reduce((largest, element, index) => Math.max(largest, Math.abs(element - expected[index]!)), 0) / scale
  }
  throw new LawError(
    `${what}, element ${wrong}: ${gotName} ${got[wrong]}, ${expectedName} ${expected[wrong]}; they may differ by ${tolerance * scale}`,
  )
}
