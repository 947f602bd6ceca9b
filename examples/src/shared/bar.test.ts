import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { barText, openBar, paceMeter } from './bar.ts'
import { terminal } from './testing/terminal.ts'

describe('barText', () => {
  const progress = { done: 1234, total: 10_000, details: ['loss 0.3012', 'test 95.12%'] }

  it.each([
    [117, '[████░░░░░░░░░░░░░░░░░░░░░░░░░░] 1,234/10,000  loss 0.3012  test 95.12%  123/s  1:12 left'],
    [77, '[██░░░░░░░░░░░░░░░░] 1,234/10,000  loss 0.3012  test 95.12%  123/s  1:12 left'],
    [57, '[██░░░░░░░░░░░░░░░░] 1,234/10,000  loss 0.3012  1:12 left'],
    [37, '1,234/10,000  loss 0.3012  1:12 left'],
    [32, '[█░░░░░] 1,234/10,000  1:12 left'],
    [20, '1,234/10,000  1:12 l'],
  ])('in %i columns shows what is most important', (width, line) => {
    expect(barText(progress, 123.4, width)).toBe(line)
  })

  it('knows no pace before the first piece of work, and nothing left after the last', () => {
    expect(barText({ done: 0, total: 10, details: [] }, undefined, 20)).toBe('[░░░░░░░░░░░░░] 0/10')
    expect(barText({ done: 10, total: 10, details: [] }, 0.4, 30)).toBe('[██████████] 10/10  2.5 s each')
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

describe('paceMeter', () => {
  it('counts from the end of the first piece of work, wherever that stands', () => {
    const pace = paceMeter()
    expect([pace(500, 0), pace(500, 1), pace(501, 2), pace(501, 2.5)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect([pace(503, 3), pace(521, 4)]).toEqual([2, 10])
  })
})

describe('openBar', () => {
  it.each([
    [{ CI: 'true' }, true, false],
    [{ CI: 'false' }, true, true],
    [{ TERM: 'dumb' }, true, false],
    [{}, true, true],
    [{}, false, false],
  ])('with %j, on a terminal: %s, there is a bar: %s', (env, isTTY, drawn) => {
    expect(openBar(terminal({ columns: 80, isTTY }).stream, env) !== undefined).toBe(drawn)
  })

  it.each([40, 60, 80, 120])('keeps to one line of %i columns, and takes it away', (columns) => {
    const { stream, written } = terminal({ columns, isTTY: true })
    const bar = openBar(stream, {})
    for (const done of [0, 1, 60, 61]) bar?.draw({ done, total: 61, details: ['loss 0.3012', 'test 95.12%'] })
    bar?.hide()
    // Each drawing begins with moving to the first column.
    const drawings = plain(written()).split('\r')
    expect(drawings.some((line) => line.includes('0/61'))).toBe(true)
    for (const line of drawings) expect(line.length).toBeLessThanOrEqual(columns - 3)
    expect(written()).not.toContain('\n')
    expect(drawings.at(-1)).toBe('')
  })
})

/** What a terminal shows of a text, moves to the first column as `\r`. */
const plain = (text: string): string => stripVTControlCharacters(text.replaceAll('\u001b[1G', '\r'))
