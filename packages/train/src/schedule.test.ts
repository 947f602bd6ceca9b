import { Tensor, type TensorLike, tensor, ValueError } from '@cotangent/core'
import { describe, expect, it } from 'vitest'
import { constant, cosine, type Schedule, step, warmUp } from './schedule.ts'

const number = (rate: TensorLike): number => (rate instanceof Tensor ? rate.item() : rate)
const at = (schedule: Schedule, now: number): number => number(schedule(tensor(now, { dtype: 'int32' })))

describe('schedules', () => {
  it('constant stays', () => {
    expect([0, 1, 1e6].map((now) => at(constant(0.25), now))).toEqual([0.25, 0.25, 0.25])
  })

  it('step changes exactly at its steps', () => {
    const schedule = step({ initial: 0.8, factor: 0.5, at: [3, 10] })
    expect([0, 2, 3, 9, 10, 1000].map((now) => at(schedule, now))).toEqual([0.8, 0.8, 0.4, 0.4, 0.2, 0.2])
    expect(at(step({ initial: 1, at: [1] }), 1)).toBeCloseTo(0.1, 15)
    expect(at(step({ initial: 0.3, at: [] }), 7)).toBe(0.3)
  })

  it('cosine goes from the initial to the final rate and stays there', () => {
    const schedule = cosine({ initial: 1, final: 0.2, steps: 100 })
    expect(at(schedule, 0)).toBeCloseTo(1, 15)
    expect(at(schedule, 50)).toBeCloseTo(0.6, 15)
    expect(at(schedule, 25)).toBeCloseTo(0.6 + 0.4 * Math.SQRT1_2, 15)
    expect(at(schedule, 100)).toBeCloseTo(0.2, 15)
    expect(at(schedule, 5000)).toBeCloseTo(0.2, 15)
    expect(at(cosine({ initial: 1, steps: 10 }), 10)).toBeCloseTo(0, 15)
  })

  it('warm-up rises to what comes after, which counts from its end', () => {
    const schedule = warmUp({ steps: 4, after: step({ initial: 1, factor: 0.5, at: [2] }) })
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((now) => at(schedule, now))).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0.5])
    expect([0, 1, 2].map((now) => at(warmUp({ steps: 2, after: 0.5 }), now))).toEqual([0.25, 0.5, 0.5])
    const smooth = warmUp({ steps: 10, after: cosine({ initial: 1, steps: 100 }) })
    expect(at(smooth, 60)).toBeCloseTo(0.5, 15)
  })

  it('tells steps apart that float32 cannot', () => {
    const far = 2 ** 25
    const schedule = step({ initial: 1, factor: 0.5, at: [far + 1] })
    expect([at(schedule, far), at(schedule, far + 1)]).toEqual([1, 0.5])
    const rise = warmUp({ steps: far + 3, after: 1 })
    expect(at(rise, far + 1)).toBeLessThan(at(rise, far + 2))
  })

  it('refuses what is no schedule', () => {
    expect(() => constant(-1)).toThrow(ValueError)
    expect(() => step({ initial: 1, at: [5, 5] })).toThrow(
      'schedule.step: 5 comes after 5 in at; give steps in rising order',
    )
    expect(() => step({ initial: 1, at: [1.5] })).toThrow('schedule.step: at[0] is 1.5; give a whole number from 1 up')
    expect(() => step({ initial: 1, factor: -1, at: [] })).toThrow('factor is -1')
    expect(() => cosine({ initial: 1, steps: 0 })).toThrow('schedule.cosine: steps is 0')
    expect(() => cosine({ initial: 1, final: Number.NaN, steps: 1 })).toThrow('final is NaN')
    expect(() => warmUp({ steps: -1, after: 1 })).toThrow('schedule.warmUp: steps is -1')
    expect(() => warmUp({ steps: 1, after: -1 })).toThrow(ValueError)
  })
})
