import { type Tensor, tensor, zeros } from '@cotangent/core'
import { add, greater, matmul, mean, mul, square, sub, where } from '@cotangent/ops'
import { describe, expect, it } from 'vitest'
import { momentum } from './descent.ts'
import { DivergenceError } from './divergence.ts'
import { fit, fitEvents } from './fit.ts'
import type { FitOptions } from './options.ts'
import type { Recorder } from './recorder.ts'
import { bits } from './testing/classifier.ts'

const count = 2003
type Params = { readonly w: Tensor; readonly steps: Tensor }
type Data = { readonly x: Tensor; readonly t: Tensor }

/** Epochs of 201 quick steps, many of which are made in one call; the last batch is smaller. */
const base: FitOptions<Params, { readonly made: Tensor }, Data> = {
  loss: ({ w }, { made }, { x, t }) => [mean(square(sub(matmul(x, w), t))), { made: add(made, 1) }],
  optimizer: momentum({ learningRate: 0.01 }),
  params: { w: zeros([3, 1]), steps: zeros([]) },
  netState: { made: zeros([]) },
  data: {
    x: tensor(
      Float32Array.from({ length: count * 3 }, (_, at) => Math.sin(at)),
      { shape: [count, 3] },
    ),
    t: tensor(
      Float32Array.from({ length: count }, (_, at) => Math.cos(at)),
      { shape: [count, 1] },
    ),
  },
  batchSize: 10,
  iterations: 450,
  seed: 3,
}
const lossesOf = (events: {
  readonly record: { readonly history: readonly { readonly losses: readonly number[] }[] }
}) => events.record.history.flatMap(({ losses }) => losses)

describe('steps that are made many at a time', () => {
  it('are those of the reference backend, told of in order with their losses', async () => {
    const told: number[] = []
    const iterations: number[] = []
    const end = await fit({
      ...base,
      onEvent: (event) => {
        if (event.type !== 'iteration') return
        iterations.push(event.iteration)
        told.push(event.loss)
      },
    })
    expect(iterations).toEqual(Array.from({ length: 450 }, (_, at) => at + 1))
    expect(lossesOf(end)).toEqual(told)
    expect(end.state.netState.made.item()).toBe(450)
    const reference = await fit({ ...base, engine: 'reference' })
    lossesOf(reference).forEach((loss, at) => {
      expect(told[at]).toBeCloseTo(loss, 5)
    })
  })

  it.each([1, 2, 57, 200, 201, 202, 333])('end after iteration %i where they are aborted there', async (last) => {
    const controller = new AbortController()
    const part = await fit({
      ...base,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === 'iteration' && event.iteration === last) controller.abort()
      },
    })
    const whole = await fit({ ...base, iterations: last })
    expect(part.reason).toBe('aborted')
    expect(part.record.position.iteration).toBe(last)
    expect(part.state.netState.made.item()).toBe(last)
    expect(bits(part.state)).toEqual(bits(whole.state))
    expect(lossesOf(part)).toEqual(lossesOf(whole))
    expect(bits((await fit({ ...base, resume: part })).state)).toEqual(bits((await fit(base)).state))
  })

  it.each([3, 100, 201, 300])('stop at the loss of iteration %i that is not finite', async (last) => {
    const diverging: typeof base = {
      ...base,
      loss: (params, state, batch, key) => {
        const [loss, next] = base.loss(params, state, batch, key)
        return [mul(loss, where(greater(state.made, last - 1.5), Number.NaN, 1)), next]
      },
    }
    const told: number[] = []
    const error: unknown = await fit({
      ...diverging,
      onEvent: (event) => void (event.type === 'iteration' && told.push(event.iteration)),
    }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(DivergenceError)
    const { iteration, state, record } = error as DivergenceError
    expect([iteration, record.position.iteration, told.at(-1)]).toEqual([last, last - 1, last - 1])
    const whole = await fit({ ...base, iterations: last - 1 })
    expect(bits(state)).toEqual(bits(whole.state))
  })

  it('stop where a checkpoint is due', async () => {
    const given: (readonly [number, number])[] = []
    const recorder: Recorder = {
      begin: async () => undefined,
      record: () => undefined,
      isDue: (iteration) => iteration % 70 === 0,
      checkpoint: ({ state, record }) => {
        // The recorder does not know the types of the nets that it records.
        const { made } = state.netState as { readonly made: Tensor }
        given.push([record.position.iteration, made.item()])
      },
      close: async () => undefined,
    }
    await fit({ ...base, recorder })
    expect(given).toEqual([70, 140, 210, 280, 350, 420].map((at) => [at, at]))
  })

  it('are given up with the loop over their events', async () => {
    let last = 0
    for await (const event of fitEvents(base)) {
      if (event.type !== 'iteration') continue
      last = event.iteration
      if (last === 123) break
    }
    expect(last).toBe(123)
  })
})
