import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { callSiteOf, captureStack } from './callSite.ts'

/** The folder that holds the packages. */
const PACKAGES = fileURLToPath(new URL('../../../', import.meta.url))

function siteIn(...frames: readonly string[]) {
  const error = new Error('x')
  error.stack = ['Error: x', ...frames].join('\n')
  return callSiteOf(error)
}

test('finds this line', () => {
  const site = callSiteOf(captureStack()) // here
  const file = fileURLToPath(import.meta.url)
  const lines = readFileSync(file, 'utf8').split('\n')
  expect(site).toMatchObject({ file, line: lines.findIndex((line) => line.endsWith('// here')) + 1 })
})

test.each([
  ['sources in the workspace', `    at bind (${PACKAGES}core/src/trace.ts:48:3)`],
  ['a file URL', `    at bind (file://${PACKAGES}ops/src/log.ts:48:3)`],
  ['built packages in the workspace', `    at Object.log (file://${PACKAGES}ops/dist/elementwise/log.js:48:3)`],
  ['installed packages', '    at bind (file:///home/me/app/node_modules/@cotangent/core/dist/trace.js:48:3)'],
  [
    'packages installed by pnpm',
    '    at log (/app/node_modules/.pnpm/@cotangent+ops@0.1.0/node_modules/@cotangent/ops/dist/log.js:1:2)',
  ],
  ['packages installed on Windows', '    at log (C:\\app\\node_modules\\@cotangent\\ops\\dist\\log.js:1:2)'],
  ['node internals', '    at node:internal/main/run_main_module:28:49'],
  ['places without a file', '    at Array.map (<anonymous>)'],
])('passes over %s', (_, frame) => {
  expect(siteIn(frame, '    at train (/home/me/app/net.ts:12:5)')).toEqual({
    file: '/home/me/app/net.ts',
    line: 12,
    column: 5,
  })
  expect(siteIn(frame)).toBeUndefined()
})

test.each([
  ['a plain path', '    at /home/me/net.ts:7:9', '/home/me/net.ts'],
  [
    'a path with spaces and brackets',
    '    at new Net (file:///home/me/my%20nets/net.ts:7:9)',
    '/home/me/my nets/net.ts',
  ],
  ['an asynchronous frame', '    at async main (/home/me/net.ts:7:9)', '/home/me/net.ts'],
  ['Windows', '    at f (D:\\nets\\net.ts:7:9)', 'D:\\nets\\net.ts'],
  ['a page', '    at https://example.org/net.js:7:9', 'https://example.org/net.js'],
  ['Firefox and Safari', 'train@https://example.org/net.js:7:9', 'https://example.org/net.js'],
  [
    'an example beside the packages',
    `    at f (${PACKAGES}../examples/src/net.ts:7:9)`,
    `${PACKAGES}../examples/src/net.ts`,
  ],
  ['a test of these packages', `    at f (${PACKAGES}ops/src/log.test.ts:7:9)`, `${PACKAGES}ops/src/log.test.ts`],
])('reads %s', (_, frame, file) => {
  expect(siteIn(frame)).toEqual({ file, line: 7, column: 9 })
})

test('sees through deep stacks', () => {
  const deep = (depth: number): Error => (depth === 0 ? captureStack() : deep(depth - 1))
  const stack = deep(60).stack!.split('\n')
  expect(stack.length).toBeGreaterThan(55)
})
