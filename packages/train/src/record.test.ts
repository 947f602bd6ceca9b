import { tensor, zeros } from '@cotangent/core'
import { describe, expect, it } from 'vitest'
import { fit } from './fit.ts'
import { base, bits, collect, count, data } from './testing/classifier.ts'

describe('the record', () => {
  it('is frozen through and through', async () => {
    const { record } = await fit({ ...base, snapshotEvery: 1 })
    const check = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null || 'dtype' in value) return
      expect(Object.isFrozen(value), path).toBe(true)
      for (const [key, inner] of Object.entries(value)) check(inner, `${path}.${key}`)
    }
    check(record, 'record')
    expect(() => Object.assign(record.position, { epoch: 9 })).toThrow(TypeError)
  })

  it('freezes nothing of the caller', async () => {
    const netState = { mean: zeros([]) }
    const { record } = await fit({ ...base, netState, loss: (...args) => [base.loss(...args)[0], netState] })
    expect(record.best?.state.netState).toEqual(netState)
    expect(Object.isFrozen(netState)).toBe(false)
  })

  it('shares with the record before what an epoch did not change', async () => {
    const { epochs } = await collect({ ...base, snapshotEvery: 1 })
    const [first, second] = epochs.map((event) => event.record)
    expect(second).not.toBe(first)
    expect(first!.history).toHaveLength(1)
    expect(second!.history[0]).toBe(first!.history[0])
    expect(second!.snapshots[0]).toBe(first!.snapshots[0])
    expect(second!.position.orderKey).toBe(first!.position.orderKey)
    expect(first!.snapshots[0]!.state.params.w).toBe(epochs[0]!.state.params.w)
  })

  it('keeps the best state, the first of equal ones, and snapshots when asked to', async () => {
    const given = [0.5, 0.75, 0.75, 0.25]
    let at = 0
    const { end, epochs } = await collect({
      ...base,
      engine: 'reference',
      epochs: 4,
      snapshotEvery: 2,
      evaluation: { accuracy: () => tensor(given[at++]!), test: data, batchSize: count },
    })
    expect(end.record.best).toMatchObject({ epoch: 2, iteration: 10, accuracy: 0.75 })
    expect(bits(end.record.best!.state)).toEqual(bits(epochs[1]!.state))
    expect(end.record.snapshots.map(({ epoch, iteration }) => [epoch, iteration])).toEqual([
      [2, 10],
      [4, 20],
    ])
  })
})
