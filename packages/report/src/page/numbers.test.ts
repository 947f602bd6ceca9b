import { expect, test } from 'vitest'
import { durationText, percentText, shortText, tickText } from './numbers.ts'

test.each([
  [0, '0'],
  [0.12345, '0.123'],
  [-1234.5, '−1230'],
  [0.00012, '1.2·10⁻⁴'],
  [-250_000, '−2.5·10⁵'],
  [Number.NaN, 'NaN'],
])('%d as %s', (value, text) => expect(shortText(value)).toBe(text))

test('ticks close together are told apart', () => {
  expect([1000.2, 1000.4].map(tickText(1000, 1001))).toEqual(['1000.2', '1000.4'])
  expect([0, 0.5].map(tickText(0, 1))).toEqual(['0', '0.5'])
})

test('shares in percent', () => expect([percentText(0.97471), percentText(0.5, 0)]).toEqual(['97.47 %', '50 %']))

test('durations', () => expect([6.04, 75, 3725].map(durationText)).toEqual(['6.0 s', '1 min 15 s', '1 h 2 min']))
