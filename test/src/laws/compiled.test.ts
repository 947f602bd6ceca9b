/** Compiled programs give what the reference backend gives, for every operation: values, gradients, second derivatives. */
import { compile } from '@cotangent/compile'
import { type AnyTensor, isFloat, tensor, vjp } from '@cotangent/core'
import type { Call, Law } from '@cotangent/ops/laws'
import { describe, test } from 'vitest'
import { agree, agreeInSingle, ofOne, toFloat } from './agreement.ts'
import { forCalls, loadLaws } from './all.ts'
import { weights } from './numerical.ts'

const laws = await loadLaws()

describe.each([...laws])('%s', (operation, law) => {
  test('values', () => forCalls(operation, law, 20, (call) => holds(call, applying(law, call), [])))

  if (law.orders !== 0) {
    test('values, gradients and second derivatives in one program', () =>
      forCalls(operation, law, 10, (call) => holds(call, differentiating(law, call), call.inputs)))
  }
})

type Program = (...inputs: AnyTensor[]) => unknown

/** Compiled = reference in float64, and in float32 as near to float64; what comes out may be what is left of values like those `given`. */
function holds(call: Call, program: Program, given: readonly AnyTensor[]): void {
  agree('float64', compile(program, { threads: 1 })(...call.inputs), program(...call.inputs))
  if (!call.inputs.some(({ dtype }) => isFloat(dtype))) return
  const single = call.inputs.map((input) => toFloat(input, 'float32'))
  const wide = single.map((input) => toFloat(input, 'float64'))
  const results = { reference: program(...single), wide: program(...wide) }
  agreeInSingle('float32', compile(program, { threads: 1 })(...single), results, ofOne(...given))
}

const applying =
  ({ apply }: Law, { options }: Call): Program =>
  (...inputs) =>
    apply(inputs, options)

/** The value, the gradients along a cotangent, and the gradients of both along directions: Hessian-vector products and jvps. */
const differentiating =
  (law: Law, { options }: Call): Program =>
  (...inputs) => {
    const f = (...traced: AnyTensor[]) => [law.apply(traced, options)].flat()
    const first = (...traced: AnyTensor[]): AnyTensor[] => {
      const [outputs, pullback] = vjp(f, ...traced)
      const gradients = pullback(
        outputs.map((output, index) => weightsFor(output, index)),
      ) as readonly (AnyTensor | null)[]
      return [...gradients.filter((one) => one !== null), ...outputs]
    }
    const [values, pullback] = vjp(first, ...inputs)
    return [values, pullback(values.map((value, index) => weightsFor(value, 10 + index)))]
  }

function weightsFor({ shape, size, dtype }: AnyTensor, salt: number): AnyTensor {
  const values = weights(size, salt)
  return tensor(dtype === 'float32' ? Float32Array.from(values) : values, { shape, adopt: true })
}
