import { CotangentError, type Tensor, tensor, zeros } from '@cotangent/core'
import { greater, mul, where } from '@cotangent/ops'
import { describe, expect, it } from 'vitest'
import { sgd } from './descent.ts'
import { DivergenceError } from './divergence.ts'
import type { EngineName } from './engine.ts'
import type { Reached } from './events.ts'
import { fit } from './fit.ts'
import type { FitOptions } from './options.ts'
import { base, bits, collect, type Data, type NetState, type Params } from './testing/classifier.ts'

describe('an aborted run', () => {
  it.each([1, 3, 5, 6, 10, 14, 15])('after iteration %i goes on to the same bits and record', async (last) => {
    const options = { ...base, snapshotEvery: 1 }
    const whole = await fit(options)
    const controller = new AbortController()
    const part = await collect({ ...options, signal: controller.signal }, (event) => {
      if (event.type === 'iteration' && event.iteration === last) controller.abort()
    })
    expect(part.end.reason).toBe('aborted')
    expect(part.end.record.position.iteration).toBe(last)
    expect(part.end.record.history.flatMap((one) => one.losses)).toHaveLength(last)
    // Another seed and other parameters: the record and the state decide.
    const rest = await fit({ ...options, seed: 99, params: { w: zeros([2, 3]), b: zeros([3]) }, resume: part.end })
    expect(rest.reason).toBe('complete')
    expect(bits(rest.state)).toEqual(bits(whole.state))
    expect(rest.record).toEqual(whole.record)
  })

  it('may be aborted in the middle of an evaluation', async () => {
    const controller = new AbortController()
    const { evaluation } = base
    const part = await fit({
      ...base,
      signal: controller.signal,
      evaluation: {
        ...evaluation!,
        accuracy: (params, netState, batch) => {
          controller.abort()
          return evaluation!.accuracy(params, netState, batch)
        },
      },
    })
    expect(part.reason).toBe('aborted')
    expect(part.record.history).toMatchObject([{ epoch: 1, trainAccuracy: null, testAccuracy: null }])
    expect((await fit({ ...base, resume: part })).record).toEqual((await fit(base)).record)
  })

  it('makes no step when aborted before it starts', async () => {
    const { events } = await collect({ ...base, signal: AbortSignal.abort() })
    expect(events.map(({ type }) => type)).toEqual(['end'])
  })

  it('has nothing left to do when it was complete', async () => {
    const whole = await fit(base)
    const { events } = await collect({ ...base, resume: whole })
    expect(events.map(({ type }) => type)).toEqual(['end'])
    expect(events[0]).toMatchObject({ reason: 'complete', record: whole.record })
  })

  it('lets timers have their turn, so that one can abort it', async () => {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), 1)
    const { reason } = await fit({ ...base, epochs: 1e6, signal: controller.signal })
    clearTimeout(timer)
    expect(reason).toBe('aborted')
  })
})

describe('a loss that is NaN or infinite', () => {
  /** The running mean is 1 − 0.9ⁿ after n steps: it passes ½ with the seventh, so that the eighth diverges. */
  const diverging = (value: number, engine: EngineName): FitOptions<Params, NetState, Data> => ({
    ...base,
    engine,
    optimizer: sgd({ learningRate: 0.5 }),
    loss: (params, netState, batch, key) => {
      const [loss, next] = base.loss(params, netState, batch, key)
      return [mul(loss, where(greater(netState.mean, 0.5), value, 1)), next]
    },
  })
  const engines: readonly EngineName[] = ['compiled', 'reference']
  const cases = engines.flatMap((engine) => [Number.NaN, Number.POSITIVE_INFINITY].map((value) => ({ value, engine })))

  it.each(cases)('stops with a named error: $value, $engine', async ({ value, engine }) => {
    const error: unknown = await fit(diverging(value, engine)).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(DivergenceError)
    expect(error).toBeInstanceOf(CotangentError)
    const found = error as DivergenceError
    expect(found.name).toBe('DivergenceError')
    expect(found.message).toBe(
      `fit: the loss became ${value} at iteration 8 (epoch 2); choose a smaller learning rate than 0.5, or clip the gradients`,
    )
    expect(found).toMatchObject({ iteration: 8, epoch: 2, loss: value })
  })

  it.each(engines)('loses nothing: training goes on from before it, %s', async (engine) => {
    const error: unknown = await fit(diverging(Number.NaN, engine)).catch((thrown) => thrown)
    const { state, record } = error as DivergenceError
    expect(record.position.iteration).toBe(7)
    expect(record.history.map((one) => one.losses.length)).toEqual([5, 2])
    expect(state.slots.step.item()).toBe(7)
    const optimizer = sgd({ learningRate: 0.5 })
    // The error does not know the types of what it was thrown from.
    const resume = { state, record } as Reached<Params, NetState>
    const rest = await fit({ ...base, engine, optimizer, resume })
    expect(bits(rest.state)).toEqual(bits((await fit({ ...base, engine, optimizer })).state))
  })

  it('is found in a real divergence', async () => {
    const run = fit({
      loss: ({ w }: { w: Tensor }, none: object, { x }: { x: Tensor }) => [mul(mul(w, w), mul(x, x)), none] as const,
      optimizer: sgd({ learningRate: 1e30 }),
      params: { w: tensor([[1]]) },
      data: { x: tensor([[1]]) },
      batchSize: 1,
      iterations: 50,
    })
    await expect(run).rejects.toThrow(/the loss became (NaN|Infinity) at iteration 2 \(epoch 2\); choose a smaller/)
  })
})
