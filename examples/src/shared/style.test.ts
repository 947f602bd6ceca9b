import { expect, it } from 'vitest'
import { paintedFor } from './style.ts'
import { terminal } from './testing/terminal.ts'

it.each([
  [true, true, '\u001b[1mtitle\u001b[22m'],
  // As with NO_COLOR.
  [true, false, 'title'],
  [false, true, 'title'],
])('on a terminal: %s, with colours: %s', (isTTY, colors, text) => {
  expect(paintedFor(terminal({ columns: 80, isTTY, colors }).stream, 'bold', 'title')).toBe(text)
})
