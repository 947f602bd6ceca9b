import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, runExample } from './example.ts'

/** Where what was made of the sources, and of what an example needs of them, is kept. */
const CACHE = join(ROOT, 'examples/node_modules/.cache/examples')

async function kept(name: string): Promise<string[]> {
  const folders = (await readdir(CACHE)).filter((folder) => !folder.includes('.'))
  const paths = folders.map((folder) => join(CACHE, folder, name))
  const there = await Promise.all(paths.map((path) => stat(path).then(Boolean, () => false)))
  return paths.filter((_, at) => there[at])
}

test('what the engine compiled of an example is kept; what it does not know any more is made anew', async () => {
  const { code, stdout } = await runExample(['derivative'])
  expect(code).toBe(0)
  const [path = ''] = await kept('derivative.compiled')
  const { length } = await readFile(path)
  for (const damaged of [
    new Uint8Array(),
    new Uint8Array(500).fill(7),
    (await readFile(path)).subarray(0, length >> 1),
  ]) {
    await writeFile(path, damaged)
    expect(await runExample(['derivative'])).toMatchObject({ code: 0, stdout, stderr: '' })
    expect((await readFile(path)).length).toBeGreaterThan(length / 2)
  }
})

test('nothing is kept of examples that end with an error', async () => {
  expect((await runExample(['derivativ'])).code).toBe(1)
  expect(await kept('derivativ.compiled')).toEqual([])
})
