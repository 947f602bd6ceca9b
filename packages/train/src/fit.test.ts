import { arange, CotangentError, ones, type Tensor, tensor, zeros } from '@cotangent/core'
import { add, matmul, mul, sum } from '@cotangent/ops'
import { describe, expect, it } from 'vitest'
import { sgd } from './descent.ts'
import { fit } from './fit.ts'
import { accuracy } from './metrics.ts'
import type { FitOptions } from './options.ts'
import {
  base,
  bits,
  classes,
  collect,
  type Data,
  data,
  type NetState,
  type Params,
  scoresOf,
} from './testing/classifier.ts'

/** The indices of each batch that the loss saw. */
async function batchesSeen(options: Partial<FitOptions<Params, NetState, Data>>): Promise<number[][]> {
  const seen: number[][] = []
  await fit({
    ...base,
    ...options,
    // A compiled step is traced once: only here does the loss see every batch.
    engine: 'reference',
    loss: (params, netState, batch, key) => {
      seen.push([...batch.index.data])
      expect([...batch.labels.data]).toEqual([...batch.index.data].map((at) => classes[at]))
      expect(batch.images.dtype).toBe('uint8')
      return base.loss(params, netState, batch, key)
    },
  })
  return seen
}

describe('fit', () => {
  it('trains alike on both engines', async () => {
    const [compiled, reference] = await Promise.all(
      (['compiled', 'reference'] as const).map((engine) => fit({ ...base, engine })),
    )
    const losses = (end: typeof compiled) => end!.record.history.flatMap((epoch) => epoch.losses)
    losses(compiled).forEach((loss, at) => {
      expect(loss).toBeCloseTo(losses(reference)[at]!, 5)
    })
    expect(compiled!.record.best?.accuracy).toBe(reference!.record.best?.accuracy)
  })

  it('walks thousands of samples in the same order on both engines', async () => {
    const [compiled, reference] = await Promise.all(
      (['compiled', 'reference'] as const).map(async (engine) => {
        const { record } = await fit({
          // Of whole numbers, whose sums are exact: it tells which samples a batch has.
          loss: ({ w }, netState, { x }) => [mul(w, sum(x)), netState],
          optimizer: sgd({ learningRate: 1e-30 }),
          params: { w: ones([]) },
          data: { x: tensor(Float32Array.from({ length: 12_000 }, (_, at) => at % 997)) },
          batchSize: 1000,
          epochs: 3,
          engine,
        })
        return record.history.map(({ losses }) => losses)
      }),
    )
    expect(compiled).toEqual(reference)
    expect(new Set(compiled!.map((losses) => losses.join())).size).toBe(3)
  })

  it.each(['compiled', 'reference'] as const)('learns, %s', async (engine) => {
    const { record } = await fit({ ...base, engine, epochs: 40 })
    expect(record.best?.accuracy).toBeGreaterThan(0.95)
    expect(record.history[39]!.losses[0]).toBeLessThan(record.history[0]!.losses[0]! / 3)
  })

  it('walks all samples once an epoch, each in its own order, the last batch smaller', async () => {
    const seen = await batchesSeen({ epochs: 3 })
    expect(seen.map((batch) => batch.length)).toEqual([5, 5, 5, 5, 3, 5, 5, 5, 5, 3, 5, 5, 5, 5, 3])
    const orders = [0, 1, 2].map((epoch) => seen.slice(5 * epoch, 5 * epoch + 5).flat())
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual([...data.index.data])
    expect(new Set(orders.map(String)).size).toBe(3)
    expect(await batchesSeen({ epochs: 1 })).toEqual(seen.slice(0, 5))
    expect(await batchesSeen({ epochs: 1, seed: 8 })).not.toEqual(seen.slice(0, 5))
  })

  it('tells of every iteration and every epoch, and of the end', async () => {
    const told: string[] = []
    const { events, end, epochs } = await collect(base)
    await fit({ ...base, onEvent: async ({ type }) => void told.push(type) })
    expect(told).toEqual(events.map(({ type }) => type))
    const epoch = [...new Array<string>(5).fill('iteration'), 'epoch']
    expect(told).toEqual([...epoch, ...epoch, ...epoch, 'end'])
    expect(events.flatMap((event) => (event.type === 'iteration' ? [[event.iteration, event.epoch]] : []))).toEqual(
      Array.from({ length: 15 }, (_, at) => [at + 1, Math.floor(at / 5) + 1]),
    )
    expect(epochs.map(({ epoch, iteration, iterations }) => [epoch, iteration, iterations])).toEqual([
      [1, 5, 15],
      [2, 10, 15],
      [3, 15, 15],
    ])
    const losses = events.flatMap((event) => (event.type === 'iteration' ? [event.loss] : []))
    expect(end.reason).toBe('complete')
    expect(end.record.history.flatMap((one) => one.losses)).toEqual(losses)
    expect(epochs[1]!.meanLoss).toBeCloseTo(losses.slice(5, 10).reduce((a, b) => a + b) / 5, 14)
    expect(end.state.slots.step.item()).toBe(15)
    expect(end.state.netState.mean.item()).toBeCloseTo(1 - 0.9 ** 15, 6)
  })

  it('measures the accuracies over all samples, whatever the batches are', async () => {
    const { epochs, end } = await collect(base)
    for (const event of epochs) {
      const expected = accuracy(scoresOf(event.state.params, data.images), data.labels).item()
      expect(event.trainAccuracy).toBeCloseTo(expected, 6)
      expect(event.testAccuracy).toBeCloseTo(expected, 6)
    }
    expect(end.record.history.map((one) => one.testAccuracy)).toEqual(epochs.map((one) => one.testAccuracy))
    const none = await fit({ ...base, evaluation: { accuracy: () => tensor(1) }, epochs: 1 })
    expect(none.record.history[0]).toMatchObject({ trainAccuracy: null, testAccuracy: null })
    expect(none.record.best).toBeNull()
  })

  it('counts in iterations as well, and evaluates at the end of the last part of an epoch', async () => {
    const { end, epochs } = await collect({ ...base, epochs: undefined, iterations: 7 })
    expect(epochs.map(({ epoch, iteration }) => [epoch, iteration])).toEqual([
      [1, 5],
      [2, 7],
    ])
    expect(end.record.position).toMatchObject({ iteration: 7, epoch: 1, count: 23, batchSize: 5 })
    const whole = await collect(base)
    const longer = await collect({ ...base, resume: end })
    expect(bits(longer.end.state)).toEqual(bits(whole.end.state))
    expect(longer.end.record.history).toEqual(whole.end.record.history)
  })

  it('gives the same bits for the same seed, others for another', async () => {
    const [one, two, other] = [await fit(base), await fit(base), await fit({ ...base, seed: 8 })]
    expect(bits(one.state)).toEqual(bits(two.state))
    expect(one.record).toEqual(two.record)
    expect(bits(one.state.params)).not.toEqual(bits(other.state.params))
  })

  it('trains a net without state', async () => {
    const { state } = await fit({
      loss: ({ w }: { w: Tensor }, none: object, { x }: { x: Tensor }) =>
        [mul(add(w, -1), matmul(x, x)), none] as const,
      optimizer: sgd({ learningRate: 0.01 }),
      params: { w: tensor([[0]]) },
      data: { x: tensor([[1]]) },
      batchSize: 1,
      iterations: 2,
    })
    expect(state.netState).toEqual({})
    expect(state.params.w.item()).toBeCloseTo(-0.02, 7)
  })
})

describe('bad options', () => {
  const cases: readonly [options: Partial<FitOptions<Params, NetState, Data>>, message: string][] = [
    [{ batchSize: 0 }, 'fit: batchSize is 0; give a whole number from 1 up'],
    [{ batchSize: 24 }, 'fit: a batch of 24 takes more than the 23 samples there are; choose a smaller batchSize'],
    [{ epochs: -1 }, 'fit: epochs is -1; give a whole number from 1 up'],
    [{ epochs: undefined }, 'fit: got neither epochs nor iterations; give one of them'],
    [{ iterations: 5 }, 'fit: got both epochs and iterations; give one of them'],
    [{ epochs: undefined, iterations: 1.5 }, 'fit: iterations is 1.5'],
    [{ snapshotEvery: 0 }, 'fit: snapshotEvery is 0'],
    [{ seed: -1 }, 'randomKey: the seed -1'],
    [{ evaluation: { ...base.evaluation!, batchSize: Number.NaN } }, 'fit: evaluation.batchSize is NaN'],
    [{ data: { ...data, labels: arange(22) } }, 'fit: data holds tensors of shapes [23, 2] and [22]'],
    [
      { evaluation: { ...base.evaluation!, test: { ...data, index: arange(3) } } },
      'fit: evaluation.test holds tensors of shapes [23, 2] and [3]',
    ],
  ]
  it.each(cases.map(([options, message]) => ({ options, message })))('$message', async ({ options, message }) => {
    const run = fit({ ...base, ...options })
    await expect(run).rejects.toThrow(message)
    await expect(run).rejects.toBeInstanceOf(CotangentError)
  })

  it('data without samples or tensors are refused', async () => {
    const run = (empty: object) =>
      fit({
        loss: (p: Tensor, s: object, _: object) => [p, s] as const,
        optimizer: sgd(),
        params: tensor(1),
        data: empty,
        batchSize: 1,
        epochs: 1,
      })
    await expect(run({})).rejects.toThrow('fit: data holds no tensors; pass images and labels')
    await expect(run({ x: zeros([0, 2]) })).rejects.toThrow('fit: data holds no samples')
    await expect(run({ x: tensor(1) })).rejects.toThrow('fit: data holds a scalar')
  })

  it('a record of another walk is refused', async () => {
    const resume = await fit({ ...base, epochs: 1 })
    await expect(fit({ ...base, resume, batchSize: 4 })).rejects.toThrow(
      'fit: the record is of 23 samples in batches of 5, not of 23 in batches of 4; resume with the same data and batchSize',
    )
  })
})
