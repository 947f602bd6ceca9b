import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT, START } from './example.ts'

/** A folder in which examples are started as in the project's, with what is kept for that in a place of its own. */
let folder: string
const cache = () => join(folder, 'examples/node_modules/.cache/examples')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cotangent-start-'))
  await mkdir(join(folder, 'examples/node_modules'), { recursive: true })
  await cp(join(ROOT, 'examples/run.cjs'), join(folder, 'examples/run.cjs'))
  for (const path of ['packages', 'pnpm-lock.yaml', 'examples/src', 'examples/node_modules/esbuild']) {
    await symlink(join(ROOT, path), join(folder, path))
  }
})
afterAll(() => rm(folder, { recursive: true }))

function start(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...START, ...args], { cwd: folder, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** The paths of what is kept, by the ends of their names. */
async function kept(end: string): Promise<string[]> {
  const files = await readdir(cache(), { recursive: true })
  return files.filter((file) => file.endsWith(end)).map((file) => join(cache(), file))
}

test('what the engine compiled of an example is kept, and made anew where it is damaged', async () => {
  const first = start('derivative')
  expect(first).toMatchObject({ status: 0, stderr: '' })
  const [path = ''] = await kept('.compiled')
  expect(path).toMatch(/derivative-v[0-9.]+\.compiled$/)
  const whole = await readFile(path)
  const flipped = whole.map((byte, at) => (at > whole.length / 2 && at < whole.length / 2 + 64 ? byte ^ 0xff : byte))
  const withoutEnd = whole.map((byte, at) => (at > whole.length / 2 ? 0 : byte))
  for (const damaged of [new Uint8Array(), whole.subarray(0, 20), whole.subarray(0, 5000), flipped, withoutEnd]) {
    await writeFile(path, damaged)
    expect(start('derivative')).toEqual(first)
    expect((await readFile(path)).length).toBeGreaterThan(5000)
  }
  await rm(path)
  await mkdir(path)
  expect(start('derivative')).toEqual(first)
})

test('nothing is kept of examples that end with an error', async () => {
  expect(start('derivativ').status).toBe(1)
  expect((await kept('.compiled')).filter((path) => path.includes('derivativ-'))).toEqual([])
})

test('where the bundle is missing it is made again; where it cannot be kept, one sentence says so', async () => {
  const [bundle = ''] = await kept('main.cjs')
  await rm(bundle)
  expect(start('derivative')).toMatchObject({ status: 0, stderr: '' })
  await rm(join(folder, 'examples/node_modules/.cache'), { recursive: true })
  await writeFile(join(folder, 'examples/node_modules/.cache'), '')
  const { status, stderr } = start('derivative')
  expect(status).toBe(1)
  expect(stderr).toMatch(/^error: the examples cannot be started: .*\.cache.*\n$/)
})
