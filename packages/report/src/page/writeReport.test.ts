import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CotangentError } from '@cotangent/core'
import { chain, input, layer } from '@cotangent/models'
import { afterAll, expect, test } from 'vitest'
import { describeRun } from './describe.ts'
import { reportPage } from './page.ts'
import { untrained } from './report.fixtures.ts'
import { writeReport } from './writeReport.ts'

const folder = mkdtempSync(join(tmpdir(), 'report-'))
afterAll(() => rmSync(folder, { recursive: true }))
const report = describeRun(untrained(chain(input([4]), layer.dense(3))))

test('writes the page, over an older one', async () => {
  const path = join(folder, 'report.html')
  writeFileSync(path, 'older')
  await writeReport(path, report)
  expect(readFileSync(path, 'utf8')).toBe(reportPage(report))
  expect(readdirSync(folder)).toEqual(['report.html'])
})

test.each([
  [
    'a folder that is not there',
    'missing/report.html',
    /missing.report\.html cannot be written: there is no such folder/,
  ],
  ['a folder', '.', /cannot be written/],
  ['a file as a folder', 'report.html/report.html', /its folder is a file/],
])('says that it cannot write to %s, and leaves nothing', async (_, path, message) => {
  const before = readdirSync(folder)
  const error = await writeReport(join(folder, path), report).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(CotangentError)
  expect((error as Error).message).toMatch(message)
  expect(readdirSync(folder)).toEqual(before)
})
