import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { openProgressBar } from './progress.ts'

it('draws the label, the share and the megabytes on a terminal, and leaves it as it was', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 120 })
  const before = process.listenerCount('SIGINT')
  const bar = openProgressBar('train-images', terminal)
  bar.update(2_400_000, 9_600_000)
  expect(process.listenerCount('SIGINT')).toBe(before)
  bar.close()
  const drawn = drawnOn(terminal)
  expect(drawn).toContain('train-images [██████░░░░░░░░░░░░░░░░░░] 25 %  2.4/9.6 MB')
  // The sequence that turns line wrapping off.
  expect(drawn).not.toContain('\u001b[?7l')
})

it('fills up with what has come where the mirror says no length', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 120 })
  const bar = openProgressBar('labels', terminal)
  bar.update(500_000, undefined)
  bar.close()
  expect(drawnOn(terminal)).toContain('100 %  0.5/0.5 MB')
})

/** All that was written; a single read gives a part of it on newer versions of Node. */
function drawnOn(terminal: PassThrough): string {
  let drawn = ''
  for (let part = terminal.read(); part !== null; part = terminal.read()) drawn += part
  return drawn
}
