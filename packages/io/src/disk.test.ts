import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zeros } from '@cotangent/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder, readBytes, writeAtomically, writeError } from './disk.ts'
import { FileError } from './errors.ts'
import { readSafetensors, writeSafetensors } from './files.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cotangent-disk-'))
})
afterEach(() => rm(folder, { recursive: true }))

const bytes = new TextEncoder().encode('all of it')

it('writes a file, and nothing beside it', async () => {
  await writeAtomically(join(folder, 'a'), bytes)
  expect(await readdir(folder)).toEqual(['a'])
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('all of it')
})

it('overwrites only when told to', async () => {
  const path = join(folder, 'a')
  await writeFile(path, 'before')
  await expect(writeAtomically(path, bytes)).rejects.toThrow(`cannot write ${path}: it is there already`)
  expect(await readFile(path, 'utf8')).toBe('before')
  await writeAtomically(path, bytes, { overwrite: true })
  expect(await readFile(path, 'utf8')).toBe('all of it')
})

it('removes what writes of the same file left long ago, and nothing else', async () => {
  const hour = new Date(Date.now() - 2 * 3_600_000)
  for (const name of ['.a.1.part', '.b.1.part', 'a.part', '.a.2.part']) {
    await writeFile(join(folder, name), '')
    if (name !== '.a.2.part') await utimes(join(folder, name), hour, hour)
  }
  await writeAtomically(join(folder, 'a'), bytes)
  expect(await readdir(folder)).toEqual(['.a.2.part', '.b.1.part', 'a', 'a.part'])
})

it('says in one sentence what is wrong, and leaves nothing', async () => {
  const missing = join(folder, 'none', 'a')
  await expect(writeAtomically(missing, bytes)).rejects.toThrow(
    new FileError(`cannot write ${missing}: its folder does not exist; create it first`),
  )
  await mkdir(join(folder, 'a'))
  await expect(writeAtomically(join(folder, 'a'), bytes, { overwrite: true })).rejects.toThrow(
    `cannot write ${join(folder, 'a')}: it is a folder; choose another name`,
  )
  expect(await readdir(folder)).toEqual(['a'])
  await expect(readBytes(missing)).rejects.toThrow(`cannot read ${missing}: there is no such file; check the name`)
  await expect(readBytes(folder)).rejects.toThrow(`cannot read ${folder}: it is a folder`)
})

it.each([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk is full'],
  ['EROFS', 'the folder is read-only'],
  ['EACCES', 'the folder is read-only'],
])('%s means that %s', (code, meaning) => {
  const error = Object.assign(new Error(`${code}: something`), { code })
  expect(writeError('runs/a', error)).toBeInstanceOf(FileError)
  expect(writeError('runs/a', error).message).toContain(`cannot write runs/a: ${meaning}`)
})

it('names the file in the errors of what it holds', async () => {
  const path = join(folder, 'a.safetensors')
  await writeSafetensors(path, { w: zeros([2]) }, { metadata: { a: 'b' } })
  expect(await readSafetensors(path)).toEqual({ tensors: { w: zeros([2]) }, metadata: { a: 'b' } })
  await writeFile(path, 'not it')
  await expect(readSafetensors(path)).rejects.toThrow(`${path}: 6 bytes are no safetensors file`)
})

it('makes folders in folders, and says where it cannot', async () => {
  const path = join(folder, 'a', 'b', 'c')
  expect(await makeFolder(path)).toEqual([join(folder, 'a'), join(folder, 'a', 'b'), path])
  expect(await makeFolder(path)).toEqual([])
  expect(await readdir(join(folder, 'a', 'b'))).toEqual(['c'])
  await writeFile(join(path, 'file'), '')
  await expect(makeFolder(join(path, 'file'))).rejects.toThrow('a file of this name is there already')
  await expect(makeFolder(join(path, 'file', 'd', 'e'))).rejects.toThrow('what should be its folder is a file')
})

it.runIf(process.platform === 'linux')('says so where no folder can be made at all', async () => {
  await expect(makeFolder('/proc/none/a')).rejects.toThrow(
    new FileError('cannot make the folder /proc/none: its place takes no folders; choose another'),
  )
})
