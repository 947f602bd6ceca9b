import { ones, randomKey, ValueError } from '@cotangent/core'
import { describe, expect, test } from 'vitest'
import { chain, input } from '../net.ts'
import * as layer from './index.ts'

const net = chain(input([2000]), layer.dropout(0.3), layer.dropout(0.3))
const x = ones([1, 2000])
const trained = (seed: number) => [...net.apply({}, {}, x, { training: true, key: randomKey(seed) })[0].data]

test('drops by the key: the same for the same key, others for another, others in each layer', () => {
  expect(trained(1)).toEqual(trained(1))
  expect(trained(1)).not.toEqual(trained(2))
  // The two layers drop independently of each other: 0.7² of the elements survive, each scaled by 1 / 0.7².
  const kept = trained(1).filter((value) => value !== 0)
  expect(kept.length / 2000).toBeCloseTo(0.49, 1)
  for (const value of kept) expect(value).toBeCloseTo(1 / 0.49, 5)
})

test('hands its input through in inference, and at rate 0 without a key', () => {
  expect(net.predict({}, {}, x).data).toEqual(x.data)
  const none = chain(input([2000]), layer.dropout(0))
  expect(none.apply({}, {}, x, { training: true })[0].data).toEqual(x.data)
})

describe('without a key in training', () => {
  const sentence =
    'dropout: draws random numbers, so the net needs a random key here; pass { training: true, key: randomKey(seed) }, another key each step'

  test.each([
    ['in a net', net],
    ['in a residual in a net in a net', chain(input([2000]), chain(input([2000]), layer.residual(layer.dropout(0.5))))],
    ['in a branch', chain(input([2000]), layer.branches('add', [], [layer.dropout(0.5)]))],
  ])('%s is refused by its name', (_, one) => {
    expect(() => one.apply({}, {}, x, { training: true })).toThrow(new ValueError(sentence))
  })
})

test.each([-0.1, 1, 2, Number.NaN])('refuses the rate %d', (rate) => {
  expect(() => layer.dropout(rate)).toThrow(
    new ValueError(`dropout: rate is ${JSON.stringify(rate)}; give a number from 0 up to, not including, 1`),
  )
})
