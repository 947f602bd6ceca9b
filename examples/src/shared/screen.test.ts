import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { barText, wrapText } from './screen.ts'

describe('barText', () => {
  const progress = { done: 1234, total: 10_000, details: ['loss 0.3012', 'test 95.12%'] }

  it.each([
    [77, '[██░░░░░░░░░░░░░░░░░] 1,234/10,000  loss 0.3012  test 95.12%  1 min 11 s left'],
    [60, '[██░░░░░░░░░░░░░] 1,234/10,000  loss 0.3012  1 min 11 s left'],
    [40, '[█░░░░░░░] 1,234/10,000  1 min 11 s left'],
    [20, '1,234/10,000  1 min '],
  ])('in %i columns shows what is most important', (width, line) => {
    expect(barText(progress, 10, width)).toBe(line)
  })

  it('is never wider than it may be, and fills with the work', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.string({ maxLength: 30 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 200 }),
        (total, share, details, width) => {
          const done = Math.round(share * total)
          const line = barText({ done, total, details }, 3.5, width)
          expect(line.length).toBeLessThanOrEqual(width)
          const [full = '', empty = ''] = [line.match(/█/g)?.join(''), line.match(/░/g)?.join('')]
          if (full + empty !== '')
            expect(Math.abs(full.length / (full + empty).length - done / total)).toBeLessThan(0.1)
        },
      ),
      { seed: 20_260_117 },
    )
  })
})

describe('wrapText', () => {
  it.each([
    ['short', 'short'],
    ['twenty characters ok', 'twenty characters ok'],
    ['a line that is broken between words', 'a line that is\nbroken between words'],
    ['ThisWordIsLongerThanTheLine', 'ThisWordIsLongerThanTheLine'],
  ])('%s', (line, wrapped) => {
    expect(wrapText(line, 20)).toBe(wrapped)
  })
})
