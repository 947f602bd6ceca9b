/** Engines that lack something: the same bits on one thread where threads cannot be had, a clear error where SIMD is missing. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { trainTwoLayerNet } from './training.ts'

const folder = mkdtempSync(join(tmpdir(), 'cotangent-engines-'))
const program = join(folder, 'program.mjs')
let expected: string

beforeAll(async () => {
  const entryPoints = [fileURLToPath(new URL('program.ts', import.meta.url))]
  await build({ entryPoints, bundle: true, format: 'esm', platform: 'node', outfile: program })
  expected = JSON.stringify(await trainTwoLayerNet({ threads: 1 }))
})

afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the program in an engine started with these flags; `threads` is empty for the default. */
function run(flags: readonly string[], threads = '') {
  const env = { ...process.env, COTANGENT_THREADS: threads }
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, program], { env, encoding: 'utf8' })
  return { result: stdout.trim(), stderr, status }
}

const WITHOUT_SHARED_MEMORY = ['--import', 'data:text/javascript,delete globalThis.SharedArrayBuffer']

describe('threads', () => {
  test.skipIf(availableParallelism() < 2)('all of them give the bits of one', () => {
    expect(run([], '2')).toEqual({ result: expected, stderr: '', status: 0 })
  })

  test('without shared memory there is one, and the same bits', () => {
    expect(run(WITHOUT_SHARED_MEMORY)).toEqual({ result: expected, stderr: '', status: 0 })
  })

  test.skipIf(availableParallelism() < 2)('asked for without shared memory, they are refused', () => {
    const { stderr, status } = run(WITHOUT_SHARED_MEMORY, '2')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^ValueError: compile: threads is 2, but threads cannot share memory here; give 1, or .*\n$/)
  })

  test.skipIf(availableParallelism() < 2)(
    'refused by the permissions of the process, there is one, which is said once',
    () => {
      const permission = process.allowedNodeEnvironmentFlags.has('--permission')
        ? '--permission'
        : '--experimental-permission'
      const { result, stderr, status } = run([permission, '--allow-fs-read=*', '--no-warnings'], '2')
      expect(status).toBe(0)
      expect(result).toBe(expected)
      expect(stderr).toMatch(/^compile: worker threads are refused here \(.*\); programs run on one thread\n$/)
    },
  )
})

test('an engine without WebAssembly, and so without its SIMD, is refused in a sentence', () => {
  const { stderr, status } = run(['--jitless'])
  expect(status).toBe(1)
  expect(stderr).toContain(
    'EngineError: compile: this JavaScript engine has no WebAssembly with SIMD; use a newer one, or ',
  )
  expect(stderr).not.toContain('    at ')
})
