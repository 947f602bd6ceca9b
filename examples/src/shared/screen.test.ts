import { describe, expect, it } from 'vitest'
import { wrapText } from './screen.ts'

describe('wrapText', () => {
  it.each([
    ['short', 'short'],
    ['twenty characters ok', 'twenty characters ok'],
    ['a line that is broken between words', 'a line that is\nbroken between words'],
    ['  pnpm example two-layer', '  pnpm example two-layer'],
    ['ThisWordIsLongerThanTheLine', 'ThisWordIsLongerThanTheLine'],
  ])('%s', (line, wrapped) => {
    expect(wrapText(line, 20)).toBe(wrapped)
  })
})
