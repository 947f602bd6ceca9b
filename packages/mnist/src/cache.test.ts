import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { cacheFolder, writeAtomically } from './cache.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cotangent-cache-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('writes into folders that are not there yet, and over an older file', async () => {
  const path = join(folder, 'a', 'b', 'digits')
  await writeAtomically(path, Uint8Array.of(1, 2, 3))
  await writeAtomically(path, Uint8Array.of(4))
  expect([...(await readFile(path))]).toEqual([4])
  expect(await readdir(join(folder, 'a', 'b'))).toEqual(['digits'])
})

it('leaves nothing behind where it cannot write', async () => {
  await mkdir(join(folder, 'digits', 'full'), { recursive: true })
  await expect(writeAtomically(join(folder, 'digits'), Uint8Array.of(1))).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['digits'])
})

it('says why a folder cannot be made', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(writeAtomically(join(folder, 'file', 'digits'), Uint8Array.of(1))).rejects.toThrow(/EEXIST|ENOTDIR/)
})

it('keeps downloads in a folder of the user', () => {
  expect(cacheFolder()).toMatch(/cotangent.*mnist$/)
})
