import { expect, it } from 'vitest'
import { barsText, sparkline } from './sparkline.ts'
import { clockText, durationText, lossText, percentText, plural, rateText } from './text.ts'

it.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [94, '1 min 34 s'],
  [3599.7, '1 h 0 min'],
  [3_725, '1 h 2 min'],
  [7_200_000, '2,000 h 0 min'],
])('%f seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text)
})

it.each([
  [2.25, '2.2500'],
  [25.04, '25.040'],
  [999.4, '999.40'],
  [2.3e24, '2.3e+24'],
])('a loss of %f is %s', (loss, text) => {
  expect(lossText(loss)).toBe(text)
})

it.each([
  [0.2, '0:01'],
  [59.5, '1:00'],
  [3599, '59:59'],
  [3905, '1:05:05'],
])('%f seconds are %s on a clock', (seconds, text) => {
  expect(clockText(seconds)).toBe(text)
})

it.each([
  [1302.4, '1,302/s'],
  [9.96, '10/s'],
  [4.78, '4.8/s'],
  [0.4, '2.5 s each'],
])('%f in a second are %s', (rate, text) => {
  expect(rateText(rate)).toBe(text)
})

it('shares are percentages, and what was not measured is a dash', () => {
  expect([percentText(0.97061), percentText(1), percentText(0), percentText(null)]).toEqual([
    '97.06%',
    '100.00%',
    '0.00%',
    '-',
  ])
})

it('nouns are counted', () => {
  expect([plural(1, 'image'), plural(60_000, 'image')]).toEqual(['1 image', '60,000 images'])
})

it('heights become blocks, from nothing to the top', () => {
  expect(barsText([0, 1, 2, 4])).toBe('▁▃▅█')
  expect(barsText([0, 0])).toBe('▁▁')
  expect(barsText([1, 3, -1], 2)).toBe('▅█▁')
})

it('a curve is averaged into as many blocks as there is room for', () => {
  expect(sparkline([4, 4, 2, 2, 0, 0], 3)).toBe('█▅▁')
  expect(sparkline([1, 2], 30, 2)).toBe('▅█')
})
