import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { secondsIn } from './metrics.ts'

let folder: string
const path = () => join(folder, 'metrics.jsonl')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cotangent-metrics-'))
})

afterEach(() => rm(folder, { recursive: true }))

const line = (iteration: number, seconds?: number) =>
  `${JSON.stringify({ type: 'iteration', iteration, loss: 0.5, seconds })}\n`
const lines = (from: number, to: number, secondsOf: (iteration: number) => number | undefined) =>
  Array.from({ length: to - from }, (_, at) => line(from + at, secondsOf(from + at))).join('')

test.each([
  ['few lines', lines(1, 4, (iteration) => iteration / 8), 3 / 8],
  ['thousands', lines(1, 5000, (iteration) => iteration / 8), 4999 / 8],
  ['many behind them that were written anew, without their time', line(1, 2.5) + lines(2, 500, () => undefined), 2.5],
  ['a last one that a killed program did not finish', `${line(1, 2.5)}{"type":"iteration","iterat`, 2.5],
  ['none with a time', lines(1, 500, () => undefined), null],
  ['none at all', '', null],
])('the time of the last line is found: %s', async (_, text, seconds) => {
  await writeFile(path(), text)
  expect(await secondsIn(path())).toBe(seconds)
})

test('where there is no file there is no time', async () => {
  expect(await secondsIn(path())).toBeNull()
})
